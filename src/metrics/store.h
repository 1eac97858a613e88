// metrics/store.h: keeps samples by series, durable once appended, and selects them by matchers.
// Timestamps in here are epoch milliseconds, as in Prometheus' formats.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
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
};

/// Names a series within one open store: resolved once, then used for each sample. Never given twice by one process; a
/// series that retention forgot answers `unknown_series`, and is resolved anew.
using SeriesRef = std::uint32_t;

struct RefSample {
  SeriesRef series = 0;
  std::int64_t time_ms = 0;
  double value = 0;
};

struct RefHistogram {
  SeriesRef series = 0;
  std::int64_t time_ms = 0;
  std::shared_ptr<const Histogram> value;
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
  std::shared_ptr<const Histogram> value;
};

struct SeriesData {
  Labels labels;
  std::vector<Sample> samples;             // ascending time, staleness markers included
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

  virtual StoreStats stats() const = 0;
  virtual Result<void> enforce_retention() = 0;
  virtual Result<void> sync() = 0;

  /// find_or_create and write in one. A series that a limit refuses is counted as refused (`unknown_series`).
  Result<AppendOutcome> append(std::span<const SeriesSample> samples);
  /// open_selection and read in one: series with at least one sample, sorted by labels. A series that cannot be read is
  /// left out and logged.
  std::vector<SeriesData> select(std::span<const Matcher> matchers, std::int64_t start_ms, std::int64_t end_ms) const;
};

}  // namespace mamori::metrics
