#include "base/time.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace mamori {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::year;
using std::chrono::year_month_day;

Error bad_time(std::string_view text) {
  return invalid_argument("\"" + std::string(text.substr(0, 64)) +
                          "\" is not a time: write RFC 3339, such as 2026-01-31T23:59:59Z");
}

/// Takes exactly `count` digits from the front.
bool take_digits(std::string_view& text, std::size_t count, int& value) {
  if (text.size() < count) return false;
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// ".123" -> 123,000,000 ns; digits past the ninth are read and dropped.
bool take_fraction(std::string_view& text, std::int64_t& nanos) {
  nanos = 0;
  if (!take(text, ".,")) return true;
  std::size_t digits = 0;
  std::int64_t unit = 100'000'000;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    nanos += (text[0] - '0') * unit;
    unit /= 10;
    ++digits;
    text.remove_prefix(1);
  }
  return digits > 0;
}

bool take_offset(std::string_view& text, Seconds& offset) {
  if (take(text, "Zz")) {
    offset = Seconds{0};
    return true;
  }
  const bool negative = !text.empty() && text[0] == '-';
  int hours = 0, minutes = 0;
  if (!take(text, "+-") || !take_digits(text, 2, hours)) return false;
  take(text, ":");
  if (!take_digits(text, 2, minutes) || hours > 23 || minutes > 59) return false;
  offset = Seconds{(hours * 60 + minutes) * 60 * (negative ? -1 : 1)};
  return true;
}

struct Unit {
  std::string_view name;
  std::int64_t millis;
};
// Largest first, as Prometheus orders and prints them (model.ParseDuration).
constexpr std::array<Unit, 7> kUnits = {Unit{"y", 365ll * 24 * 3600 * 1000},
                                        Unit{"w", 7ll * 24 * 3600 * 1000},
                                        Unit{"d", 24ll * 3600 * 1000},
                                        Unit{"h", 3600ll * 1000},
                                        Unit{"m", 60ll * 1000},
                                        Unit{"s", 1000},
                                        Unit{"ms", 1}};
constexpr std::int64_t kMillisMax = 9'223'372'036'854;  // what 64-bit nanoseconds hold

}  // namespace

std::string format_rfc3339(Timestamp t) {
  const auto day_start = std::chrono::floor<days>(t);
  const year_month_day date{day_start};
  const auto millis = std::chrono::floor<Millis>(t - day_start).count();
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(millis / 3'600'000), static_cast<int>(millis / 60'000 % 60),
                static_cast<int>(millis / 1000 % 60), static_cast<int>(millis % 1000));
  return buffer;
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  std::string_view rest = text;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  std::int64_t nanos = 0;
  Seconds offset{0};
  const bool shaped = take_digits(rest, 4, y) && take(rest, "-") && take_digits(rest, 2, mo) && take(rest, "-") &&
                      take_digits(rest, 2, d) && take(rest, "Tt ") && take_digits(rest, 2, h) && take(rest, ":") &&
                      take_digits(rest, 2, mi) && take(rest, ":") && take_digits(rest, 2, s) &&
                      take_fraction(rest, nanos) && take_offset(rest, offset) && rest.empty();
  if (!shaped) return bad_time(text);
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  // 60 is a leap second (RFC 3339 section 5.6): read as the second after. Years outside would overflow nanoseconds.
  if (!date.ok() || h > 23 || mi > 59 || s > 60 || y < 1678 || y > 2261) return bad_time(text);
  return Timestamp{std::chrono::sys_days{date}} + std::chrono::hours{h} + std::chrono::minutes{mi} + Seconds{s} +
         Nanos{nanos} - offset;
}

Result<Timestamp> parse_time(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (!std::isfinite(number)) return bad_time(text);
    if (std::abs(number) >= 1e11) number /= 1000;  // epoch milliseconds
    if (std::abs(number) > 9.2e9) return bad_time(text);
    const double whole = std::floor(number);
    return Timestamp{Seconds{static_cast<std::int64_t>(whole)}} +
           Nanos{static_cast<std::int64_t>(std::llround((number - whole) * 1e6) * 1000)};
  }
  return parse_rfc3339(text);
}

Result<Nanos> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return invalid_argument(
        "\"" + std::string(text.substr(0, 64)) +
        "\" is not a duration: write a number and a unit (ms, s, m, h, d, w, y), such as 15s or 1h30m");
  };
  if (text == "0") return Nanos{0};
  if (text.empty()) return bad();
  std::int64_t millis = 0;
  std::size_t next_unit = 0;  // units must come in falling order, each at most once
  std::string_view rest = text;
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{} || number < 0 || rest[0] == '-') return bad();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    std::size_t unit = next_unit;
    for (; unit < kUnits.size(); ++unit) {
      if (!rest.starts_with(kUnits[unit].name)) continue;
      if (kUnits[unit].name == "m" && rest.starts_with("ms")) continue;
      break;
    }
    if (unit == kUnits.size()) return bad();
    if (number > (kMillisMax - millis) / kUnits[unit].millis) return bad();
    millis += number * kUnits[unit].millis;
    rest.remove_prefix(kUnits[unit].name.size());
    next_unit = unit + 1;
  }
  return Nanos{millis * 1'000'000};
}

std::string format_duration(Nanos duration) {
  std::int64_t millis = std::chrono::duration_cast<Millis>(duration).count();
  if (millis == 0) return "0s";
  std::string out;
  if (millis < 0) {
    out += '-';
    millis = -millis;
  }
  for (const auto& unit : kUnits) {
    // Weeks and years only when nothing is left over, as Prometheus prints: 10d, not 1w3d.
    if ((unit.name == "y" || unit.name == "w") && millis % unit.millis != 0) continue;
    if (millis < unit.millis) continue;
    out += std::to_string(millis / unit.millis) + std::string(unit.name);
    millis %= unit.millis;
  }
  return out;
}

}  // namespace mamori
