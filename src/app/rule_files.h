// app/rule_files.h: finds rule files, reads them, and checks them to the last expression.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "rules/rule_set.h"

namespace mamori::app {

/// Where rules stand.
struct RuleSources {
  std::vector<std::string> globs;  // rule_files of a prometheus.yml: what matches nothing is no mistake
  std::vector<std::string> files;  // named on the command line: paths or globs
};

struct LoadedRules {
  std::vector<rules::RuleGroupDefinition> groups;
  std::vector<spec::Diagnostic> diagnostics;
  bool has_errors() const;
  /// Every error, a line each.
  std::string errors() const;
};

/// Errors: NotFound for a file of the command line that is not there; Io.
Result<LoadedRules> load_rules(const RuleSources& sources, const rules::RuleDefaults& defaults);

}  // namespace mamori::app
