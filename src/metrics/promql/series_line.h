// metrics/promql/series_line.h: series as test scripts and tests of rules write them: a label set, and its values step
// by step. Source: prometheus.io/docs, "Unit testing for rules", series notation.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"
#include "metrics/promql/histogram_literal.h"

namespace mamori::metrics::promql {

struct Point {
  enum class Type { None, Value, Histogram } type = Type::None;
  double value = 0;
  HistogramLiteral histogram;
};

struct SeriesLine {
  Labels labels;
  bool start_times = false;  // `up@st -1m`: not values, but since when they count; read no further
  std::vector<Point> points;
};

/// `up{job="a"} 1 2+1x3 _ stale NaN {{count:1}}+{{count:2}}x3`.
/// Errors: InvalidArgument naming what does not fit.
Result<SeriesLine> parse_series_line(std::string_view line);

/// A label set with or without a name: `up{job="a"}`, `{job="a"}`, "". Errors: InvalidArgument naming what does not
/// fit.
Result<Labels> parse_metric(std::string_view text);

/// "5m", or seconds as a number; may be negative.
Result<std::int64_t> parse_script_duration(std::string_view text);

}  // namespace mamori::metrics::promql
