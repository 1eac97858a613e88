#include "metrics/promql/sample_columns.h"

#include <bit>

namespace mamori::metrics::promql {

void SampleColumns::assign(std::span<const Sample> samples) {
  const auto n = samples.size();
  values_.resize(n);
  const bool same_count = times_.size() == n;
  times_.resize(n);
  // One pass without branches, which the compiler turns into vector code.
  std::uint64_t differing = same_count ? 0 : 1, markers = 0;
  double* const values = values_.data();
  std::int64_t* const times = times_.data();
  for (std::size_t i = 0; i < n; ++i) {
    const auto [time_ms, value] = samples[i];
    differing |= static_cast<std::uint64_t>(time_ms ^ times[i]);
    times[i] = time_ms;
    values[i] = value;
    markers |= std::bit_cast<std::uint64_t>(value) == kStaleNanBits ? 1 : 0;
  }
  has_markers_ = markers != 0;
  if (has_markers_ && markers_ == Markers::Remove) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n; ++i) {
      times[kept] = times[i];
      values[kept] = values[i];
      kept += std::bit_cast<std::uint64_t>(values[i]) == kStaleNanBits ? 0 : 1;
    }
    times_.resize(kept);
    values_.resize(kept);
    has_markers_ = false;
    differing = 1;
  }
  if (differing != 0 || times_version_ == 0) ++times_version_;
}

}  // namespace mamori::metrics::promql
