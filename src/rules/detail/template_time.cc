#include "rules/detail/template_time.h"

#include <array>

namespace mamori::rules {
namespace {

using Outcome = Result<TemplateValue>;

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

struct Parts {
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, nanos = 0, weekday = 0, year_day = 0;
};

Parts parts_of(Timestamp time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  Parts parts;
  parts.year = static_cast<int>(date.year());
  parts.month = static_cast<unsigned>(date.month());
  parts.day = static_cast<unsigned>(date.day());
  parts.hour = clock.hours().count();
  parts.minute = clock.minutes().count();
  parts.second = clock.seconds().count();
  parts.nanos = clock.subseconds().count();
  parts.weekday = std::chrono::weekday(days).c_encoding();
  parts.year_day = (days - std::chrono::sys_days(date.year() / 1 / 1)).count() + 1;
  return parts;
}

std::string padded(std::int64_t value, std::size_t width, char with = '0') {
  auto text = std::to_string(value);
  if (text.size() < width) text.insert(0, width - text.size(), with);
  return text;
}

struct LayoutWord {
  std::string_view layout;
  std::string (*shown)(const Parts& parts);
};

std::int64_t half_day(const Parts& p) { return p.hour % 12 == 0 ? 12 : p.hour % 12; }

// Go's reference time, Mon Jan 2 15:04:05 MST 2006; of two words with one beginning, the longer first.
constexpr LayoutWord kLayout[] = {
    {"January", [](const Parts& p) { return std::string(kMonths[static_cast<std::size_t>(p.month - 1)]); }},
    {"Jan", [](const Parts& p) { return std::string(kMonths[static_cast<std::size_t>(p.month - 1)].substr(0, 3)); }},
    {"Monday", [](const Parts& p) { return std::string(kDays[static_cast<std::size_t>(p.weekday)]); }},
    {"Mon", [](const Parts& p) { return std::string(kDays[static_cast<std::size_t>(p.weekday)].substr(0, 3)); }},
    {"MST", [](const Parts&) { return std::string("UTC"); }},
    {"2006", [](const Parts& p) { return padded(p.year, 4); }},
    {"__2", [](const Parts& p) { return padded(p.year_day, 3, ' '); }},
    {"002", [](const Parts& p) { return padded(p.year_day, 3); }},
    {"_2", [](const Parts& p) { return padded(p.day, 2, ' '); }},
    {"01", [](const Parts& p) { return padded(p.month, 2); }},
    {"02", [](const Parts& p) { return padded(p.day, 2); }},
    {"03", [](const Parts& p) { return padded(half_day(p), 2); }},
    {"04", [](const Parts& p) { return padded(p.minute, 2); }},
    {"05", [](const Parts& p) { return padded(p.second, 2); }},
    {"06", [](const Parts& p) { return padded(p.year % 100, 2); }},
    {"15", [](const Parts& p) { return padded(p.hour, 2); }},
    {"PM", [](const Parts& p) { return std::string(p.hour < 12 ? "AM" : "PM"); }},
    {"pm", [](const Parts& p) { return std::string(p.hour < 12 ? "am" : "pm"); }},
    {"-07:00:00", [](const Parts&) { return std::string("+00:00:00"); }},
    {"-07:00", [](const Parts&) { return std::string("+00:00"); }},
    {"-070000", [](const Parts&) { return std::string("+000000"); }},
    {"-0700", [](const Parts&) { return std::string("+0000"); }},
    {"-07", [](const Parts&) { return std::string("+00"); }},
    {"Z07:00:00", [](const Parts&) { return std::string("Z"); }},
    {"Z07:00", [](const Parts&) { return std::string("Z"); }},
    {"Z0700", [](const Parts&) { return std::string("Z"); }},
    {"Z07", [](const Parts&) { return std::string("Z"); }},
    {"1", [](const Parts& p) { return std::to_string(p.month); }},
    {"2", [](const Parts& p) { return std::to_string(p.day); }},
    {"3", [](const Parts& p) { return std::to_string(half_day(p)); }},
    {"4", [](const Parts& p) { return std::to_string(p.minute); }},
    {"5", [](const Parts& p) { return std::to_string(p.second); }},
};

/// ".000" or ".999" (without trailing zeros) of a layout; its length there, 0 when there is none.
std::size_t fraction(std::string_view layout, const Parts& parts, std::string& out) {
  if (layout.size() < 2 || (layout[0] != '.' && layout[0] != ',') || (layout[1] != '0' && layout[1] != '9')) return 0;
  std::size_t digits = 0;
  while (digits + 1 < layout.size() && layout[digits + 1] == layout[1]) ++digits;
  const bool more = digits + 1 < layout.size() && layout[digits + 1] >= '0' && layout[digits + 1] <= '9';
  if (digits > 9 || more) return 0;
  auto text = padded(parts.nanos, 9).substr(0, digits);
  if (layout[1] == '9') {
    while (!text.empty() && text.back() == '0') text.pop_back();
  }
  if (!text.empty()) out += layout[0] + text;
  return digits + 1;
}

std::string formatted(Timestamp time, std::string_view layout) {
  const auto parts = parts_of(time);
  std::string out;
  while (!layout.empty()) {
    if (const auto length = fraction(layout, parts, out); length > 0) {
      layout.remove_prefix(length);
      continue;
    }
    const LayoutWord* word = nullptr;
    for (const auto& known : kLayout) {
      if (!layout.starts_with(known.layout)) continue;
      // "Jan" in "January" is the longer word; a month does not begin inside of another word such as "Janus".
      if (word == nullptr || known.layout.size() > word->layout.size()) word = &known;
    }
    if (word == nullptr) {
      out += layout[0];
      layout.remove_prefix(1);
      continue;
    }
    out += word->shown(parts);
    layout.remove_prefix(word->layout.size());
  }
  return out;
}

TemplateValue whole(std::int64_t value) { return value; }

}  // namespace

Outcome template_time_method(Timestamp time, const std::string& name, std::span<const TemplateValue> args) {
  if (name == "Format") {
    if (args.size() != 1)
      return invalid_argument("wrong number of args for Format: want 1 got " + std::to_string(args.size()));
    if (!args[0].is_text())
      return invalid_argument("wrong type for value; expected string; got " + std::string(args[0].type_name()));
    return TemplateValue(formatted(time, args[0].text()));
  }
  if (!args.empty())
    return invalid_argument("wrong number of args for " + name + ": want 0 got " + std::to_string(args.size()));
  const auto parts = parts_of(time);
  if (name == "Unix") return whole(std::chrono::floor<Seconds>(time.time_since_epoch()).count());
  if (name == "UnixMilli") return whole(to_millis(time));
  if (name == "UnixNano") return whole(time.time_since_epoch().count());
  if (name == "Year") return whole(parts.year);
  if (name == "Month") return TemplateValue(std::string(kMonths[static_cast<std::size_t>(parts.month - 1)]));
  if (name == "Day") return whole(parts.day);
  if (name == "Hour") return whole(parts.hour);
  if (name == "Minute") return whole(parts.minute);
  if (name == "Second") return whole(parts.second);
  if (name == "Nanosecond") return whole(parts.nanos);
  if (name == "Weekday") return TemplateValue(std::string(kDays[static_cast<std::size_t>(parts.weekday)]));
  if (name == "YearDay") return whole(parts.year_day);
  if (name == "UTC" || name == "Local") return TemplateValue::time(time);
  if (name == "String") return TemplateValue(go_time(time));
  if (name == "IsZero") return TemplateValue(false);
  return invalid_argument("can't evaluate field " + name + " in type *time.Time");
}

Outcome template_duration_method(Nanos duration, const std::string& name, std::span<const TemplateValue> args) {
  if (!args.empty())
    return invalid_argument("wrong number of args for " + name + ": want 0 got " + std::to_string(args.size()));
  const auto in = [&](double unit) { return TemplateValue(static_cast<double>(duration.count()) / unit); };
  if (name == "Hours") return in(3.6e12);
  if (name == "Minutes") return in(6e10);
  if (name == "Seconds") return in(1e9);
  if (name == "Milliseconds") return whole(duration.count() / 1'000'000);
  if (name == "Microseconds") return whole(duration.count() / 1'000);
  if (name == "Nanoseconds") return whole(duration.count());
  if (name == "String") return TemplateValue(go_duration(duration));
  return invalid_argument("can't evaluate field " + name + " in type *time.Duration");
}

}  // namespace mamori::rules
