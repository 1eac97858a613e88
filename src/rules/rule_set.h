// rules/rule_set.h: recording and alerting rules, ready to be evaluated: expressions and templates parsed, a group's
// defaults and labels filled in. What cannot be used is a finding with its place in the rule file.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "metrics/promql/ast.h"
#include "metrics/promql/parser.h"
#include "rules/template.h"
#include "spec/rule_file.h"

namespace mamori::rules {

enum class RuleKind { Recording, Alerting };

/// Immutable once compiled.
struct Rule {
  RuleKind kind = RuleKind::Recording;
  std::string name;   // of the series, or of the alert
  std::string query;  // as written
  std::shared_ptr<const metrics::promql::Expr> expr;
  TextPairs labels;       // ascending names, the group's included; templates in an alerting rule
  TextPairs annotations;  // ascending names; templates
  std::vector<Template> label_templates, annotation_templates;  // parsed, of an alerting rule
  Nanos hold{0}, keep_firing_for{0};

  /// As Prometheus prints it.
  std::string shown_query() const { return metrics::promql::print(*expr); }
  bool operator==(const Rule& other) const;
};
using RulePtr = std::shared_ptr<const Rule>;

struct RuleGroupDefinition {
  std::string file, name;
  Nanos interval = std::chrono::minutes{1};
  Nanos query_offset{0};
  std::int64_t limit = 0;  // of series or alerts of one rule; 0 and below: none
  std::vector<RulePtr> rules;

  /// "file;name", as Prometheus' metrics call it: unique among all groups.
  std::string key() const { return file + ";" + name; }
  bool operator==(const RuleGroupDefinition& other) const;
};

struct RuleDefaults {
  Nanos interval = std::chrono::minutes{1};  // global.evaluation_interval
  Nanos query_offset{0};                     // global.rule_query_offset
  metrics::promql::Features features;
};

/// The groups of a file; what is wrong with expressions is added to the file's diagnostics, in order of places. A rule
/// with an error is left out.
std::vector<RuleGroupDefinition> compile_rules(spec::RuleFile& file, const RuleDefaults& defaults = {});

/// Rules of the file that have the same name and labels as an earlier one, as warnings.
std::vector<spec::Diagnostic> find_duplicate_rules(const spec::RuleFile& file);

}  // namespace mamori::rules
