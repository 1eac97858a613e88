// logs/store.h: keeps log lines by stream, durable once acknowledged, and reads them back by time.
// What always holds: a line is searchable as soon as append() has returned, and survives kill -9 from then on.
// REQUIRES of callers: lines are masked already (base/pan.h).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/wal.h"

namespace mamori::logs {

struct Line {
  std::string_view stream;  // "payment_logs"
  Timestamp time;           // the event's own time
  std::string_view json;    // one JSON object, no line break
};

struct StoreOptions {
  WalOptions wal;
  // Days to keep, by stream glob, first match wins; streams that match none are kept `retention_default`.
  std::vector<std::pair<std::string, Nanos>> retention;
  Nanos retention_default = std::chrono::days{90};
};

struct ScanRange {
  std::string stream_pattern = "*";  // glob
  Timestamp start, end;              // [start, end)
  bool newest_first = true;
};

struct ScanCost {
  std::uint64_t lines = 0, bytes = 0;
};

struct StreamStats {
  std::string stream;
  std::uint64_t lines = 0;
  Timestamp first, last;
};

/// Thread-safe.
class Store {
 public:
  /// `warnings`: one sentence per damaged place that was set aside. Errors: Io (unwritable directory, …).
  static Result<std::unique_ptr<Store>> open(const std::string& dir, StoreOptions options, const Clock& clock,
                                             std::vector<std::string>& warnings);
  virtual ~Store() = default;

  /// All lines or none. Errors: Unavailable when the disk is full: nothing was kept, try again later.
  virtual Result<void> append(std::span<const Line> lines) = 0;

  /// Visits lines in time order (ties: order of arrival) until `visit` returns false.
  virtual Result<ScanCost> scan(const ScanRange& range, const std::function<bool(const Line&)>& visit) const = 0;

  virtual std::vector<StreamStats> streams() const = 0;

  /// Drops what is past its retention. Called now and then by the owner.
  virtual Result<void> enforce_retention() = 0;
  virtual void set_retention(std::vector<std::pair<std::string, Nanos>> retention) = 0;
  virtual Result<void> sync() = 0;
};

}  // namespace mamori::logs
