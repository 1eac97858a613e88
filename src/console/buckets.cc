#include "console/buckets.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace mamori::console {
namespace {

constexpr std::size_t kBucketsMax = 2000;  // more than a chart has pixels for
constexpr std::size_t kBucketsDefault = 60;
// Well inside what nanoseconds in 64 bits can say (1677 to 2262), so that no sum or difference of such times overflows.
constexpr Timestamp kTimeMin{}, kTimeMax{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};

Result<Nanos> read_step(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (!(seconds > 0) || seconds > 1e9) return invalid_argument("step must be above 0 seconds");
    return Nanos{static_cast<std::int64_t>(seconds * 1e9)};
  }
  MAMORI_TRY(const auto step, parse_duration(text));
  if (step <= Nanos{0}) return invalid_argument("step must be above 0 seconds");
  return step;
}

Result<Timestamp> read_time(const net::Params& params, std::string_view name, Timestamp fallback) {
  const auto text = params.get(name);
  if (!text || text->empty()) return fallback;
  auto time = parse_time(*text);
  if (!time) return invalid_argument(std::string(name) + ": " + time.error().message);
  if (*time < kTimeMin || *time > kTimeMax) {
    return invalid_argument(std::string(name) + ": must lie in the years 1970 to 2200");
  }
  return time;
}

}  // namespace

Result<TimeRange> read_time_range(const net::Params& params, Timestamp now) {
  TimeRange range;
  MAMORI_TRY(range.end, read_time(params, "end", now));
  MAMORI_TRY(range.start, read_time(params, "start", range.end - std::chrono::hours{1}));
  if (range.start >= range.end) return invalid_argument("start must be before end");
  const Nanos width = range.end - range.start;
  range.step = std::max<Nanos>(Seconds{1}, width / kBucketsDefault);
  if (const auto text = params.get("step"); text && !text->empty()) {
    MAMORI_TRY(range.step, read_step(*text));
  }
  range.step = std::max<Nanos>(range.step, width / kBucketsMax + Nanos{1});
  range.step = std::chrono::ceil<Millis>(range.step);
  range.start -= range.start.time_since_epoch() % range.step;
  return range;
}

Buckets::Buckets(const TimeRange& range)
    : range_(range), count_(static_cast<std::size_t>((range.end - range.start + range.step - Nanos{1}) / range.step)) {}

std::optional<std::size_t> Buckets::index(Timestamp t) const {
  if (t < range_.start || t >= range_.end) return std::nullopt;
  return static_cast<std::size_t>((t - range_.start) / range_.step);
}

void Buckets::write_times(JsonWriter& json) const {
  json.begin_array();
  for (std::size_t i = 0; i < count_; ++i) json.integer(to_millis(range_.start + range_.step * static_cast<long>(i)));
  json.end_array();
}

std::optional<double> quantile(std::vector<double>& values, double q) {
  if (values.empty()) return std::nullopt;
  const auto rank = std::max(1.0, std::ceil(q * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::ranges::nth_element(values, at);
  return *at;
}

void write_quantiles(JsonWriter& json, std::vector<std::vector<double>>& values_by_bucket, double q) {
  json.begin_array();
  for (auto& values : values_by_bucket) {
    if (const auto value = quantile(values, q)) {
      json.number(*value);
    } else {
      json.null();
    }
  }
  json.end_array();
}

}  // namespace mamori::console
