#include "rules/detail/template_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace mamori::rules {
namespace {

std::string two(std::int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

std::string print_labels(const auto& pairs, auto print) {
  std::string out = "map[";
  for (const auto& [name, value] : pairs) out += (out.size() > 4 ? " " : "") + name + ":" + print(value);
  return out + "]";
}

std::string print_sample(const TemplateSample& sample) {
  const auto value = std::holds_alternative<double>(sample.value) ? go_float(std::get<double>(sample.value), 'g', -1)
                                                                  : std::get<std::string>(sample.value);
  return "{" + print_labels(sample.labels, [](const std::string& text) { return text; }) + " " + value + "}";
}

/// 0x1.8p+00
std::string hexadecimal(double value, char verb, int precision) {
  std::array<char, 1200> buffer;
  char* const end = buffer.data() + buffer.size();
  const double size = std::fabs(value);
  const auto result = precision < 0
                          ? std::to_chars(buffer.data(), end, size, std::chars_format::hex)
                          : std::to_chars(buffer.data(), end, size, std::chars_format::hex, std::min(precision, 800));
  std::string out = (std::signbit(value) ? "-0x" : "0x") + std::string(buffer.data(), result.ptr);
  if (const auto exponent = out.size() - out.find('p'); exponent == 3) out.insert(out.size() - 1, "0");
  if (verb == 'X') {
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

}  // namespace

TemplateValue TemplateValue::of_number(const SampleValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::get<std::string>(value);
}

const std::string& TemplateValue::text() const {
  if (const auto* safe = std::get_if<SafeText>(&value_)) return safe->text;
  return std::get<std::string>(value_);
}

bool TemplateValue::truth() const {
  switch (kind()) {
    case Kind::Nil:
      return false;
    case Kind::Bool:
      return as_bool();
    case Kind::Int:
      return as_int() != 0;
    case Kind::Float:
      return as_float() != 0;
    case Kind::String:
    case Kind::SafeText:
      return !text().empty();
    case Kind::Labels:
      return !as_labels().empty();
    case Kind::Map:
      return !as_map().empty();
    case Kind::Samples:
      return !as_samples().empty();
    case Kind::Duration:
      return as_duration() != Nanos{0};
    case Kind::Sample:
    case Kind::Time:
    case Kind::Data:
      break;
  }
  return true;
}

std::string_view TemplateValue::type_name() const {
  constexpr std::array<std::string_view, 13> kNames = {
      "<nil>",
      "bool",
      "int",
      "float64",
      "string",
      "template.HTML",
      "map[string]string",
      "map[string]interface {}",
      "*template.sample",
      "template.queryResult",
      "*time.Time",
      "*time.Duration",
      "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }"};
  return kNames[value_.index()];
}

std::string TemplateValue::print() const {
  switch (kind()) {
    case Kind::Nil:
      return "<nil>";
    case Kind::Bool:
      return as_bool() ? "true" : "false";
    case Kind::Int:
      return std::to_string(as_int());
    case Kind::Float:
      return go_float(as_float(), 'g', -1);
    case Kind::String:
    case Kind::SafeText:
      return text();
    case Kind::Labels:
      return print_labels(as_labels(), [](const std::string& text) { return text; });
    case Kind::Map:
      return print_labels(as_map(), [](const TemplateValue& value) { return value.print(); });
    case Kind::Sample:
      return print_sample(as_sample());
    case Kind::Samples: {
      std::string out = "[";
      for (const auto& sample : as_samples()) out += (out.size() > 1 ? " " : "") + print_sample(*sample);
      return out + "]";
    }
    case Kind::Time:
      return go_time(as_time());
    case Kind::Duration:
      return go_duration(as_duration());
    case Kind::Data:
      break;
  }
  std::string out = "{";
  for (const auto* field : {"Labels", "ExternalLabels", "ExternalURL", "Value"}) {
    const auto at = as_data().find(field);
    if (at != as_data().end()) out += (out.size() > 1 ? " " : "") + at->second.print();
  }
  return out + "}";
}

std::string go_float(double value, char verb, int precision) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (verb == 'x' || verb == 'X') return hexadecimal(value, verb, precision);
  const bool capital = verb < 'a';
  const char lower = capital ? static_cast<char>(verb - 'A' + 'a') : verb;
  std::array<char, 1200> buffer;  // %f of the largest double has 309 digits before the point
  char* const end = buffer.data() + buffer.size();
  precision = std::min(precision, 800);
  std::to_chars_result result{};
  if (lower == 'g' && precision < 0) {
    // Go's shortest 'g' turns to an exponent from 1e6 on, and below 1e-4.
    const double size = std::fabs(value);
    const bool plain = value == 0 || (size >= 1e-4 && size < 1e6);
    result = std::to_chars(buffer.data(), end, value, plain ? std::chars_format::fixed : std::chars_format::scientific);
  } else {
    const auto format = lower == 'e'   ? std::chars_format::scientific
                        : lower == 'f' ? std::chars_format::fixed
                                       : std::chars_format::general;
    result = precision < 0
                 ? std::to_chars(buffer.data(), end, value, format)
                 : std::to_chars(buffer.data(), end, value, format, lower == 'g' ? std::max(precision, 1) : precision);
  }
  std::string out(buffer.data(), result.ptr);
  if (capital) std::ranges::replace(out, 'e', 'E');
  return out;
}

std::string go_time(Timestamp time) {
  const auto seconds = std::chrono::floor<Seconds>(time);
  const auto days = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(seconds - days);
  auto year = std::to_string(static_cast<int>(date.year()));
  if (year.size() < 4) year.insert(0, 4 - year.size(), '0');
  std::string out =
      year + "-" + two(static_cast<unsigned>(date.month())) + "-" + two(static_cast<unsigned>(date.day()));
  out += " " + two(clock.hours().count()) + ":" + two(clock.minutes().count()) + ":" + two(clock.seconds().count());
  if (auto nanos = (time - seconds).count(); nanos != 0) {
    std::string digits = std::to_string(nanos);
    digits.insert(0, 9 - digits.size(), '0');
    while (digits.back() == '0') digits.pop_back();
    out += "." + digits;
  }
  return out + " +0000 UTC";
}

std::string go_duration(Nanos duration) {
  const auto nanos = duration.count();
  if (nanos == 0) return "0s";
  const bool negative = nanos < 0;
  auto rest = negative ? 0 - static_cast<std::uint64_t>(nanos) : static_cast<std::uint64_t>(nanos);
  const auto with_fraction = [](std::uint64_t value, std::uint64_t unit) {
    std::string text = std::to_string(value / unit);
    if (value % unit == 0) return text;
    std::string digits = std::to_string(value % unit + unit).substr(1);
    while (digits.back() == '0') digits.pop_back();
    return text + "." + digits;
  };
  std::string out = negative ? "-" : "";
  if (rest < 1'000) return out + std::to_string(rest) + "ns";
  if (rest < 1'000'000) return out + with_fraction(rest, 1'000) + "µs";
  if (rest < 1'000'000'000) return out + with_fraction(rest, 1'000'000) + "ms";
  const auto minutes = rest / 60'000'000'000;
  if (minutes >= 60) out += std::to_string(minutes / 60) + "h";
  if (minutes > 0) out += std::to_string(minutes % 60) + "m";
  return out + with_fraction(rest % 60'000'000'000, 1'000'000'000) + "s";
}

std::string go_print(std::span<const TemplateValue> args) {
  std::string out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (i > 0 && !args[i].is(TemplateValue::Kind::String) && !args[i - 1].is(TemplateValue::Kind::String)) out += ' ';
    out += args[i].print();
  }
  return out;
}

}  // namespace mamori::rules
