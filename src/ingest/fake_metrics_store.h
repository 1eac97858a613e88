// ingest/fake_metrics_store.h: a metrics store in memory for this room's tests: in order only, refuses when told to.
#pragma once
#include <bit>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "metrics/write_only_store.h"

namespace mamori::ingest {

class FakeMetricsStore final : public metrics::WriteOnlyStore {
 public:
  using Outcome = metrics::AppendOutcome;

  Result<metrics::SeriesRef> find_or_create(const metrics::Labels& labels) override {
    ++lookups;
    if (full) return Error{Code::Unavailable, "write 00000001.wal: No space left on device"};
    if (const auto known = refs.find(labels); known != refs.end()) return known->second;
    if (refs.size() >= series_max)
      return Error{Code::TooLarge, "there are " + std::to_string(series_max) + " series already (--series-max)"};
    data.push_back({.labels = labels, .samples = {}, .histograms = {}});
    return refs[labels] = static_cast<metrics::SeriesRef>(data.size() - 1);
  }

  Result<Outcome> write(const metrics::WriteBatch& batch) override {
    if (full) return Error{Code::Unavailable, "write 00000001.wal: No space left on device"};
    ++writes;
    Outcome outcome;
    for (const auto& sample : batch.samples) {
      if (!takes(sample.series, sample.time_ms, outcome, [&](const metrics::SeriesData& series) {
            return !series.samples.empty() && std::bit_cast<std::uint64_t>(series.samples.back().value) ==
                                                  std::bit_cast<std::uint64_t>(sample.value);
          }))
        continue;
      data[sample.series].samples.push_back({sample.time_ms, sample.value});
    }
    for (const auto& sample : batch.histograms) {
      if (!takes(sample.series, sample.time_ms, outcome, [&](const metrics::SeriesData& series) {
            return !series.histograms.empty() && *series.histograms.back().value == *sample.value;
          }))
        continue;
      data[sample.series].histograms.push_back({sample.time_ms, sample.value});
    }
    return outcome;
  }

  /// As retention does: the reference is of no series any more.
  void forget(const metrics::Labels& labels) {
    forgotten.insert(refs.at(labels));
    refs.erase(labels);
  }

  const metrics::SeriesData* find(const metrics::Labels& labels) const {
    const auto known = refs.find(labels);
    return known == refs.end() ? nullptr : &data[known->second];
  }

  bool full = false;
  std::size_t series_max = ~std::size_t{0};
  int lookups = 0, writes = 0;
  std::map<metrics::Labels, metrics::SeriesRef> refs;
  std::set<metrics::SeriesRef> forgotten;
  std::vector<metrics::SeriesData> data;  // by SeriesRef

 private:
  template <typename IsSame>
  bool takes(metrics::SeriesRef ref, std::int64_t time_ms, Outcome& outcome, IsSame is_same) {
    if (ref >= data.size() || forgotten.contains(ref)) {
      ++outcome.unknown_series;
      return false;
    }
    const auto& series = data[ref];
    auto last_ms = std::numeric_limits<std::int64_t>::min();
    if (!series.samples.empty()) last_ms = series.samples.back().time_ms;
    if (!series.histograms.empty()) last_ms = std::max(last_ms, series.histograms.back().time_ms);
    if (time_ms > last_ms) {
      ++outcome.written;
      return true;
    }
    if (time_ms == last_ms && is_same(series)) {
      ++outcome.duplicate;
      return false;
    }
    ++(time_ms == last_ms ? outcome.conflicting : outcome.out_of_order);
    if (outcome.first_refused.empty())
      outcome.first_refused = series.labels.to_string() + " at " + std::to_string(time_ms);
    return false;
  }
};

}  // namespace mamori::ingest
