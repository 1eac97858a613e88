#include "metrics/promql/sample_columns.h"

#include <bit>
#include <utility>

namespace mamori::metrics::promql {

void SampleColumns::take(SeriesColumns& columns) {
  std::swap(values_, columns.values);
  // Without branches, so that the compiler turns it into vector code.
  std::uint64_t markers = 0;
  for (const double value : values_) markers |= std::bit_cast<std::uint64_t>(value) == kStaleNanBits ? 1 : 0;
  has_markers_ = markers != 0;
  if (has_markers_ && markers_ == Markers::Remove) remove_markers(columns.times_ms);
  if (times_version_ != 0 && columns.times_ms == times_) return;
  std::swap(times_, columns.times_ms);
  ++times_version_;
}

void SampleColumns::remove_markers(std::vector<std::int64_t>& times) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    times[kept] = times[i];
    values_[kept] = values_[i];
    kept += std::bit_cast<std::uint64_t>(values_[i]) == kStaleNanBits ? 0 : 1;
  }
  times.resize(kept);
  values_.resize(kept);
  has_markers_ = false;
}

}  // namespace mamori::metrics::promql
