// ingest/scrape_cache.h: turns one target's pages into samples. Remembers the lines of the page before, so that a
// series is recognised by the bytes that name it: its labels are read, changed by relabelling and looked up in the
// store only when it is new. What always holds: a series that a page no longer has, or whose page failed, gets exactly
// one staleness marker; a page that fails leaves none of its samples in the batch.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/exposition.h"
#include "ingest/relabel.h"
#include "metrics/exemplars.h"
#include "metrics/store.h"
#include "spec/prometheus_config.h"

namespace mamori::ingest {

/// How a job's samples become series.
struct SampleRules {
  bool honor_labels = false, honor_timestamps = true, track_timestamps_staleness = false;
  Relabeler relabeler;
  spec::ScrapeLimits limits;
};

struct PageCounts {
  std::size_t scraped = 0;        // samples on the page
  std::size_t kept = 0;           // of them, after metric_relabel_configs
  std::size_t added = 0;          // series that the page before did not have
  std::size_t too_far_ahead = 0;  // with a time of their own later than the bound; not stored
  std::size_t refused = 0;        // of series that the store did not take
  std::string first_refused;
};

struct PageOutcome {
  PageCounts counts;           // of what was read, also when the page failed
  std::optional<Error> error;  // the page is refused
};

/// One thread at a time.
class ScrapeCache {
 public:
  /// `labels`: the target's, ascending. `store` must outlive it.
  ScrapeCache(spec::LabelPairs labels, metrics::Store& store) : target_labels_(std::move(labels)), store_(store) {}

  /// Appends the page's samples to `batch`, then staleness markers of the series that ended. When the page is refused:
  /// only markers, of all series. `give_up` is asked now and then: true ends the reading with DeadlineExceeded.
  PageOutcome read_page(std::string_view page, ExpositionFormat format, const SampleRules& rules, std::int64_t at_ms,
                        metrics::WriteBatch& batch, const std::function<bool()>& give_up = {});

  /// There is no page: markers of all series.
  void end_all(std::int64_t at_ms, metrics::WriteBatch& batch);

  /// Makes the series of reports: before those of the first page, so that a limit which the page reaches does not leave
  /// the target without `up`. Errors: as the store's.
  Result<void> make_reports(std::span<const std::string_view> names);
  /// One of the target's own series, such as up; nothing if the store refuses to make it.
  void report(std::string_view name, double value, std::int64_t at_ms, metrics::WriteBatch& batch);
  /// Markers of all reports: the target is gone.
  void end_reports(std::int64_t at_ms, metrics::WriteBatch& batch);

  /// After the store answered that it does not know a series any more: resolves all labels again, and renames the
  /// series in `batch`.
  void resolve_again(metrics::WriteBatch& batch);

  /// Hands over the exemplars of the last page, which is stored.
  void store_exemplars(metrics::ExemplarRing& ring);

  /// The rules have changed: the next page is read anew. What it no longer has still ends then.
  void forget_lines();

  /// What the last page said of its metrics.
  void add_metadata_to(std::map<std::string, MetricMetadata>& all) const;

  std::size_t entries() const { return entries_.size(); }

 private:
  static constexpr std::uint32_t kNone = ~0u;

  struct Entry {
    const char* key = nullptr;
    std::uint32_t key_bytes = 0;
    std::uint32_t next = kNone;  // which line followed this one
    metrics::SeriesRef ref = 0;
    std::uint32_t seen = 0;  // the last page that has the line
    std::uint32_t live = 0;  // the last page whose sample of it becomes stale when it goes; 0: none
    bool was_live = false;   // it was live on the page before `live`
    bool dropped = false;    // by relabelling
    bool metadata = false;
    std::optional<FloatLabel> floats;  // of a # TYPE line
    metrics::Labels labels;
    std::string_view text() const { return {key, key_bytes}; }
  };
  struct Report {
    std::string name;
    metrics::SeriesRef ref = 0;
    metrics::Labels labels;
  };
  struct Pending {
    std::uint32_t entry = 0;
    metrics::Exemplar exemplar;
  };
  struct Ended {
    metrics::SeriesRef ref = 0;
    metrics::Labels labels;
  };
  class Pass;

  std::uint32_t find(std::string_view key) const;
  std::uint32_t add(std::string_view key);
  void grow_table();
  void insert_into_table(std::uint32_t index);
  void rebuild();
  std::string_view keep(std::string_view text);
  void end_missing(std::int64_t at_ms, metrics::WriteBatch& batch);
  void end_after_failure(std::int64_t at_ms, metrics::WriteBatch& batch);

  const spec::LabelPairs target_labels_;
  metrics::Store& store_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> table_;  // open addressing by the key's hash; kNone: empty
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_used_ = 0, block_size_ = 0;
  std::uint32_t first_ = kNone;  // the page's first line
  std::uint32_t page_ = 0;       // counts pages from 1
  std::uint32_t read_page_ = 0;  // the last one whose lines are remembered
  std::size_t seen_ = 0;         // how many samples it had
  std::uint32_t live_page_ = 0;  // whose live series have no marker yet; 0: none
  std::size_t live_ = 0;         // how many
  std::vector<Ended> carried_;   // live before forget_lines()
  std::vector<Report> reports_;
  std::vector<Pending> exemplars_;
  std::unordered_map<std::uint32_t, std::size_t> timeless_exemplars_;  // entry -> hash of its last one
};

}  // namespace mamori::ingest
