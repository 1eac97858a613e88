// metrics/promql/memory_store.h: a Store in plain memory, for tests, scripts and `test rules`. Keeps nothing on disk.
#pragma once
#include <algorithm>
#include <map>

#include "metrics/store.h"

namespace mamori::metrics::promql {

/// Not thread-safe while appending.
class MemoryStore final : public Store {
 public:
  Result<AppendOutcome> append(std::span<const SeriesSample> samples) override {
    AppendOutcome outcome;
    for (const auto& [labels, sample] : samples) {
      auto& series = series_[labels];
      if (!series.empty() && series.back().time_ms >= sample.time_ms) {
        ++outcome.out_of_order;
        continue;
      }
      series.push_back(sample);
      ++outcome.written;
    }
    return outcome;
  }

  std::vector<SeriesData> select(std::span<const Matcher> matchers, std::int64_t start_ms,
                                 std::int64_t end_ms) const override {
    std::vector<SeriesData> out;
    for (const auto& [labels, samples] : series_) {
      if (!matches(matchers, labels)) continue;
      const auto from = std::ranges::lower_bound(samples, start_ms, {}, &Sample::time_ms);
      const auto to = std::ranges::upper_bound(samples, end_ms, {}, &Sample::time_ms);
      if (from < to) out.push_back({labels, {from, to}});
    }
    return out;
  }

  std::vector<Labels> series(std::span<const Matcher> matchers, std::int64_t start_ms,
                             std::int64_t end_ms) const override {
    std::vector<Labels> out;
    for (auto& data : select(matchers, start_ms, end_ms)) out.push_back(std::move(data.labels));
    return out;
  }

  StoreStats stats() const override { return {.series = series_.size()}; }
  Result<void> enforce_retention() override { return {}; }
  Result<void> sync() override { return {}; }
  void clear() { series_.clear(); }

 private:
  static bool matches(std::span<const Matcher> matchers, const Labels& labels) {
    return std::ranges::all_of(matchers, [&](const Matcher& m) { return m.matches(labels.get(m.name())); });
  }

  std::map<Labels, std::vector<Sample>> series_;
};

}  // namespace mamori::metrics::promql
