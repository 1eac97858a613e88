// metrics/promql/row_maker.h: turns one series' samples into one value per step, for a selector or a function over a
// range selector, as evaluation step by step would, to the last bit, but without looking at a window's samples again
// for each step where the function allows that.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/promql/sample_columns.h"
#include "metrics/promql/step_windows.h"

namespace mamori::metrics::promql {

/// Used by one thread for series after series. REQUIRES: `samples` come from one SampleColumns.
class RowMaker {
 public:
  /// `looks_around`: a step may have a value although no sample lies in its window.
  RowMaker(std::span<const std::int64_t> window_ends, std::int64_t length_ms, bool looks_around = false)
      : looks_around_(looks_around), windows_(window_ends, length_ms), counted_(window_ends.size()) {}
  virtual ~RowMaker() = default;

  /// `check`: says whether the query may go on; asked now and then while one series takes long.
  void ask(std::function<bool()> check) { may_go_on_ = std::move(check); }

  /// Fills `row`; a step without a value becomes none(). Returns how many have one.
  std::size_t make(const SampleColumns& samples, std::span<double> row);

  /// Adds to `per_step` how many samples each step looked at, in all series so far.
  void add_counts(std::span<std::uint64_t> per_step);

 protected:
  /// Windows were found for other times than before.
  virtual void times_changed(const SampleColumns& samples) { static_cast<void>(samples); }
  virtual std::size_t fill(const SampleColumns& samples, std::span<double> row) = 0;
  /// Of a selector a step looks at one sample, not at all that its window holds.
  virtual std::uint64_t looked_at(std::size_t step) const { return windows_.size(step); }

  const StepWindows& windows() const { return windows_; }
  /// Counts samples that are looked at again for a step; false: the query may not go on, the row does not matter.
  bool look_again(std::size_t samples) {
    work_ += samples;
    if (work_ < kWorkBetweenChecks) return true;
    work_ = 0;
    return !may_go_on_ || may_go_on_();
  }
  /// This series' step looked at one sample less than looked_at() says.
  void not_counted(std::size_t step) { --counted_[step]; }

 private:
  const bool looks_around_;
  static constexpr std::size_t kWorkBetweenChecks = 1'000'000;  // about 10 ms of sorting or adding
  void settle();

  std::function<bool()> may_go_on_;
  std::size_t work_ = 0;
  StepWindows windows_;
  std::vector<std::uint64_t> counted_;
  std::uint64_t series_with_these_windows_ = 0;
};

/// What makes rows of a selector: the newest sample of the lookback, or its time in seconds.
/// `moments`: one per step; must outlive what is returned, here and below. Samples are to have their markers.
std::unique_ptr<RowMaker> selector_rows(std::span<const std::int64_t> moments, std::int64_t lookback_ms,
                                        bool timestamps);

/// What makes rows of `function` over a range; null if it is not one of those that are made here. `params`: those that
/// are numbers, one value per step each. Samples are to have no markers.
std::unique_ptr<RowMaker> range_rows(std::string_view function, std::span<const std::int64_t> window_ends,
                                     std::int64_t length_ms, std::span<const std::vector<double>> params);

/// rate, increase, delta. `counter`: what was lost at resets is added.
std::unique_ptr<RowMaker> rate_rows(std::span<const std::int64_t> window_ends, std::int64_t length_ms, bool counter,
                                    bool per_second);

}  // namespace mamori::metrics::promql
