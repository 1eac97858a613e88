// rate(), increase() and delta() for all steps of a series. What follows from the times alone (how far the samples
// reach, how far to stretch them) is worked out once for all series with those times; of the values only the first and
// the last of each window are read, and where counters were reset.
#include <algorithm>
#include <cmath>

#include "metrics/promql/row_maker.h"
#include "metrics/promql/value.h"

namespace mamori::metrics::promql {
namespace {

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

class RateRows final : public RowMaker {
 public:
  RateRows(std::span<const std::int64_t> window_ends, std::int64_t length_ms, bool counter, bool per_second)
      : RowMaker(window_ends, length_ms), counter_(counter), per_second_(per_second) {
    for (auto* column : {&sampled_, &to_start_, &to_end_, &first_value_, &change_}) column->resize(window_ends.size());
    for (auto* column : {&first_, &last_}) column->resize(window_ends.size());
  }

 private:
  // The extrapolation of range_functions.cc, in the same order of operations: the same bits.
  void times_changed(const SampleColumns& samples) override {
    const auto times = samples.times();
    without_value_.clear();
    for (std::size_t i = 0; i < sampled_.size(); ++i) {
      const auto n = windows().size(i);
      if (n < 2) {
        without_value_.push_back(static_cast<std::uint32_t>(i));
        first_[i] = last_[i] = 0;
        sampled_[i] = 1;
        to_start_[i] = to_end_[i] = 0;
        continue;
      }
      first_[i] = windows().begin()[i];
      last_[i] = windows().end()[i] - 1;
      const auto first_ms = times[first_[i]], last_ms = times[last_[i]], end_ms = windows().window_ends()[i];
      sampled_[i] = seconds(last_ms - first_ms);
      const double spacing = sampled_[i] / static_cast<double>(n - 1);
      const double threshold = spacing * 1.1;
      const double to_start = seconds(first_ms - (end_ms - windows().length_ms()));
      const double to_end = seconds(end_ms - last_ms);
      to_start_[i] = to_start >= threshold ? spacing / 2 : to_start;
      to_end_[i] = to_end >= threshold ? spacing / 2 : to_end;
    }
  }

  std::size_t fill(const SampleColumns& samples, std::span<double> row) override {
    const auto values = samples.values();
    for (std::size_t i = 0; i < row.size(); ++i) {
      first_value_[i] = values[first_[i]];
      change_[i] = values[last_[i]] - first_value_[i];
    }
    if (counter_) {
      add_resets(values);
      stretch<true>(row);
    } else {
      stretch<false>(row);
    }
    for (const auto i : without_value_) row[i] = none();
    return windows().with_two();
  }

  /// Adds to each step's change what the counter had reached before each reset in its window.
  void add_resets(std::span<const double> values) {
    find_resets(values.subspan(windows().begin().front(), windows().end().back() - windows().begin().front()),
                windows().begin().front());
    if (resets_.empty()) return;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < change_.size(); ++i) {
      while (begin < resets_.size() && resets_[begin] <= first_[i]) ++begin;
      for (auto k = begin; k < resets_.size() && resets_[k] <= last_[i]; ++k) change_[i] += values[resets_[k] - 1];
    }
  }

  /// Indexes of values lower than the one before. Almost no series has any: looks at many at once first.
  void find_resets(std::span<const double> values, std::uint32_t offset) {
    resets_.clear();
    constexpr std::size_t kBlock = 64;
    for (std::size_t begin = 1; begin < values.size(); begin += kBlock) {
      const auto end = std::min(begin + kBlock, values.size());
      unsigned lower = 0;
      for (auto i = begin; i < end; ++i) lower |= values[i] < values[i - 1] ? 1u : 0u;
      if (lower == 0) continue;
      for (auto i = begin; i < end; ++i) {
        if (values[i] < values[i - 1]) resets_.push_back(offset + static_cast<std::uint32_t>(i));
      }
    }
  }

  template <bool kCounter>
  void stretch(std::span<double> row) const {
    const double length = seconds(windows().length_ms());
    const double divisor = per_second_ ? length : 1;
    const double *sampled = sampled_.data(), *from_start = to_start_.data(), *to_end = to_end_.data(),
                 *first = first_value_.data(), *change = change_.data();
    double* const out = row.data();
    const auto steps = row.size();
    for (std::size_t i = 0; i < steps; ++i) {
      double to_start = from_start[i];
      if constexpr (kCounter) {
        // A counter is never below zero: it cannot have begun earlier than its slope says.
        const double since_zero = sampled[i] * (first[i] / change[i]);
        const bool sooner = (change[i] > 0) & (first[i] >= 0) & (since_zero < to_start);
        to_start = sooner ? since_zero : to_start;
      }
      out[i] = change[i] * ((sampled[i] + to_start + to_end[i]) / sampled[i] / divisor);
    }
  }

  const bool counter_, per_second_;
  std::vector<double> sampled_, to_start_, to_end_;  // seconds, by step
  std::vector<std::uint32_t> first_, last_;          // samples, by step
  std::vector<std::uint32_t> without_value_;         // steps
  std::vector<double> first_value_, change_;         // of the series at hand, by step
  std::vector<std::uint32_t> resets_;
};

}  // namespace

std::unique_ptr<RowMaker> rate_rows(std::span<const std::int64_t> window_ends, std::int64_t length_ms, bool counter,
                                    bool per_second) {
  return std::make_unique<RateRows>(window_ends, length_ms, counter, per_second);
}

}  // namespace mamori::metrics::promql
