// spec/rule_file.h: a file of recording and alerting rules, as Prometheus reads it. Expressions and templates are kept
// as text: whoever knows PromQL checks them, and places what is wrong by place_of(). Source: prometheus.io/docs,
// "Defining recording rules" and "Alerting rules".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "spec/spec.h"

namespace mamori::spec {

struct Place {
  int line = 0, column = 0;  // from 1; columns count characters
  bool operator==(const Place&) const = default;
};

struct PlacedText {
  std::string text;
  Place at;
  bool empty() const { return text.empty(); }
};

using PlacedPairs = std::vector<std::pair<PlacedText, PlacedText>>;  // in the order of the file

struct RuleSpec {
  Place at;
  PlacedText record, alert;  // exactly one is there in a rule without findings
  PlacedText expr;
  Nanos hold{0};  // "for"
  Nanos keep_firing_for{0};
  PlacedPairs labels, annotations;
};

struct RuleGroupSpec {
  PlacedText name;
  std::optional<Nanos> interval, query_offset;
  std::int64_t limit = 0;  // 0 and below: none
  PlacedPairs labels;      // of all its rules
  std::vector<RuleSpec> rules;
};

struct RuleFile {
  std::string name;
  std::string source;  // the whole text
  std::vector<RuleGroupSpec> groups;
  std::vector<Diagnostic> diagnostics;

  bool has_errors() const;
  /// Where the byte `offset` of a value of this file stands in it, whichever way YAML it is written.
  Place place_of(const PlacedText& value, std::size_t offset) const;
};

struct RuleFileOptions {
  bool ignore_unknown_keys = false;
};

/// Every problem is a diagnostic of the result; groups and rules that are wrong are kept as far as they could be read.
RuleFile read_rule_file(std::string name, std::string text, const RuleFileOptions& options = {});

/// The same for a file. Errors: NotFound, Io.
Result<RuleFile> load_rule_file(const std::string& path, const RuleFileOptions& options = {});

}  // namespace mamori::spec
