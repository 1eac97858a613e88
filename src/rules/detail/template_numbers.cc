// Prometheus' functions that show numbers to people.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "metrics/promql/ast.h"
#include "rules/detail/template_functions.h"

namespace mamori::rules {
namespace {

using Kind = TemplateValue::Kind;
using Args = std::span<const TemplateValue>;
using Outcome = Result<TemplateValue>;

/// A number, or a text that is one.
Result<double> number(const TemplateValue& value) {
  switch (value.kind()) {
    case Kind::Float:
      return value.as_float();
    case Kind::Int:
      return static_cast<double>(value.as_int());
    case Kind::Duration:
      return std::chrono::duration<double>(value.as_duration()).count();
    case Kind::String:
    case Kind::SafeText: {
      const auto& text = value.text();
      char* end = nullptr;
      const double read = std::strtod(text.c_str(), &end);
      const bool spaced = !text.empty() && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'));
      if (text.empty() || spaced || end != text.c_str() + text.size() || text.find('(') != std::string::npos)
        return invalid_argument("strconv.ParseFloat: parsing " + metrics::promql::quote(text) + ": invalid syntax");
      return read;
    }
    default:
      return invalid_argument("can't convert " + std::string(value.type_name()) + " to float");
  }
}

std::string four_digits(double value) { return go_float(value, 'g', 4); }

/// Divides or multiplies into a prefix' reach.
std::string scaled(double value, double base, std::span<const std::string_view> larger) {
  std::string_view prefix;
  for (const auto next : larger) {
    if (std::fabs(value) < base) break;
    prefix = next;
    value /= base;
  }
  return four_digits(value) + std::string(prefix);
}

std::string made_larger(double value) {
  constexpr std::array<std::string_view, 8> kSmaller = {"m", "u", "n", "p", "f", "a", "z", "y"};
  std::string_view prefix;
  for (const auto next : kSmaller) {
    if (std::fabs(value) >= 1) break;
    prefix = next;
    value *= 1000;
  }
  return four_digits(value) + std::string(prefix);
}

Outcome humanize(const TemplateCall&, Args args) {
  MAMORI_TRY(const double value, number(args[0]));
  if (value == 0 || !std::isfinite(value)) return TemplateValue(four_digits(value));
  constexpr std::array<std::string_view, 8> kLarger = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
  return TemplateValue(std::fabs(value) >= 1 ? scaled(value, 1000, kLarger) : made_larger(value));
}

Outcome humanize1024(const TemplateCall&, Args args) {
  MAMORI_TRY(const double value, number(args[0]));
  if (std::fabs(value) <= 1 || !std::isfinite(value)) return TemplateValue(four_digits(value));
  constexpr std::array<std::string_view, 8> kLarger = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
  return TemplateValue(scaled(value, 1024, kLarger));
}

Outcome humanize_duration(const TemplateCall&, Args args) {
  MAMORI_TRY(double value, number(args[0]));
  if (!std::isfinite(value)) return TemplateValue(four_digits(value));
  if (value == 0) return TemplateValue(four_digits(value) + "s");
  if (std::fabs(value) < 1) return TemplateValue(made_larger(value) + "s");
  const std::string sign = value < 0 ? "-" : "";
  value = std::fabs(value);
  if (value > 9.2e18) return TemplateValue(sign + four_digits(value) + "s");
  const auto seconds = static_cast<std::int64_t>(value);
  const auto part = [](std::int64_t n, const char* unit) { return std::to_string(n) + unit; };
  const auto days = seconds / 86'400, hours = seconds / 3600 % 24, minutes = seconds / 60 % 60;
  std::string out = sign;
  if (days == 0 && hours == 0 && minutes == 0) return TemplateValue(out + four_digits(value) + "s");
  if (days != 0) out += part(days, "d ");
  if (days != 0 || hours != 0) out += part(hours, "h ");
  return TemplateValue(out + part(minutes, "m ") + part(seconds % 60, "s"));
}

Outcome humanize_percentage(const TemplateCall&, Args args) {
  MAMORI_TRY(const double value, number(args[0]));
  return TemplateValue(four_digits(value * 100) + "%");
}

/// Milliseconds are kept, as Prometheus' own times have them.
Result<Timestamp> moment(double seconds) {
  const double nanos = seconds * 1e9;
  if (!(std::fabs(nanos) < 9.2233720368547e18))
    return invalid_argument(go_float(seconds, 'g', -1) +
                            " cannot be represented as a nanoseconds timestamp since it overflows int64");
  return timestamp_from_millis(static_cast<std::int64_t>(nanos) / 1'000'000);
}

Outcome humanize_timestamp(const TemplateCall&, Args args) {
  MAMORI_TRY(const double value, number(args[0]));
  if (!std::isfinite(value)) return TemplateValue(four_digits(value));
  MAMORI_TRY(const auto time, moment(value));
  return TemplateValue(go_time(time));
}

Outcome to_time(const TemplateCall&, Args args) {
  MAMORI_TRY(const double value, number(args[0]));
  if (!std::isfinite(value)) return invalid_argument("value is NaN or Inf");
  MAMORI_TRY(const auto time, moment(value));
  return TemplateValue::time(time);
}

Outcome to_duration(const TemplateCall&, Args args) {
  MAMORI_TRY(const double value, number(args[0]));
  if (!std::isfinite(value)) return invalid_argument("value is NaN or Inf");
  const double nanos = value * 1e9;
  if (!(std::fabs(nanos) < 9.2233720368547e18))
    return invalid_argument(go_float(value, 'g', -1) +
                            " cannot be represented as a nanoseconds duration since it overflows int64");
  return TemplateValue::duration(Nanos{static_cast<std::int64_t>(nanos)});
}

Outcome parse_duration_seconds(const TemplateCall&, Args args) {
  if (!args[0].is_text()) return wrong_template_type("string", args[0]);
  const auto duration = parse_duration(args[0].text());
  if (!duration) {
    if (args[0].text().empty()) return invalid_argument("empty duration string");
    return invalid_argument("not a valid duration string: " + metrics::promql::quote(args[0].text()));
  }
  return TemplateValue(static_cast<double>(duration->count()) / 1e9);
}

Outcome now(const TemplateCall& call, Args) {
  return TemplateValue(static_cast<double>(to_millis(call.data.now)) / 1000);
}

constexpr TemplateFunction kFunctions[] = {
    {"humanize", 1, 1, humanize},
    {"humanize1024", 1, 1, humanize1024},
    {"humanizeDuration", 1, 1, humanize_duration},
    {"humanizePercentage", 1, 1, humanize_percentage},
    {"humanizeTimestamp", 1, 1, humanize_timestamp},
    {"toTime", 1, 1, to_time},
    {"toDuration", 1, 1, to_duration},
    {"parseDuration", 1, 1, parse_duration_seconds},
    {"now", 0, 0, now},
};

}  // namespace

std::span<const TemplateFunction> number_template_functions() { return kFunctions; }

}  // namespace mamori::rules
