// tests/conformance/promql/stored_histograms.h: what upstream's storage makes of samples that a script loads.
#pragma once
#include <map>
#include <vector>

#include "metrics/promql/series_line.h"

namespace mamori::conformance {

using LoadedSeries = std::map<metrics::Labels, std::vector<metrics::promql::Point>>;

/// Upstream's storage keeps no sample's own counter_reset_hint. It knows of each whether it goes on from the one before
/// without a reset; only what was loaded as a gauge stays one.
void note_resets(std::vector<metrics::promql::Point>& points);

/// load_with_nhcb: adds to series of classic buckets the same histograms with custom buckets.
void add_custom_bucket_histograms(LoadedSeries& loaded);

}  // namespace mamori::conformance
