#include "ingest/scrape_cache.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <unordered_set>

#include "ingest/sample_labels.h"

namespace mamori::ingest {
namespace {

constexpr std::int64_t kAheadMillisMax = 10 * 60 * 1000;  // as Prometheus: clocks differ, but not by more
constexpr std::size_t kBlockBytes = 64u << 10;
constexpr std::size_t kSpareEntries = 1000;  // besides twice the last page's: series come and go
constexpr std::size_t kAskEvery = 1024;      // lines between two questions whether to give up

std::size_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

}  // namespace

/// One page on its way in.
class ScrapeCache::Pass {
 public:
  Pass(ScrapeCache& cache, std::string_view page, ExpositionFormat format, const SampleRules& rules, std::int64_t at_ms,
       metrics::WriteBatch& batch, PageCounts& counts)
      : cache_(cache), reader_(page, format), rules_(rules), at_ms_(at_ms), batch_(batch), counts_(counts) {}

  std::optional<Error> run(const std::function<bool()>& give_up) {
    using Step = ExpositionReader::Step;
    std::uint32_t expected = cache_.first_;
    for (std::size_t line = 1;; ++line) {
      if (line % kAskEvery == 0 && give_up && give_up()) {
        return Error{Code::DeadlineExceeded, "the page was not read to its end in time"};
      }
      const auto step = reader_.next(expected == kNone ? std::string_view{} : cache_.entries_[expected].text());
      if (step == Step::End) break;
      if (step == Step::Failed) return reader_.error();
      auto index = reader_.as_expected() ? expected : cache_.find(reader_.series());
      if (index == kNone) {
        if (step == Step::Metadata) {
          index = add_metadata_line(expected);
        } else {
          if (auto failed = add_series(expected, index)) return failed;
          if (index == kNone) continue;  // not taken, not remembered
        }
      }
      link(index);
      auto& entry = cache_.entries_[index];
      entry.seen = cache_.page_;
      expected = entry.next;
      if (step == Step::Metadata) {
        if (entry.floats) floats_ = *entry.floats;
      } else if (auto failed = take_sample(entry, index)) {
        return failed;
      }
    }
    // The last line's successor would never be asked for.
    if (previous_ != kNone) cache_.entries_[previous_].next = kNone;
    const auto limit = rules_.limits.samples;
    if (limit > 0 && counts_.kept > limit) return Error{Code::TooLarge, "sample limit exceeded"};
    return std::nullopt;
  }

  std::size_t carried() const { return carried_; }
  std::size_t live() const { return live_; }

 private:
  bool over_limit() const { return rules_.limits.samples > 0 && counts_.kept > rules_.limits.samples; }

  void count_one_not_taken() {
    ++counts_.scraped;
    ++counts_.kept;
  }

  void link(std::uint32_t index) {
    (previous_ == kNone ? cache_.first_ : cache_.entries_[previous_].next) = index;
    previous_ = index;
  }

  std::uint32_t add_metadata_line(std::uint32_t expected) {
    const auto index = cache_.add(reader_.metadata_line());
    auto& entry = cache_.entries_[index];
    entry.metadata = true;
    entry.floats = float_label_of(reader_.metadata_line());
    entry.next = expected;
    return index;
  }

  /// A series that this target did not have. `index` stays kNone when the store does not take it.
  std::optional<Error> add_series(std::uint32_t expected, std::uint32_t& index) {
    if (!reader_.read_labels(labels_, floats_)) return reader_.error();
    const auto labels =
        stored_labels(labels_.pairs, cache_.target_labels_, rules_.honor_labels, rules_.relabeler, rules_.limits);
    if (!labels) {
      ++counts_.scraped;  // it was read, as Prometheus counts
      return labels.error();
    }
    metrics::SeriesRef ref = 0;
    if (*labels) {
      const bool limited = rules_.limits.samples > 0 && counts_.kept >= rules_.limits.samples;
      if (limited) {
        count_one_not_taken();
        return std::nullopt;
      }
      const auto found = cache_.store_.find_or_create(**labels);
      if (!found) {
        count_one_not_taken();
        if (counts_.refused++ == 0) counts_.first_refused = found.error().message;
        return std::nullopt;
      }
      ref = *found;
      ++counts_.added;
    }
    index = cache_.add(reader_.series());
    auto& entry = cache_.entries_[index];
    entry.dropped = !*labels;
    entry.ref = ref;
    if (*labels) entry.labels = **labels;
    entry.next = expected;
    return std::nullopt;
  }

  std::optional<Error> take_sample(Entry& entry, std::uint32_t index) {
    ++counts_.scraped;
    if (entry.dropped) return std::nullopt;
    ++counts_.kept;
    if (over_limit()) return std::nullopt;
    const bool own_time = reader_.time_ms() && rules_.honor_timestamps;
    const auto time_ms = own_time ? *reader_.time_ms() : at_ms_;
    if (own_time && time_ms > at_ms_ + kAheadMillisMax) {
      ++counts_.too_far_ahead;
      return std::nullopt;
    }
    batch_.samples.push_back({entry.ref, time_ms, reader_.value()});
    if ((!own_time || rules_.track_timestamps_staleness) && entry.live != cache_.page_) {
      entry.was_live = entry.live != 0 && entry.live == cache_.live_page_;
      carried_ += entry.was_live ? 1 : 0;
      entry.live = cache_.page_;
      ++live_;
    }
    if (!reader_.has_exemplar()) return std::nullopt;
    return take_exemplar(index, time_ms);
  }

  std::optional<Error> take_exemplar(std::uint32_t index, std::int64_t time_ms) {
    ExemplarSample sample;
    if (!reader_.read_exemplar(labels_, sample)) return reader_.error();
    if (!sample.time_ms) {
      // It has the scrape's time then, and would be a new one with each scrape.
      const auto hash = hash_of(reader_.exemplar());
      const auto [last, is_new] = cache_.timeless_exemplars_.try_emplace(index, hash);
      if (!is_new && last->second == hash) return std::nullopt;
      last->second = hash;
    }
    cache_.exemplars_.push_back(
        {index, {metrics::Labels::from_pairs(labels_.pairs), sample.time_ms.value_or(time_ms), sample.value}});
    return std::nullopt;
  }

  ScrapeCache& cache_;
  ExpositionReader reader_;
  const SampleRules& rules_;
  const std::int64_t at_ms_;
  metrics::WriteBatch& batch_;
  PageCounts& counts_;
  LabelViews labels_;
  FloatLabel floats_ = FloatLabel::None;
  std::uint32_t previous_ = kNone;
  std::size_t carried_ = 0;  // live on the page before, and on this one
  std::size_t live_ = 0;
};

PageOutcome ScrapeCache::read_page(std::string_view page, ExpositionFormat format, const SampleRules& rules,
                                   std::int64_t at_ms, metrics::WriteBatch& batch,
                                   const std::function<bool()>& give_up) {
  if (entries_.size() > 2 * seen_ + kSpareEntries) rebuild();
  ++page_;
  exemplars_.clear();
  const auto before = batch.samples.size();
  PageOutcome outcome;
  Pass pass(*this, page, format, rules, at_ms, batch, outcome.counts);
  outcome.error = pass.run(give_up);
  // What a refused page lacks is only forgotten when pages are always refused.
  if (!outcome.error || entries_.size() > 2 * seen_ + kSpareEntries) {
    seen_ = outcome.counts.scraped;
    read_page_ = page_;
  }
  if (outcome.error) {
    batch.samples.resize(before);
    exemplars_.clear();
    timeless_exemplars_.clear();
    end_after_failure(at_ms, batch);
    return outcome;
  }
  if (pass.carried() < live_ || !carried_.empty()) end_missing(at_ms, batch);
  live_page_ = page_;
  live_ = pass.live();
  return outcome;
}

/// The series of the last page that this one lacks. A series that is there under another spelling (labels in another
/// order, a label that relabelling removes) has not ended.
void ScrapeCache::end_missing(std::int64_t at_ms, metrics::WriteBatch& batch) {
  std::unordered_set<metrics::SeriesRef> ended;
  for (const auto& one : carried_) ended.insert(one.ref);
  carried_.clear();
  for (auto& entry : entries_) {
    if (live_page_ == 0 || entry.live != live_page_) continue;
    ended.insert(entry.ref);
    entry.live = 0;
  }
  for (const auto& entry : entries_) {
    if (ended.empty()) return;
    if (entry.live == page_) ended.erase(entry.ref);
  }
  for (const auto ref : ended) batch.samples.push_back({ref, at_ms, metrics::stale_nan()});
}

void ScrapeCache::end_after_failure(std::int64_t at_ms, metrics::WriteBatch& batch) {
  for (const auto& one : carried_) batch.samples.push_back({one.ref, at_ms, metrics::stale_nan()});
  carried_.clear();
  for (auto& entry : entries_) {
    const bool was_live = entry.live != 0 && (entry.live == page_ ? entry.was_live : entry.live == live_page_);
    if (was_live) batch.samples.push_back({entry.ref, at_ms, metrics::stale_nan()});
    entry.live = 0;
  }
  live_page_ = 0;
  live_ = 0;
}

void ScrapeCache::end_all(std::int64_t at_ms, metrics::WriteBatch& batch) {
  ++page_;  // so that no entry is of this page
  end_after_failure(at_ms, batch);
}

Result<void> ScrapeCache::make_reports(std::span<const std::string_view> names) {
  for (const auto name : names) {
    if (std::ranges::find(reports_, name, &Report::name) != reports_.end()) continue;
    LabelSet labels(target_labels_);
    labels.set(metrics::kMetricName, name);
    MAMORI_TRY(const auto ref, store_.find_or_create(labels.labels()));
    reports_.push_back({std::string(name), ref, labels.labels()});
  }
  return {};
}

void ScrapeCache::report(std::string_view name, double value, std::int64_t at_ms, metrics::WriteBatch& batch) {
  if (!make_reports({&name, 1})) return;  // the store counts what it refuses
  batch.samples.push_back({std::ranges::find(reports_, name, &Report::name)->ref, at_ms, value});
}

void ScrapeCache::end_reports(std::int64_t at_ms, metrics::WriteBatch& batch) {
  for (const auto& report : reports_) batch.samples.push_back({report.ref, at_ms, metrics::stale_nan()});
}

void ScrapeCache::resolve_again(metrics::WriteBatch& batch) {
  std::unordered_map<metrics::SeriesRef, metrics::SeriesRef> renamed;
  const auto resolve = [&](metrics::SeriesRef& ref, const metrics::Labels& labels) {
    const auto now = store_.find_or_create(labels);
    if (!now || *now == ref) return;
    renamed[ref] = *now;
    ref = *now;
  };
  for (auto& entry : entries_) {
    if (!entry.labels.empty()) resolve(entry.ref, entry.labels);
  }
  for (auto& report : reports_) resolve(report.ref, report.labels);
  for (auto& one : carried_) resolve(one.ref, one.labels);
  for (auto& sample : batch.samples) {
    if (const auto now = renamed.find(sample.series); now != renamed.end()) sample.series = now->second;
  }
}

void ScrapeCache::store_exemplars(metrics::ExemplarRing& ring) {
  for (const auto& [index, exemplar] : exemplars_) ring.add(entries_[index].labels, exemplar);
  exemplars_.clear();
}

void ScrapeCache::forget_lines() {
  for (auto& entry : entries_) {
    if (live_page_ != 0 && entry.live == live_page_) carried_.push_back({entry.ref, entry.labels});
  }
  entries_.clear();
  table_.clear();
  blocks_.clear();
  block_used_ = block_size_ = 0;
  exemplars_.clear();
  timeless_exemplars_.clear();
  first_ = kNone;
  live_page_ = 0;
  live_ = 0;
}

void ScrapeCache::add_metadata_to(std::map<std::string, MetricMetadata>& all) const {
  for (const auto& entry : entries_) {
    if (entry.metadata && entry.seen == read_page_) add_metadata(entry.text(), all);
  }
}

std::uint32_t ScrapeCache::find(std::string_view key) const {
  if (table_.empty()) return kNone;
  const auto mask = table_.size() - 1;
  for (auto at = hash_of(key) & mask;; at = (at + 1) & mask) {
    const auto index = table_[at];
    if (index == kNone || entries_[index].text() == key) return index;
  }
}

std::uint32_t ScrapeCache::add(std::string_view key) {
  const auto index = static_cast<std::uint32_t>(entries_.size());
  const auto kept = keep(key);
  Entry entry;
  entry.key = kept.data();
  entry.key_bytes = static_cast<std::uint32_t>(kept.size());
  entries_.push_back(std::move(entry));
  if (entries_.size() * 2 > table_.size()) {
    grow_table();
  } else {
    insert_into_table(index);
  }
  return index;
}

void ScrapeCache::grow_table() {
  std::size_t size = 64;
  while (size < entries_.size() * 4) size *= 2;
  table_.assign(size, kNone);
  for (std::uint32_t index = 0; index < entries_.size(); ++index) insert_into_table(index);
}

void ScrapeCache::insert_into_table(std::uint32_t index) {
  const auto mask = table_.size() - 1;
  auto at = hash_of(entries_[index].text()) & mask;
  while (table_[at] != kNone) at = (at + 1) & mask;
  table_[at] = index;
}

std::string_view ScrapeCache::keep(std::string_view text) {
  if (blocks_.empty() || block_used_ + text.size() > block_size_) {
    block_size_ = std::max(kBlockBytes, text.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_size_));
    block_used_ = 0;
  }
  char* const to = blocks_.back().get() + block_used_;
  std::memcpy(to, text.data(), text.size());
  block_used_ += text.size();
  return {to, text.size()};
}

/// Forgets the lines that the last read page did not have.
void ScrapeCache::rebuild() {
  const auto old_blocks = std::exchange(blocks_, {});
  auto old = std::exchange(entries_, {});
  std::vector<std::uint32_t> moved(old.size(), kNone);
  block_used_ = block_size_ = 0;
  table_.clear();
  timeless_exemplars_.clear();
  for (std::uint32_t index = 0; index < old.size(); ++index) {
    auto& entry = old[index];
    if (entry.seen != read_page_) continue;
    moved[index] = static_cast<std::uint32_t>(entries_.size());
    entry.key = keep(entry.text()).data();
    entries_.push_back(std::move(entry));
  }
  for (auto& entry : entries_) {
    if (entry.next != kNone) entry.next = moved[entry.next];
  }
  if (first_ != kNone) first_ = moved[first_];
  grow_table();
}

}  // namespace mamori::ingest
