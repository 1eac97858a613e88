#include "metrics/promql/row_maker.h"

#include <algorithm>

#include "metrics/promql/value.h"

namespace mamori::metrics::promql {
namespace {

class SelectorRows final : public RowMaker {
 public:
  SelectorRows(std::span<const std::int64_t> moments, std::int64_t lookback_ms, bool timestamps)
      : RowMaker(moments, lookback_ms), timestamps_(timestamps) {}

 private:
  // The newest sample counts even if it is a marker: then the step has no value, and nothing was looked at. Markers
  // are rare, so those steps are taken off again.
  std::size_t fill(const SampleColumns& samples, std::span<double> row) override {
    const auto values = samples.values();
    const auto times = samples.times();
    const auto begin = windows().begin(), end = windows().end();
    const bool whole = windows().with_one() == row.size();
    std::size_t present = windows().with_one();
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!whole && begin[i] == end[i]) {
        row[i] = none();
        continue;
      }
      row[i] = values[end[i] - 1];  // a marker is none() already
    }
    if (samples.has_markers()) {
      present = row.size() - static_cast<std::size_t>(std::ranges::count_if(row, is_none));
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (begin[i] != end[i] && is_none(row[i])) not_counted(i);
      }
    }
    if (timestamps_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (!is_none(row[i])) row[i] = static_cast<double>(times[end[i] - 1]) / 1000;
      }
    }
    return present;
  }

  std::uint64_t looked_at(std::size_t step) const override { return windows().size(step) > 0 ? 1 : 0; }

  const bool timestamps_;
};

}  // namespace

std::size_t RowMaker::make(const SampleColumns& samples, std::span<double> row) {
  if (samples.empty()) return 0;
  if (windows_.version() != samples.times_version()) {
    settle();
    windows_.find(samples.times(), samples.times_version());
    times_changed(samples);
  }
  if (windows_.with_one() == 0 && !looks_around_) return 0;
  ++series_with_these_windows_;
  return fill(samples, row);
}

void RowMaker::settle() {
  if (series_with_these_windows_ == 0) return;
  for (std::size_t i = 0; i < counted_.size(); ++i) counted_[i] += series_with_these_windows_ * looked_at(i);
  series_with_these_windows_ = 0;
}

void RowMaker::add_counts(std::span<std::uint64_t> per_step) {
  settle();
  for (std::size_t i = 0; i < counted_.size(); ++i) per_step[i] += std::exchange(counted_[i], 0);
}

std::unique_ptr<RowMaker> selector_rows(std::span<const std::int64_t> moments, std::int64_t lookback_ms,
                                        bool timestamps) {
  return std::make_unique<SelectorRows>(moments, lookback_ms, timestamps);
}

}  // namespace mamori::metrics::promql
