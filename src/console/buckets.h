// console/buckets.h: the time axis of a chart: equal steps from a start, a bounded number of them.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace mamori::console {

struct TimeRange {
  Timestamp start, end;  // [start, end)
  Nanos step;
};

/// Reads `start`, `end` (RFC 3339 or epoch seconds) and `step` (seconds or a duration) of a request. Defaults: end =
/// now, start = an hour before, a step that gives about 60 buckets. The step is raised until at most 2,000 buckets
/// remain, and start is moved back to a multiple of it, so that buckets stay where they are while time goes on. Errors:
/// InvalidArgument naming the parameter.
Result<TimeRange> read_time_range(const net::Params& params, Timestamp now);

class Buckets {
 public:
  explicit Buckets(const TimeRange& range);
  std::size_t size() const { return count_; }
  /// Nothing for a time outside.
  std::optional<std::size_t> index(Timestamp t) const;
  void write_times(JsonWriter& json) const;  // the starts, epoch milliseconds, as an array

 private:
  TimeRange range_;
  std::size_t count_;
};

/// The value at rank ceil(q * n) of `values` (nearest rank), or nothing when empty. Reorders `values`.
std::optional<double> quantile(std::vector<double>& values, double q);

/// One quantile per bucket as an array of numbers and nulls.
void write_quantiles(JsonWriter& json, std::vector<std::vector<double>>& values_by_bucket, double q);

}  // namespace mamori::console
