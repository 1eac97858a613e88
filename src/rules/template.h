// rules/template.h: Go templates with Prometheus' functions, as they stand in labels and annotations of alerts.
// Bounded, because a rule file is written by many hands: a text's size and nesting when it is parsed; steps, output and
// queries when it is expanded. What passes a bound is an error, never a hang.
// Source: Go's text/template; Prometheus documentation, "Template reference".
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace mamori::rules {

using TextPairs = std::vector<std::pair<std::string, std::string>>;

/// A number, or a native histogram as text.
using SampleValue = std::variant<double, std::string>;

/// What `query` gives.
struct TemplateSample {
  TextPairs labels;  // __name__ included
  SampleValue value;
};

/// What a template sees: .Labels, .Value, .ExternalLabels, .ExternalURL and the variables of the same meaning.
struct TemplateData {
  TextPairs labels;
  SampleValue value;
  TextPairs external_labels;
  std::string external_url;
  Timestamp now;  // of now()
  /// Evaluates PromQL for the moment of the evaluation. Empty: `query` is an error.
  std::function<Result<std::vector<TemplateSample>>(std::string_view query)> query;
};

struct TemplateBounds {
  std::size_t steps = 100'000;  // nodes executed
  std::size_t output_bytes = 1 << 20;
  std::size_t queries = 100;
};

struct TemplateMistake {
  std::size_t offset = 0;  // into the text
  std::string message;
};

struct TemplateProgram;

/// Immutable; cheap to copy.
class Template {
 public:
  /// `mistake`, if given, gets the place of what is wrong. Errors: InvalidArgument, TooLarge.
  static Result<Template> parse(std::string_view name, std::string_view text, TemplateMistake* mistake = nullptr);

  /// Errors: InvalidArgument with Go's text; TooLarge when a bound is passed.
  Result<std::string> expand(const TemplateData& data, const TemplateBounds& bounds = {}) const;

 private:
  std::shared_ptr<const TemplateProgram> program_;
};

}  // namespace mamori::rules
