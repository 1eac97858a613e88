#include "metrics/promql/step_windows.h"

namespace mamori::metrics::promql {
namespace {

/// The number of `times` not later than `border`, starting from `at`, which is not more than that. Tries first whether
/// the border moved on by `stride` samples, as it does from step to step of a regular series.
std::uint32_t advance(std::span<const std::int64_t> times, std::uint32_t at, std::uint32_t stride,
                      std::int64_t border) {
  const auto n = times.size();
  const std::size_t guess = at + stride;
  if (stride > 0 && guess <= n && times[guess - 1] <= border) at = static_cast<std::uint32_t>(guess);
  while (at < n && times[at] <= border) ++at;
  return at;
}

}  // namespace

StepWindows::StepWindows(std::span<const std::int64_t> window_ends, std::int64_t length_ms)
    : ends_(window_ends), length_ms_(length_ms), first_(window_ends.size()), last_(window_ends.size()) {}

void StepWindows::find(std::span<const std::int64_t> times, std::uint64_t version) {
  version_ = version;
  std::uint32_t begin = 0, end = 0, begin_stride = 0, end_stride = 0;
  with_one_ = with_two_ = 0;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    const auto next_end = advance(times, end, end_stride, ends_[i]);
    const auto next_begin = advance(times, begin, begin_stride, ends_[i] - length_ms_);
    end_stride = next_end - end;
    begin_stride = next_begin - begin;
    end = next_end;
    begin = next_begin;
    first_[i] = begin;
    last_[i] = end;
    with_one_ += end - begin >= 1 ? 1 : 0;
    with_two_ += end - begin >= 2 ? 1 : 0;
  }
}

}  // namespace mamori::metrics::promql
