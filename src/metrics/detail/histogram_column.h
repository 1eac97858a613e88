// metrics/detail/histogram_column.h: packs the native histograms of one series in a window: their shape where it
// changes, their counts as differences to the one before.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "metrics/detail/bytes.h"
#include "metrics/store.h"

namespace mamori::metrics::detail {

void write_histograms(std::span<const HistogramPoint> points, std::string& out);

/// Appends `count` points. False when the bytes make no sense.
bool read_histograms(ByteReader& in, std::uint64_t count, std::vector<HistogramPoint>& out);

}  // namespace mamori::metrics::detail
