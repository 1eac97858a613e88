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

struct AppendOutcome {
  std::size_t written = 0, out_of_order = 0, duplicate = 0;
};

struct SeriesData {
  Labels labels;
  std::vector<Sample> samples;  // ascending time, staleness markers included
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

  /// A sample not newer than its series' last is left out and counted. Errors: Unavailable when the disk is full:
  /// nothing was kept.
  virtual Result<AppendOutcome> append(std::span<const SeriesSample> samples) = 0;

  /// Series that match all of `matchers`, with their samples in [start_ms, end_ms].
  virtual std::vector<SeriesData> select(std::span<const Matcher> matchers, std::int64_t start_ms,
                                         std::int64_t end_ms) const = 0;
  /// Label sets only.
  virtual std::vector<Labels> series(std::span<const Matcher> matchers, std::int64_t start_ms,
                                     std::int64_t end_ms) const = 0;

  virtual StoreStats stats() const = 0;
  virtual Result<void> enforce_retention() = 0;
  virtual Result<void> sync() = 0;
};

}  // namespace mamori::metrics
