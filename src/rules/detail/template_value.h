// rules/detail/template_value.h: what a template computes with, and how Go would print it.
// Source: Go's packages text/template and fmt; Prometheus' template reference for samples.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "rules/template.h"

namespace mamori::rules {

class TemplateValue;
using TextMap = std::map<std::string, std::string>;     // map[string]string
using ValueMap = std::map<std::string, TemplateValue>;  // map[string]interface{}
using SamplePtr = std::shared_ptr<const TemplateSample>;
using SampleList = std::vector<SamplePtr>;
struct SafeText {
  std::string text;  // of safeHtml
};

class TemplateValue {
 public:
  /// In the order of the alternatives.
  enum class Kind { Nil, Bool, Int, Float, String, SafeText, Labels, Map, Sample, Samples, Time, Duration, Data };

  TemplateValue() = default;
  TemplateValue(bool value) : value_(value) {}                    // NOLINT(google-explicit-constructor)
  TemplateValue(std::int64_t value) : value_(value) {}            // NOLINT(google-explicit-constructor)
  TemplateValue(double value) : value_(value) {}                  // NOLINT(google-explicit-constructor)
  TemplateValue(std::string value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  TemplateValue(const char*) = delete;                            // would be a bool
  static TemplateValue safe(std::string text) { return made(SafeText{std::move(text)}); }
  static TemplateValue labels(TextMap labels) { return made(std::make_shared<const TextMap>(std::move(labels))); }
  static TemplateValue map(ValueMap map) { return made(std::make_shared<const ValueMap>(std::move(map))); }
  static TemplateValue sample(SamplePtr sample) { return made(std::move(sample)); }
  static TemplateValue samples(SampleList list) { return made(std::make_shared<const SampleList>(std::move(list))); }
  static TemplateValue time(Timestamp time) { return made(time); }
  static TemplateValue duration(Nanos duration) { return made(duration); }
  static TemplateValue data(std::shared_ptr<const ValueMap> fields) { return made(DataFields{std::move(fields)}); }
  static TemplateValue of_number(const SampleValue& value);

  Kind kind() const { return static_cast<Kind>(value_.index()); }
  bool is(Kind kind) const { return this->kind() == kind; }
  bool is_text() const { return is(Kind::String) || is(Kind::SafeText); }

  // REQUIRES: the kind fits.
  bool as_bool() const { return std::get<bool>(value_); }
  std::int64_t as_int() const { return std::get<std::int64_t>(value_); }
  double as_float() const { return std::get<double>(value_); }
  const std::string& text() const;
  const TextMap& as_labels() const { return *std::get<std::shared_ptr<const TextMap>>(value_); }
  const ValueMap& as_map() const { return *std::get<std::shared_ptr<const ValueMap>>(value_); }
  const TemplateSample& as_sample() const { return *std::get<SamplePtr>(value_); }
  const SampleList& as_samples() const { return *std::get<std::shared_ptr<const SampleList>>(value_); }
  Timestamp as_time() const { return std::get<Timestamp>(value_); }
  Nanos as_duration() const { return std::get<Nanos>(value_); }
  const ValueMap& as_data() const { return *std::get<DataFields>(value_).fields; }

  /// Neither false, zero, nil nor empty.
  bool truth() const;
  /// As Go calls it: "float64", "map[string]string".
  std::string_view type_name() const;
  /// As fmt's %v.
  std::string print() const;

 private:
  struct DataFields {
    std::shared_ptr<const ValueMap> fields;
  };
  template <typename T>
  static TemplateValue made(T value) {
    TemplateValue out;
    out.value_ = std::move(value);
    return out;
  }

  std::variant<std::monostate, bool, std::int64_t, double, std::string, SafeText, std::shared_ptr<const TextMap>,
               std::shared_ptr<const ValueMap>, SamplePtr, std::shared_ptr<const SampleList>, Timestamp, Nanos,
               DataFields>
      value_;
};

/// strconv.FormatFloat: 'e', 'f', 'g' and their capitals; `precision` -1: the fewest digits that read back.
std::string go_float(double value, char verb, int precision);
/// time.Time's String in UTC: "2015-06-23 13:19:44.128 +0000 UTC".
std::string go_time(Timestamp time);
/// time.Duration's String: "1h0m0.5s".
std::string go_duration(Nanos duration);

/// fmt.Sprintf.
std::string go_printf(std::string_view format, std::span<const TemplateValue> args, std::size_t bytes_max);
/// fmt.Sprint: spaces between operands neither of which is a string.
std::string go_print(std::span<const TemplateValue> args);

}  // namespace mamori::rules
