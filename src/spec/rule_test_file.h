// spec/rule_test_file.h: a file of tests of rules, as `promtool test rules` reads it. Series and expressions are kept
// as text for whoever knows PromQL. Source: prometheus.io/docs, "Unit testing for rules".
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "spec/rule_file.h"
#include "spec/spec.h"

namespace mamori::spec {

struct InputSeriesSpec {
  PlacedText series, values;
};

struct ExpectedAlert {
  LabelPairs labels, annotations;  // ascending names
};

struct AlertTestSpec {
  Place at;
  Nanos eval_time{0};
  std::string alertname;
  std::vector<ExpectedAlert> alerts;
};

struct ExpectedSample {
  PlacedText labels;  // a label set as text
  double value = 0;
  std::string histogram;  // "": the value counts
};

struct ExprTestSpec {
  PlacedText expr;
  Nanos eval_time{0};
  std::vector<ExpectedSample> samples;
};

struct RuleTestSpec {
  std::string name;  // may be ""
  Nanos interval{0};
  Timestamp start;  // the epoch, if nothing is said
  std::vector<InputSeriesSpec> input_series;
  std::vector<AlertTestSpec> alert_tests;
  std::vector<ExprTestSpec> expr_tests;
  LabelPairs external_labels;  // ascending names
  std::string external_url;
};

struct RuleTestFile {
  std::string name;
  std::vector<std::string> rule_files;  // globs, resolved against the file's folder
  Nanos evaluation_interval = std::chrono::minutes{1};
  std::vector<std::string> group_eval_order;
  bool fuzzy_compare = false;
  std::vector<RuleTestSpec> tests;
  std::vector<Diagnostic> diagnostics;

  bool has_errors() const;
};

/// Every problem is a diagnostic of the result.
RuleTestFile read_rule_test_file(std::string name, std::string_view text);

/// The same for a file. Errors: NotFound, Io.
Result<RuleTestFile> load_rule_test_file(const std::string& path);

}  // namespace mamori::spec
