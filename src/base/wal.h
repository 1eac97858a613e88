// base/wal.h: an append-only log of checksummed records in numbered segment files, with group commit.
// What always holds: once append() has returned, the record is read back after kill -9; a torn or damaged tail is cut
// off at the last whole record and reported, and never hides a record before it. An fsync that failed is never believed
// to have been mended by a later one: Linux reports the loss once and forgets it
// (https://wiki.postgresql.org/wiki/Fsync_Errors).
//
// File <dir>/<8 hex digits>.wal:  "MAMOWAL1"  then records:  u32 length | u32 CRC-32C of payload | payload  (little
// endian)
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace mamori {

/// Always: each append waits for fsync (shared by concurrent callers). Interval: fsync in the background every
/// `fsync_interval`; a power cut may cost that much, kill -9 nothing. Never: the kernel decides.
enum class Fsync { Always, Interval, Never };

struct WalOptions {
  std::uint64_t segment_bytes_max = 64ull << 20;  // a record that would pass it opens the next segment
  Fsync fsync = Fsync::Interval;
  Nanos fsync_interval = Seconds{1};
  std::uint32_t first_segment = 1;       // no record goes to a lower one: for a store that knows those as done with
  std::function<int(int fd)> fdatasync;  // instead of the system's, for the folder too; for tests
};

struct WalSegment {
  std::uint32_t number = 0;
  std::uint64_t bytes = 0;
  std::string path;
};

/// Thread-safe.
class Wal {
 public:
  /// Called for each whole record in order at open. `segment`: the number of the file that holds it.
  using Replay = std::function<void(std::uint32_t segment, std::string_view payload)>;

  /// Creates `dir` if missing, replays what is there, mends the tail.
  /// `warnings` gets one sentence per damaged place (file, offset, what was cut or set aside).
  /// Errors: Io with the call and path.
  static Result<std::unique_ptr<Wal>> open(const std::string& dir, const WalOptions& options, const Replay& replay,
                                           std::vector<std::string>& warnings);
  virtual ~Wal() = default;

  /// Appends one record; when it returns, the record is durable as `fsync` says. Returns the segment it went to.
  /// Errors: Unavailable when the disk is full or failing (the file is cut back to its last whole record, later
  /// appends try again; with Always, a record whose fsync failed may still be read back); TooLarge past 1 GiB.
  virtual Result<std::uint32_t> append(std::string_view payload) = 0;

  /// fsyncs what was appended. Errors: Unavailable when some of it since the last sync may not be on the disk.
  virtual Result<void> sync() = 0;

  /// How often the disk refused to make records durable. Each time is logged, and writing goes on in a new segment.
  virtual std::uint64_t sync_failures() const = 0;

  /// Closes the current segment and opens the next; returns the new one's number.
  virtual Result<std::uint32_t> rotate() = 0;

  /// Deletes all segments numbered below `segment` (their records live elsewhere by now, or are past retention).
  virtual Result<void> drop_before(std::uint32_t segment) = 0;

  virtual std::vector<WalSegment> segments() const = 0;
};

/// CRC-32C (Castagnoli), as in RFC 3720 appendix B.4; hardware instruction where there is one.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace mamori
