// spec/rule_file.h: a rule file of Prometheus (`groups:` of recording and alerting rules) as values. Expressions are
// text here: whoever evaluates them parses them.
// Source: prometheus.io/docs/prometheus/latest/configuration/recording_rules and alerting_rules.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "spec/prometheus_config.h"
#include "spec/spec.h"

namespace mamori::spec {

struct RuleSpec {
  bool alerting = false;
  std::string name;  // of the recorded series, or of the alert
  std::string expr;
  LabelPairs labels, annotations;  // ascending names
  Nanos hold{0};                   // `for`
  Nanos keep_firing_for{0};
  int line = 0, column = 0;            // of the name
  int expr_line = 0, expr_column = 0;  // where the expression's text begins
  // Where it stands does not make a rule another one.
  bool operator==(const RuleSpec& other) const {
    return alerting == other.alerting && name == other.name && expr == other.expr && labels == other.labels &&
           annotations == other.annotations && hold == other.hold && keep_firing_for == other.keep_firing_for;
  }
};

struct RuleGroupSpec {
  std::string file, name;
  Nanos interval{0};  // 0: the global evaluation_interval
  std::optional<Nanos> query_offset;
  std::uint64_t limit = 0;  // series or alerts that one rule may give; 0: any number
  LabelPairs labels;        // of all its rules; a rule's own win
  std::vector<RuleSpec> rules;
  bool operator==(const RuleGroupSpec&) const = default;
};

struct RuleFile {
  std::vector<RuleGroupSpec> groups;    // what is wrong is left out
  std::vector<Diagnostic> diagnostics;  // sorted by line
  bool has_errors() const;
};

/// Errors: NotFound, Io. What is wrong with the text is in the diagnostics.
Result<RuleFile> read_rule_file(const std::string& path);
RuleFile read_rule_text(const std::string& name, std::string_view text);

/// A metric's name in UTF-8 that is not empty, as Prometheus 3 takes it.
bool is_metric_name(std::string_view name);

}  // namespace mamori::spec
