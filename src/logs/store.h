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
  std::size_t head_bytes_max = 16u << 20;    // lines held in memory before they are sealed into parts
  std::size_t block_bytes_max = 256u << 10;  // of lines, compressed together; what one part costs a scan in memory
};

struct ScanRange {
  std::string stream_pattern = "*";  // glob
  Timestamp start, end;              // [start, end)
  bool newest_first = true;
};

struct ScanCost {
  std::uint64_t lines = 0, bytes = 0;
  std::uint64_t damaged_blocks = 0;  // left out because their checksum is wrong
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

  /// All lines or none. Errors: Unavailable when the disk is full: nothing was kept, try again later; TooLarge past
  /// 1 GiB in one call.
  virtual Result<void> append(std::span<const Line> lines) = 0;

  /// Visits lines in time order (ties: order of arrival) until `visit` returns false; newest first is the exact
  /// reverse. Holds no lock while visiting; sees what had been appended when it began. A damaged block is left out,
  /// counted and logged.
  virtual Result<ScanCost> scan(const ScanRange& range, const std::function<bool(const Line&)>& visit) const = 0;

  virtual std::vector<StreamStats> streams() const = 0;

  /// Writes what is held in memory to sealed parts now; done in the background anyway, when there is enough.
  virtual Result<void> seal() = 0;

  /// Drops the parts whose newest line is past its retention. Called now and then by the owner.
  virtual Result<void> enforce_retention() = 0;
  virtual void set_retention(std::vector<std::pair<std::string, Nanos>> retention) = 0;
  virtual Result<void> sync() = 0;
};

}  // namespace mamori::logs
