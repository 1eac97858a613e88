// metrics/histogram_stats.h: estimates from the buckets of a native histogram: quantiles, fractions, variance.
// Inside a bucket observations are taken to lie evenly: on a logarithmic scale where the bounds grow exponentially, on
// a linear one in custom buckets and in the zero bucket. Observations of NaN are in the count, but in no bucket.
// Source: Prometheus documentation, "Query functions": histogram_quantile, histogram_fraction, histogram_stddev.
#pragma once
#include <span>

#include "metrics/histogram.h"
#include "metrics/histogram_buckets.h"

namespace mamori::metrics {

/// NaN without observations; outside [0, 1]: -Inf and +Inf; NaN when the quantile lies among observations of NaN.
double histogram_quantile(double q, const Histogram& histogram);

/// Share of the observations in (lower, upper].
double histogram_fraction(double lower, double upper, const Histogram& histogram);

/// Observations are taken to lie in the middle of their bucket: the geometric one of exponential bounds, else the
/// arithmetic one; those of the zero bucket at 0.
double histogram_variance(const Histogram& histogram);

/// How many of a bucket's observations are below `value`, which lies in it. `linear`: of custom or zero buckets.
double observations_below(double value, const HistogramBucket& bucket, bool linear);

/// The bounds between which a bucket's observations are looked for: the zero bucket of a histogram without negative
/// buckets begins at 0, without positive ones it ends there; the first custom bucket begins at 0 if it ends above.
/// Returns whether they lie linearly there.
bool narrow_bounds(const Histogram& histogram, HistogramBucket& bucket);

}  // namespace mamori::metrics
