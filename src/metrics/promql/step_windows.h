// metrics/promql/step_windows.h: which samples each step's window holds, found by walking times and steps together.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace mamori::metrics::promql {

/// Windows (end - length, end], one per step. The samples of step i are those from begin()[i] to before end()[i].
class StepWindows {
 public:
  /// `window_ends`: ascending, one per step; must outlive this.
  StepWindows(std::span<const std::int64_t> window_ends, std::int64_t length_ms);

  /// `version`: of the times, kept for the caller to know whether they have changed.
  void find(std::span<const std::int64_t> times, std::uint64_t version);

  std::uint64_t version() const { return version_; }
  std::size_t steps() const { return ends_.size(); }
  std::span<const std::uint32_t> begin() const { return first_; }
  std::span<const std::uint32_t> end() const { return last_; }
  std::uint32_t size(std::size_t step) const { return last_[step] - first_[step]; }
  /// In how many steps the window holds at least one, at least two samples.
  std::size_t with_one() const { return with_one_; }
  std::size_t with_two() const { return with_two_; }
  std::span<const std::int64_t> window_ends() const { return ends_; }
  std::int64_t length_ms() const { return length_ms_; }

 private:
  std::span<const std::int64_t> ends_;
  std::int64_t length_ms_;
  std::uint64_t version_ = 0;
  std::vector<std::uint32_t> first_, last_;
  std::size_t with_one_ = 0, with_two_ = 0;
};

}  // namespace mamori::metrics::promql
