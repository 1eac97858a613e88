// rules/result_writer.h: what one rule gives becomes samples of the store; a series that it gave before and gives no
// more gets a staleness marker, so that queries end it at once and not after their lookback.
#pragma once
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "metrics/histogram.h"
#include "metrics/labels.h"
#include "metrics/store.h"

namespace mamori::rules {

struct ResultSample {
  metrics::Labels labels;  // __name__ included
  double value = 0;
  std::shared_ptr<const metrics::Histogram> histogram;  // instead of the value
};

struct LabelsHash {
  std::size_t operator()(const metrics::Labels& labels) const { return labels.hash(); }
};

/// The series that a rule gave last, by their references in the store.
using GivenSeries = std::unordered_map<metrics::Labels, metrics::SeriesRef, LabelsHash>;

/// Writes `samples` at `time_ms`, and a staleness marker to each series of `given` that is not among them; `given`
/// becomes what was written. Errors: as the store's: `given` is as before.
Result<metrics::AppendOutcome> write_results(metrics::Store& store, const std::vector<ResultSample>& samples,
                                             std::int64_t time_ms, GivenSeries& given);

/// Staleness markers for all of `given`. What the store refuses, because a newer sample is there, has been taken over.
Result<void> write_stale(metrics::Store& store, const std::vector<metrics::Labels>& given, std::int64_t time_ms);

}  // namespace mamori::rules
