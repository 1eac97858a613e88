// metrics/promql/histogram_stats_only.h: histograms without buckets, for histogram_count, histogram_sum and
// histogram_avg, which need none of them: less to add up. As Prometheus does, and with the same side effect: what the
// buckets tell of counter resets is written into each sample before they go, so that sums can warn of conflicts.
#pragma once
#include <vector>

#include "metrics/store.h"

namespace mamori::metrics::promql {

/// `histograms`: of one series, ascending time.
void drop_buckets(std::vector<HistogramPoint>& histograms);

}  // namespace mamori::metrics::promql
