// metrics/store.h: keeps samples by series, durable once appended, and selects them by matchers.
// Timestamps in here are epoch milliseconds, as in Prometheus' formats.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/wal.h"
#include "metrics/histogram.h"
#include "metrics/labels.h"

namespace mamori::metrics {

struct Sample {
  std::int64_t time_ms = 0;
  double value = 0;
};

/// Prometheus' staleness marker: a NaN with this payload ends a series until its next sample.
inline constexpr std::uint64_t kStaleNanBits = 0x7ff0000000000002ull;
double stale_nan();
bool is_stale_nan(double value);

struct SeriesSample {
  Labels labels;
  Sample sample;
};

enum class MatchOp { Equal, NotEqual, Regex, NotRegex };

/// Regex is anchored at both ends, as in PromQL.
class Matcher {
 public:
  /// Errors: InvalidArgument for a regular expression that does not parse.
  static Result<Matcher> make(std::string name, MatchOp op, std::string value);
  bool matches(std::string_view value) const;
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  MatchOp op() const { return op_; }

 private:
  std::string name_, value_;
  MatchOp op_ = MatchOp::Equal;
  std::shared_ptr<const void> compiled_;
};

struct StoreOptions {
  WalOptions wal;
  Nanos retention = std::chrono::days{15};
  std::uint64_t retention_bytes = 0;  // of all parts together; 0: no bound
  Nanos out_of_order_window{0};       // how much older than the store's newest sample one may be that comes late
  Nanos ahead_max = std::chrono::minutes{10};  // how far ahead of our clock a sample may be; 0: no bound

  // 0: no bound. What passes one is refused with TooLarge, and the message names the option of `mamori serve`.
  std::size_t series_max = 5'000'000;                 // about 500 bytes of memory each
  std::size_t new_series_per_minute_max = 1'000'000;  // churn: what a label with a request's number in it makes
  std::size_t labels_per_series_max = 128;
  std::size_t label_name_bytes_max = 1024;
  std::size_t label_value_bytes_max = 16'384;

  // Memory is written out as a part when it holds so many samples, or has grown so old. So a start replays a log of few
  // milliseconds, and two heads (one being written out) stay under 64 MiB.
  std::size_t head_samples_max = 1'500'000;
  Nanos head_age_max = std::chrono::hours{2};
  Nanos settle_after = Seconds{30};            // without a new part: small parts are merged although they are few
  std::uint64_t disk_free_min = 256ull << 20;  // merges pause when less would be left
  bool background = true;                      // false: parts are written and merged only by the calls that say so
};

/// Names a series: resolved once, then used for each sample. Durable once a sample of it is, and never given to another
/// series; one that retention or deletion forgot answers `unknown_series`, and is resolved anew.
using SeriesRef = std::uint32_t;

struct RefSample {
  SeriesRef series = 0;
  std::int64_t time_ms = 0;
  double value = 0;
};

struct RefHistogram {
  SeriesRef series = 0;
  std::int64_t time_ms = 0;
  HistogramPtr value;
};

/// What becomes durable together.
struct WriteBatch {
  std::vector<RefSample> samples;  // a staleness marker is a sample here, for a series of histograms too
  std::vector<RefHistogram> histograms;
};

struct AppendOutcome {
  std::size_t written = 0;
  std::size_t duplicate = 0;       // same time and value as a stored one: nothing to do
  std::size_t conflicting = 0;     // same time as a stored one, another value: the first stays
  std::size_t out_of_order = 0;    // older than the out-of-order window (without a window: than the series' last)
  std::size_t too_far_ahead = 0;   // later than now and the bound for clocks that differ
  std::size_t unknown_series = 0;  // the reference is of no series: resolve its labels again, and write once more
  std::string first_refused;       // what was wrong with the first refused one, for the sender; "" when none was
  std::size_t refused() const { return conflicting + out_of_order + too_far_ahead + unknown_series; }
};

struct HistogramPoint {
  std::int64_t time_ms = 0;
  HistogramPtr value;
};

struct SeriesData {
  Labels labels;
  std::vector<Sample> samples;             // ascending time, staleness markers included
  std::vector<HistogramPoint> histograms;  // ascending time; no time is in both
};

/// A series' samples with times and values apart: what reads fastest.
struct SeriesColumns {
  std::vector<std::int64_t> times_ms;      // ascending
  std::vector<double> values;              // one per time, staleness markers included
  std::vector<HistogramPoint> histograms;  // ascending time; no time is in both
};

/// Reads series of a selection, one after another. One thread at a time; several readers of one selection may run at
/// once. Fastest in ascending order.
class SeriesReader {
 public:
  virtual ~SeriesReader() = default;
  /// Replaces the samples and histograms in `out` (not its labels) with those of series `i` in the selection's range.
  /// Errors: Corrupt, Io when a part cannot be read: the message names it.
  virtual Result<void> read(std::size_t i, SeriesData& out) = 0;
  /// The same, apart. The base's takes them from read().
  virtual Result<void> read_columns(std::size_t i, SeriesColumns& out);
};

/// The series that match, as they were when it was made: later writes, merges and deletions do not change it.
class Selection {
 public:
  virtual ~Selection() = default;
  virtual std::size_t size() const = 0;
  /// In the order that reads fastest, not that of labels. May name series that turn out to have no sample in range.
  virtual const Labels& labels(std::size_t i) const = 0;
  /// The selection must outlive it.
  virtual std::unique_ptr<SeriesReader> reader() const = 0;
};

struct StoreStats {
  std::uint64_t series = 0, samples_appended = 0, bytes_in_memory = 0;
  std::uint64_t series_created = 0, series_forgotten = 0;
  std::uint64_t head_samples = 0;   // in memory: not in a part yet
  std::uint64_t heads_waiting = 0;  // full ones that wait for being written out
  std::uint64_t parts = 0, part_samples = 0, part_bytes = 0, log_bytes = 0, deletions_pending = 0;
  std::int64_t oldest_ms = std::numeric_limits<std::int64_t>::max();  // of all samples; max(), min(): there is none
  std::int64_t newest_ms = std::numeric_limits<std::int64_t>::min();
  // Since the start.
  std::uint64_t flushes = 0, flushes_failed = 0, merges = 0, merges_failed = 0, samples_merged = 0;
  std::uint64_t parts_dropped_by_time = 0, parts_dropped_by_size = 0, parts_damaged = 0;
  std::uint64_t out_of_order_taken = 0, duplicates = 0;
  std::uint64_t refused_conflicting = 0, refused_out_of_order = 0, refused_too_far_ahead = 0, refused_unknown = 0;
  std::uint64_t refused_series_max = 0, refused_new_series = 0, refused_labels = 0;  // series, not samples
  std::uint64_t writes_unavailable = 0, log_sync_failures = 0;
};

struct NamedCount {
  std::string name;
  std::uint64_t count = 0;
};

/// What makes the store large: each list has the largest first.
struct Cardinality {
  std::uint64_t series = 0, label_pairs = 0;
  std::vector<NamedCount> series_by_metric;       // by value of __name__
  std::vector<NamedCount> values_by_label;        // by label name: distinct values
  std::vector<NamedCount> value_bytes_by_label;   // by label name: bytes of the values of all series
  std::vector<NamedCount> series_by_label_value;  // by "name=value"
};

/// Thread-safe.
class Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& dir, StoreOptions options, const Clock& clock,
                                             std::vector<std::string>& warnings);
  virtual ~Store() = default;

  /// Errors: InvalidArgument for an empty label set; TooLarge when a limit on series or labels is reached: the message
  /// names the limit and its option.
  virtual Result<SeriesRef> find_or_create(const Labels& labels) = 0;

  /// Each sample is taken or refused on its own, as the outcome counts. Errors: Unavailable when the disk is full or
  /// failing: nothing was kept.
  virtual Result<AppendOutcome> write(const WriteBatch& batch) = 0;

  /// Series that match all of `matchers` and may have samples in [start_ms, end_ms]. The store must outlive it.
  virtual std::unique_ptr<Selection> open_selection(std::span<const Matcher> matchers, std::int64_t start_ms,
                                                    std::int64_t end_ms) const = 0;

  /// Label sets of the series with samples in [start_ms, end_ms], sorted.
  virtual std::vector<Labels> series(std::span<const Matcher> matchers, std::int64_t start_ms,
                                     std::int64_t end_ms) const = 0;

  /// Names of the labels of the series that `series` would give, sorted. Asked for all there is, those of a series
  /// whose samples were just deleted may be among them.
  virtual std::vector<std::string> label_names(std::span<const Matcher> matchers, std::int64_t start_ms,
                                               std::int64_t end_ms) const;
  /// Values of one label of those series, likewise, without "".
  virtual std::vector<std::string> label_values(std::string_view name, std::span<const Matcher> matchers,
                                                std::int64_t start_ms, std::int64_t end_ms) const;

  /// `limit`: of each list.
  virtual Cardinality cardinality(std::size_t limit) const;
  virtual StoreStats stats() const = 0;

  /// Drops what is past retention by time or size, forgets series without samples, writes an old head out. For a call
  /// every few minutes.
  virtual Result<void> enforce_retention() = 0;
  virtual Result<void> sync() = 0;

  /// Deletes the samples written so far in [start_ms, end_ms] of the series that match all of `matchers`: at once for
  /// queries, durable on return, off the disk with the next merge. Errors: Unavailable when the disk is full; by the
  /// base, for a store that cannot.
  virtual Result<void> delete_series(std::span<const Matcher> matchers, std::int64_t start_ms, std::int64_t end_ms);
  /// Writes parts that hold deleted samples anew without them. Errors: as delete_series.
  virtual Result<void> clean_tombstones();
  /// A copy of all that is stored, in a new folder of hard links below the store's, which a store can be opened from.
  /// Returns its path. `skip_head`: without what is in memory only. Errors: as delete_series.
  virtual Result<std::string> snapshot(bool skip_head);

  /// find_or_create and write in one. A series that a limit refuses is counted as refused (`unknown_series`).
  Result<AppendOutcome> append(std::span<const SeriesSample> samples);
  /// open_selection and read in one: series with at least one sample, sorted by labels. A series that cannot be read is
  /// left out and logged.
  std::vector<SeriesData> select(std::span<const Matcher> matchers, std::int64_t start_ms, std::int64_t end_ms) const;
};

}  // namespace mamori::metrics
