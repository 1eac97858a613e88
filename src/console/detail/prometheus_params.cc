#include "console/detail/prometheus_params.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "base/text.h"

namespace mamori::console {
namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 100)) + "\""; }

Error invalid(std::string_view name, const std::string& why) {
  return invalid_argument("invalid parameter " + quoted(name) + ": " + why);
}

/// The whole text as a decimal number.
std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::errc read_integer(std::string_view text, std::int64_t& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return error;
  return end == text.data() + text.size() ? std::errc{} : std::errc::invalid_argument;
}

std::optional<std::int64_t> time_of(std::string_view text) {
  // What Prometheus' own clients send for "from the beginning" and "to the end".
  if (text == "-292273086-05-16T16:47:06Z") return -kApiTimeMsMax;
  if (text == "292277025-08-18T07:12:54.999999999Z" || text == "+292277025-08-18T07:12:54.999999999Z")
    return kApiTimeMsMax;
  if (const auto seconds = number_of(text)) {
    const double millis = std::round(*seconds * 1000);
    if (!(std::fabs(millis) <= static_cast<double>(kApiTimeMsMax))) return std::nullopt;
    return static_cast<std::int64_t>(millis);
  }
  const auto time = parse_rfc3339(text);
  if (!time) return std::nullopt;
  return to_millis(*time);
}

}  // namespace

Result<std::int64_t> time_parameter(const net::Params& params, std::string_view name, std::int64_t fallback) {
  const auto text = params.get_or(name, "");
  if (text.empty()) return fallback;
  if (const auto time = time_of(text)) return *time;
  return invalid(name, "invalid time value for '" + std::string(name) + "': cannot parse " + quoted(text) +
                           " to a valid timestamp");
}

Result<std::int64_t> required_time_parameter(const net::Params& params, std::string_view name) {
  const auto text = params.get_or(name, "");
  if (const auto time = time_of(text)) return *time;
  return invalid(name, "cannot parse " + quoted(text) + " to a valid timestamp");
}

Result<std::optional<std::int64_t>> duration_parameter(const net::Params& params, std::string_view name,
                                                       std::string_view said) {
  const auto text = params.get_or(name, "");
  if (text.empty()) return std::optional<std::int64_t>{};
  const auto invalid = [&](const std::string& why) {
    return said.empty() ? console::invalid(name, why) : invalid_argument(std::string(said) + why);
  };
  if (const auto seconds = number_of(text)) {
    if (!(std::fabs(*seconds) < 9.2e9))  // nanoseconds in 64 bits
      return invalid("cannot parse " + quoted(text) + " to a valid duration. It overflows int64");
    return std::optional(static_cast<std::int64_t>(*seconds * 1000));
  }
  const auto duration = parse_duration(text);
  if (!duration) return invalid("cannot parse " + quoted(text) + " to a valid duration");
  return std::optional(std::chrono::duration_cast<Millis>(*duration).count());
}

Result<std::size_t> limit_parameter(const net::Params& params) {
  const auto text = params.get_or("limit", "");
  if (text.empty()) return std::size_t{0};
  std::int64_t value = 0;
  const auto error = read_integer(text, value);
  if (error == std::errc::result_out_of_range)
    return invalid("limit", "strconv.Atoi: parsing " + quoted(text) + ": value out of range");
  if (error != std::errc{}) return invalid("limit", "strconv.Atoi: parsing " + quoted(text) + ": invalid syntax");
  if (value < 0) return invalid("limit", "limit must be non-negative");
  return static_cast<std::size_t>(value);
}

Result<std::optional<std::int64_t>> number_parameter(const net::Params& params, std::string_view name) {
  const auto text = params.get_or(name, "");
  if (text.empty()) return std::optional<std::int64_t>{};
  std::int64_t value = 0;
  if (read_integer(text, value) != std::errc{}) return invalid_argument(std::string(name) + " must be a number");
  return std::optional(value);
}

Result<bool> bool_parameter(const net::Params& params, std::string_view name) {
  const auto text = params.get_or(name, "");
  if (text.empty()) return false;
  for (const std::string_view word : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == word) return false;
  }
  return invalid(name, "unable to parse boolean: strconv.ParseBool: parsing " + quoted(text) + ": invalid syntax");
}

std::string unescape_label_name(std::string_view name) {
  constexpr std::string_view kEscaped = "U__";
  constexpr std::size_t kHexDigitsMax = 6;  // the largest code point has so many
  if (!name.starts_with(kEscaped)) return std::string(name);
  std::string out;
  for (std::size_t at = kEscaped.size(); at < name.size(); ++at) {
    if (name[at] != '_') {
      out += name[at];
      continue;
    }
    const auto end = name.find('_', at + 1);
    if (end == std::string_view::npos || end - at - 1 > kHexDigitsMax) return std::string(name);
    std::uint32_t code = '_';
    if (const auto hex = name.substr(at + 1, end - at - 1); !hex.empty()) {
      const auto [stop, error] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
      if (error != std::errc{} || stop != hex.data() + hex.size() || !append_utf8(out, code)) return std::string(name);
    } else {
      out += '_';
    }
    at = end;
  }
  return out;
}

}  // namespace mamori::console
