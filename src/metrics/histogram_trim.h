// metrics/histogram_trim.h: what remains of a native histogram without the observations beyond a value: PromQL's
// operators </ and >/. Of a bucket that is cut, as many observations remain as histogram_fraction would see there; the
// sum is that of observations in the middle of what remains of each bucket.
// Source: Prometheus documentation, "Operators", "Native Histograms" (specification).
#pragma once
#include "metrics/histogram.h"

namespace mamori::metrics {

enum class Keep { Below, Above };

/// Unchanged if nothing lies beyond.
Histogram trim(const Histogram& histogram, double value, Keep keep);

}  // namespace mamori::metrics
