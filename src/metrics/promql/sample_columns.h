// metrics/promql/sample_columns.h: one series' float samples, times and values apart, in a buffer that is used again
// for the next series. Series that are scraped together have the same times: what was worked out from times alone can
// stay while `times_version` does.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/store.h"

namespace mamori::metrics::promql {

class SampleColumns {
 public:
  enum class Markers { Keep, Remove };  // of staleness

  explicit SampleColumns(Markers markers) : markers_(markers) {}

  /// Takes the place of what was there; gives back the buffers that it had.
  void take(SeriesColumns& columns);

  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  std::span<const std::int64_t> times() const { return times_; }
  std::span<const double> values() const { return values_; }
  /// Whether a staleness marker is among the values.
  bool has_markers() const { return has_markers_; }
  /// Differs from that of the series before if the times do; never 0 after take().
  std::uint64_t times_version() const { return times_version_; }

 private:
  void remove_markers(std::vector<std::int64_t>& times);

  const Markers markers_;
  std::vector<std::int64_t> times_;
  std::vector<double> values_;
  bool has_markers_ = false;
  std::uint64_t times_version_ = 0;
};

}  // namespace mamori::metrics::promql
