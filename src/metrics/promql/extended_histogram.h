// metrics/promql/extended_histogram.h: a histogram between two samples, for smoothed selectors and ranges.
#pragma once
#include <cstdint>

#include "metrics/store.h"

namespace mamori::metrics::promql {

/// Between the two by the share of time; a counter that was reset in between began again at zero. Null when one has
/// exponential buckets and the other custom ones.
HistogramPtr interpolated(const HistogramPoint& before, const HistogramPoint& after, std::int64_t time_ms,
                          bool counter);

}  // namespace mamori::metrics::promql
