#include "console/detail/prometheus_params.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

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
  return invalid(name, "Invalid time value for '" + std::string(name) + "': cannot parse " + quoted(text) +
                           " to a valid timestamp");
}

Result<std::int64_t> required_time_parameter(const net::Params& params, std::string_view name) {
  const auto text = params.get_or(name, "");
  if (const auto time = time_of(text)) return *time;
  return invalid(name, "cannot parse " + quoted(text) + " to a valid timestamp");
}

Result<std::optional<std::int64_t>> duration_parameter(const net::Params& params, std::string_view name) {
  const auto text = params.get_or(name, "");
  if (text.empty()) return std::optional<std::int64_t>{};
  if (const auto seconds = number_of(text)) {
    if (!(std::fabs(*seconds) < 9.2e9))  // nanoseconds in 64 bits
      return invalid(name, "cannot parse " + quoted(text) + " to a valid duration. It overflows int64");
    return std::optional(static_cast<std::int64_t>(*seconds * 1000));
  }
  const auto duration = parse_duration(text);
  if (!duration) return invalid(name, "cannot parse " + quoted(text) + " to a valid duration");
  return std::optional(std::chrono::duration_cast<Millis>(*duration).count());
}

Result<std::size_t> limit_parameter(const net::Params& params, std::string_view name) {
  const auto text = params.get_or(name, "");
  if (text.empty()) return std::size_t{0};
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return invalid(name, "strconv.Atoi: parsing " + quoted(text) + ": invalid syntax");
  if (value < 0) return invalid(name, "limit must be non-negative");
  return static_cast<std::size_t>(value);
}

}  // namespace mamori::console
