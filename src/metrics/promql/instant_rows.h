// metrics/promql/instant_rows.h: what a selector sees of one series: at each moment its newest sample, float or
// histogram, if the lookback reaches it.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/promql/histogram_notes.h"
#include "metrics/promql/value.h"

namespace mamori::metrics::promql {

struct InstantView {
  std::span<const std::int64_t> moments;  // one per step
  std::int64_t lookback_ms = 0;
  bool timestamps = false;  // the samples' times instead of their values
  bool smoothed = false;    // between two samples: on the line from one to the other
};

/// Fills the row's steps and adds to `counts` how many samples each has looked at. False if no step has a value.
bool fill_row(const InstantView& view, const SeriesData& series, const HistogramNotes& notes, Series& row,
              std::span<std::uint64_t> counts);

}  // namespace mamori::metrics::promql
