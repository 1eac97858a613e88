// metrics/promql/memory_store.h: a Store in plain memory, for tests, scripts and `test rules`. Keeps nothing on disk.
#pragma once
#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <optional>

#include "metrics/store.h"

namespace mamori::metrics::promql {

/// Not thread-safe while appending.
class MemoryStore final : public Store {
 public:
  Result<SeriesRef> find_or_create(const Labels& labels) override {
    const auto [at, added] = refs_.try_emplace(labels, static_cast<SeriesRef>(series_.size()));
    if (added) {
      series_.push_back({.labels = labels, .samples = {}, .histograms = {}});
      for (const auto& [name, value] : labels) postings_[std::string(name)][std::string(value)].push_back(at->second);
    }
    return at->second;
  }

  Result<AppendOutcome> write(const WriteBatch& batch) override {
    AppendOutcome outcome;
    for (const auto& [ref, time_ms, value] : batch.samples) {
      auto& series = series_[ref];
      if (last_ms(series) >= time_ms) {
        ++outcome.out_of_order;
        continue;
      }
      series.samples.push_back({time_ms, value});
      ++outcome.written;
    }
    for (const auto& [ref, time_ms, value] : batch.histograms) {
      auto& series = series_[ref];
      if (last_ms(series) >= time_ms) {
        ++outcome.out_of_order;
        continue;
      }
      series.histograms.push_back({time_ms, value});
      ++outcome.written;
    }
    return outcome;
  }

  std::unique_ptr<Selection> open_selection(std::span<const Matcher> matchers, std::int64_t start_ms,
                                            std::int64_t end_ms) const override {
    auto view = std::make_unique<View>();
    view->start_ms = start_ms;
    view->end_ms = end_ms;
    const auto keep = [&](SeriesRef ref) {
      if (matches(matchers, series_[ref].labels)) view->series.push_back(&series_[ref]);
    };
    if (const auto refs = narrowest(matchers)) {
      for (const auto ref : *refs) keep(ref);
    } else {
      for (SeriesRef ref = 0; ref < series_.size(); ++ref) keep(ref);
    }
    return view;
  }

  std::vector<Labels> series(std::span<const Matcher> matchers, std::int64_t start_ms,
                             std::int64_t end_ms) const override {
    std::vector<Labels> out;
    for (auto& data : select(matchers, start_ms, end_ms)) out.push_back(std::move(data.labels));
    return out;
  }

  StoreStats stats() const override { return {.series = series_.size(), .samples_appended = 0, .bytes_in_memory = 0}; }
  Result<void> enforce_retention() override { return {}; }
  Result<void> sync() override { return {}; }
  void clear() {
    refs_.clear();
    postings_.clear();
    series_.clear();
  }

 private:
  /// The fewest series that one matcher for an exact value leaves; nothing without such a matcher.
  std::optional<std::span<const SeriesRef>> narrowest(std::span<const Matcher> matchers) const {
    std::optional<std::span<const SeriesRef>> best;
    for (const auto& matcher : matchers) {
      if (matcher.op() != MatchOp::Equal || matcher.value().empty()) continue;
      std::span<const SeriesRef> refs;
      if (const auto name = postings_.find(matcher.name()); name != postings_.end()) {
        if (const auto value = name->second.find(matcher.value()); value != name->second.end()) refs = value->second;
      }
      if (!best || refs.size() < best->size()) best = refs;
    }
    return best;
  }

  static bool matches(std::span<const Matcher> matchers, const Labels& labels) {
    return std::ranges::all_of(matchers, [&](const Matcher& m) { return m.matches(labels.get(m.name())); });
  }

  static std::int64_t last_ms(const SeriesData& series) {
    auto last = std::numeric_limits<std::int64_t>::min();
    if (!series.samples.empty()) last = series.samples.back().time_ms;
    if (!series.histograms.empty()) last = std::max(last, series.histograms.back().time_ms);
    return last;
  }

  struct View final : Selection {
    std::vector<const SeriesData*> series;
    std::int64_t start_ms = 0, end_ms = 0;
    std::size_t size() const override { return series.size(); }
    const Labels& labels(std::size_t i) const override { return series[i]->labels; }
    std::unique_ptr<SeriesReader> reader() const override { return std::make_unique<Reader>(*this); }
  };

  struct Reader final : SeriesReader {
    explicit Reader(const View& view_) : view(view_) {}
    Result<void> read(std::size_t i, SeriesData& out) override {
      copy(view.series[i]->samples, out.samples);
      copy(view.series[i]->histograms, out.histograms);
      return {};
    }
    Result<void> read_columns(std::size_t i, SeriesColumns& out) override {
      const auto& series = *view.series[i];
      const auto first = std::ranges::lower_bound(series.samples, view.start_ms, {}, &Sample::time_ms);
      const auto last = std::ranges::upper_bound(first, series.samples.end(), view.end_ms, {}, &Sample::time_ms);
      const auto n = static_cast<std::size_t>(last - first);
      out.times_ms.resize(n);
      out.values.resize(n);
      const Sample* const from = n == 0 ? nullptr : &*first;
      auto* const times = out.times_ms.data();
      auto* const values = out.values.data();
      for (std::size_t k = 0; k < n; ++k) {
        times[k] = from[k].time_ms;
        values[k] = from[k].value;
      }
      copy(series.histograms, out.histograms);
      return {};
    }

   private:
    template <typename Points>
    void copy(const Points& from, Points& to) const {
      const auto first = std::ranges::lower_bound(from, view.start_ms, {}, &Points::value_type::time_ms);
      const auto last = std::ranges::upper_bound(from, view.end_ms, {}, &Points::value_type::time_ms);
      first < last ? to.assign(first, last) : to.clear();
    }

    const View& view;
  };

  std::map<Labels, SeriesRef> refs_;
  std::map<std::string, std::map<std::string, std::vector<SeriesRef>>> postings_;  // by label name, then value
  std::deque<SeriesData> series_;  // by reference; a view's pointers stay good
};

}  // namespace mamori::metrics::promql
