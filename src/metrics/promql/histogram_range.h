// metrics/promql/histogram_range.h: functions over ranges that hold histograms, alone or beside floats.
// Source: Prometheus 3 documentation, "Query functions"; "Native Histograms" (specification), "PromQL".
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/histogram_notes.h"

namespace mamori::metrics::promql {

/// A float, a histogram, or nothing.
struct RangeValue {
  std::optional<double> value;
  HistogramPtr histogram{};
};

/// REQUIRES: the window holds a histogram, or for anchored and smoothed ranges the series does.
using HistogramRangeApply = RangeValue (*)(const Window& window, const HistogramNotes& notes);

/// Null for a function that looks at floats only.
HistogramRangeApply histogram_range_function(std::string_view name);

/// Of anchored and smoothed ranges. REQUIRES: the function takes them (extended_function).
HistogramRangeApply extended_histogram_function(std::string_view name, bool anchored);

/// A sample of either type.
struct RangePoint {
  std::int64_t time_ms = 0;
  double value = 0;
  HistogramPtr histogram{};
};

/// Both kinds in order of time.
std::vector<RangePoint> points_of(std::span<const Sample> samples, std::span<const HistogramPoint> histograms);

/// How often a counter was reset; how often the value changed. From a float to a histogram or back is both.
double count_resets(std::span<const RangePoint> points);
double count_changes(std::span<const RangePoint> points);

/// By what the change between a range's first and last sample is multiplied to be that of the whole range: as far as
/// the samples' spacing makes it likely that the series goes on there.
struct Extent {
  std::int64_t first_ms = 0, last_ms = 0;
  std::size_t samples = 0;  // at least 2
};
/// `first` and `change`: of a counter, which cannot have begun below zero; else null.
double extrapolation_factor(const Window& window, const Extent& extent, const double* first, double change,
                            bool per_second);

}  // namespace mamori::metrics::promql
