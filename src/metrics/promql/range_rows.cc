// The functions over ranges that have a row maker, apart from rate() and its like. Those that depend on the first or
// last samples, on counts of neighbours, on extremes or on exact sums need no second look at a sample; where floating
// point makes the sum of a window depend on its order, the window is added up anew.
#include <algorithm>
#include <cmath>

#include "metrics/promql/numeric.h"
#include "metrics/promql/row_maker.h"
#include "metrics/promql/value.h"

namespace mamori::metrics::promql {
namespace {

using Values = std::span<const double>;
using Params = std::span<const std::vector<double>>;

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

/// A function of the window's samples, which are [begin, end) of the series'; at least kLeast of them.
/// F: double(const SampleColumns&, std::size_t begin, std::size_t end, std::size_t step).
template <std::uint32_t kLeast, typename F>
class WindowRows final : public RowMaker {
 public:
  WindowRows(std::span<const std::int64_t> window_ends, std::int64_t length_ms, F function)
      : RowMaker(window_ends, length_ms), function_(std::move(function)) {}

 private:
  std::size_t fill(const SampleColumns& samples, std::span<double> row) override {
    const auto begin = windows().begin(), end = windows().end();
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = end[i] - begin[i] < kLeast ? none() : function_(samples, begin[i], end[i], i);
      if (!look_again(end[i] - begin[i])) return 0;
    }
    return kLeast == 2 ? windows().with_two() : windows().with_one();
  }

  F function_;
};

/// How many neighbours in the window differ by `counts`: differences of a running count.
template <typename Counts>
class NeighbourRows final : public RowMaker {
 public:
  NeighbourRows(std::span<const std::int64_t> window_ends, std::int64_t length_ms, Counts counts)
      : RowMaker(window_ends, length_ms), counts_(counts) {}

 private:
  std::size_t fill(const SampleColumns& samples, std::span<double> row) override {
    const auto values = samples.values();
    running_.resize(values.size());
    running_[0] = 0;
    for (std::size_t i = 1; i < values.size(); ++i) {
      running_[i] = running_[i - 1] + (counts_(values[i - 1], values[i]) ? 1u : 0u);
    }
    const auto begin = windows().begin(), end = windows().end();
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = begin[i] == end[i] ? none() : static_cast<double>(running_[end[i] - 1] - running_[begin[i]]);
    }
    return windows().with_one();
  }

  Counts counts_;
  std::vector<std::uint32_t> running_;
};

/// sum_over_time and avg_over_time. Whole numbers whose sum stays below 2^53 add up exactly in any order, so that a
/// window's sum is a difference of running sums; others are added up window by window.
class SumRows final : public RowMaker {
 public:
  SumRows(std::span<const std::int64_t> window_ends, std::int64_t length_ms, bool mean)
      : RowMaker(window_ends, length_ms), mean_(mean) {}

 private:
  void times_changed(const SampleColumns& samples) override {
    std::size_t in_windows = 0;
    for (std::size_t i = 0; i < windows().steps(); ++i) in_windows += windows().size(i);
    overlapping_ = in_windows > 2 * samples.size();
  }

  std::size_t fill(const SampleColumns& samples, std::span<double> row) override {
    const auto values = samples.values();
    const bool exact = overlapping_ && run_up(values);
    const auto begin = windows().begin(), end = windows().end();
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (begin[i] == end[i]) {
        row[i] = none();
      } else if (exact) {
        const double sum = running_[end[i]] - running_[begin[i]];
        row[i] = mean_ ? sum / (end[i] - begin[i]) : sum;
      } else {
        if (!look_again(end[i] - begin[i])) return 0;
        row[i] = mean_ ? added<Mean>(values, begin[i], end[i]) : added<KahanSum>(values, begin[i], end[i]);
      }
    }
    return windows().with_one();
  }

  template <typename Adder>
  static double added(Values values, std::size_t begin, std::size_t end) {
    Adder adder;
    for (auto i = begin; i < end; ++i) adder.add(values[i]);
    return adder.value();
  }

  /// Fills running_; false if the sums are not exact.
  bool run_up(Values values) {
    constexpr double kRounder = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to a whole number
    unsigned broken = 0;
    double size = 0;
    for (const double value : values) {
      broken |= (value + kRounder) - kRounder != value ? 1u : 0u;
      size = std::max(size, std::fabs(value));
    }
    if (broken != 0 || size * static_cast<double>(values.size()) > 9007199254740992.0) return false;
    running_.resize(values.size() + 1);
    running_[0] = 0;
    for (std::size_t i = 0; i < values.size(); ++i) running_[i + 1] = running_[i] + values[i];
    return true;
  }

  const bool mean_;
  bool overlapping_ = false;
  std::vector<double> running_;
};

/// The extreme sample of each window: a queue of those that no later one beats. NaN loses to any number; a window of
/// NaN alone has the last one. Better: of two numbers, whether the later one takes the earlier one's place.
template <typename Better>
class ExtremeRows final : public RowMaker {
 public:
  ExtremeRows(std::span<const std::int64_t> window_ends, std::int64_t length_ms, bool times)
      : RowMaker(window_ends, length_ms), times_(times) {}

 private:
  std::size_t fill(const SampleColumns& samples, std::span<double> row) override {
    const auto values = samples.values();
    const auto begin = windows().begin(), end = windows().end();
    queue_.resize(values.size());
    std::size_t head = 0, tail = 0, next = begin.front();
    for (std::size_t i = 0; i < row.size(); ++i) {
      for (; next < end[i]; ++next) {
        if (std::isnan(values[next])) continue;
        while (tail > head && Better()(values[next], values[queue_[tail - 1]])) --tail;
        queue_[tail++] = static_cast<std::uint32_t>(next);
      }
      while (head < tail && queue_[head] < begin[i]) ++head;
      if (begin[i] == end[i]) {
        row[i] = none();
        continue;
      }
      const auto best = head < tail ? queue_[head] : end[i] - 1;
      row[i] = times_ ? seconds(samples.times()[best]) : values[best];
    }
    return windows().with_one();
  }

  const bool times_;
  std::vector<std::uint32_t> queue_;
};

template <std::uint32_t kLeast = 1, typename F>
std::unique_ptr<RowMaker> each_window(std::span<const std::int64_t> ends, std::int64_t length_ms, F function) {
  return std::make_unique<WindowRows<kLeast, F>>(ends, length_ms, std::move(function));
}

template <typename Counts>
std::unique_ptr<RowMaker> neighbours(std::span<const std::int64_t> ends, std::int64_t length_ms, Counts counts) {
  return std::make_unique<NeighbourRows<Counts>>(ends, length_ms, counts);
}

double variance(const SampleColumns& samples, std::size_t begin, std::size_t end) {
  Variance variance;
  for (auto i = begin; i < end; ++i) variance.add(samples.values()[i]);
  return variance.value();
}

double deviation_from_median(std::vector<double>& values) {
  if (std::ranges::any_of(values, [](double v) { return std::isnan(v); })) return kNaN;
  const double median = quantile_of(0.5, values);
  for (auto& value : values) value = std::fabs(value - median);
  return quantile_of(0.5, values);
}

}  // namespace

std::unique_ptr<RowMaker> range_rows(std::string_view function, std::span<const std::int64_t> ends,
                                     std::int64_t length_ms, Params params) {
  using Columns = const SampleColumns&;
  using Index = std::size_t;
  if (function == "rate") return rate_rows(ends, length_ms, true, true);
  if (function == "increase") return rate_rows(ends, length_ms, true, false);
  if (function == "delta") return rate_rows(ends, length_ms, false, false);
  if (function == "irate") {
    return each_window<2>(ends, length_ms, [](Columns s, Index, Index end, Index) {
      const double a = s.values()[end - 2], b = s.values()[end - 1];
      return (b < a ? b : b - a) / seconds(s.times()[end - 1] - s.times()[end - 2]);
    });
  }
  if (function == "idelta") {
    return each_window<2>(ends, length_ms,
                          [](Columns s, Index, Index end, Index) { return s.values()[end - 1] - s.values()[end - 2]; });
  }
  if (function == "changes") {
    return neighbours(ends, length_ms, [](double a, double b) { return a != b && !(std::isnan(a) && std::isnan(b)); });
  }
  if (function == "resets") return neighbours(ends, length_ms, [](double a, double b) { return b < a; });
  if (function == "sum_over_time") return std::make_unique<SumRows>(ends, length_ms, false);
  if (function == "avg_over_time") return std::make_unique<SumRows>(ends, length_ms, true);
  if (function == "max_over_time") return std::make_unique<ExtremeRows<std::greater<>>>(ends, length_ms, false);
  if (function == "min_over_time") return std::make_unique<ExtremeRows<std::less<>>>(ends, length_ms, false);
  // Of equals the last one's time, of the extremes themselves the first one's value.
  if (function == "ts_of_max_over_time") {
    return std::make_unique<ExtremeRows<std::greater_equal<>>>(ends, length_ms, true);
  }
  if (function == "ts_of_min_over_time") {
    return std::make_unique<ExtremeRows<std::less_equal<>>>(ends, length_ms, true);
  }
  if (function == "count_over_time") {
    return each_window(ends, length_ms,
                       [](Columns, Index begin, Index end, Index) { return static_cast<double>(end - begin); });
  }
  if (function == "present_over_time") {
    return each_window(ends, length_ms, [](Columns, Index, Index, Index) { return 1.0; });
  }
  if (function == "first_over_time") {
    return each_window(ends, length_ms, [](Columns s, Index begin, Index, Index) { return s.values()[begin]; });
  }
  if (function == "last_over_time") {
    return each_window(ends, length_ms, [](Columns s, Index, Index end, Index) { return s.values()[end - 1]; });
  }
  if (function == "ts_of_first_over_time") {
    return each_window(ends, length_ms, [](Columns s, Index begin, Index, Index) { return seconds(s.times()[begin]); });
  }
  if (function == "ts_of_last_over_time") {
    return each_window(ends, length_ms, [](Columns s, Index, Index end, Index) { return seconds(s.times()[end - 1]); });
  }
  if (function == "stdvar_over_time") {
    return each_window(ends, length_ms,
                       [](Columns s, Index begin, Index end, Index) { return variance(s, begin, end); });
  }
  if (function == "stddev_over_time") {
    return each_window(ends, length_ms,
                       [](Columns s, Index begin, Index end, Index) { return std::sqrt(variance(s, begin, end)); });
  }
  if (function == "quantile_over_time") {
    return each_window(
        ends, length_ms,
        [q = params[0], sorted = std::vector<double>()](Columns s, Index begin, Index end, Index step) mutable {
          sorted.assign(s.values().begin() + static_cast<std::ptrdiff_t>(begin),
                        s.values().begin() + static_cast<std::ptrdiff_t>(end));
          return quantile_of(q[step], sorted);
        });
  }
  if (function == "mad_over_time") {
    return each_window(ends, length_ms,
                       [sorted = std::vector<double>()](Columns s, Index begin, Index end, Index) mutable {
                         sorted.assign(s.values().begin() + static_cast<std::ptrdiff_t>(begin),
                                       s.values().begin() + static_cast<std::ptrdiff_t>(end));
                         return deviation_from_median(sorted);
                       });
  }
  return nullptr;
}

}  // namespace mamori::metrics::promql
