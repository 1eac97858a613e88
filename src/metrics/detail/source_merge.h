// metrics/detail/source_merge.h: puts together what several heads and parts have of one series. Most often each begins
// after the one before has ended, and nothing is to be done; where they overlap in time, the one that was written first
// has its way.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "metrics/store.h"

namespace mamori::metrics::detail {

/// Sources are appended to `out` one after another, those written first first; each ends with end_source(). Made once
/// and used for many series.
class SourceMerge {
 public:
  void begin(SeriesData& out);
  /// What was appended since the last call is one source. `ascending`: as parts are, and what a head took in order.
  void end_source(bool ascending);
  /// Makes all of it ascend, each time once.
  void finish() {
    if (overlap_) merge();
  }
  std::size_t samples_from() const { return ends_.empty() ? 0 : ends_.back().samples; }
  std::size_t histograms_from() const { return ends_.empty() ? 0 : ends_.back().histograms; }

 private:
  struct End {
    std::size_t samples = 0, histograms = 0;
  };
  void merge();
  SeriesData* out_ = nullptr;
  std::vector<End> ends_;
  std::int64_t newest_ms_ = std::numeric_limits<std::int64_t>::min();
  bool any_ = false, overlap_ = false;
};

}  // namespace mamori::metrics::detail
