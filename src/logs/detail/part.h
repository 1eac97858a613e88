// logs/detail/part.h: an immutable file of one stream's lines, sorted by (time, arrival), in compressed blocks with an
// index of time ranges at the end. What always holds: a part under its final name is complete and was fsynced; each
// block and the index carry a CRC-32C. Layout: docs/formats/log-store.md.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace mamori::logs::detail {

struct PartLine {
  Timestamp time;
  std::uint64_t seq = 0;
  std::string_view json;
};

/// One decompressed block; `lines` point into `bytes`. A line has 16 bytes before its text, so `bytes` is never short
/// enough to lie inside the string object: moving the block leaves the pointers right.
struct BlockLines {
  std::string bytes;
  std::vector<PartLine> lines;
};

struct BlockInfo {
  std::uint64_t offset = 0;
  std::uint32_t stored_bytes = 0, raw_bytes = 0, crc = 0;
  Timestamp first, last;
};

/// What the end of a part's file says.
struct PartIndex {
  std::string stream;
  std::uint64_t first_seq = 0, last_seq = 0;
  std::uint64_t lines = 0;
  std::uint32_t sealed_below = 0;  // all lines of write-ahead segments below it, of this stream, are in parts
  Timestamp first, last;
  std::vector<BlockInfo> blocks;
};

class Part {
 public:
  /// `written`: when the file was; a line is not kept longer for claiming to be of a later time.
  Part(std::string path, PartIndex index, Timestamp written)
      : path_(std::move(path)), index_(std::move(index)), written_(written) {}
  const std::string& path() const { return path_; }
  const PartIndex& index() const { return index_; }

  /// Errors: Corrupt (checksum), Io, NotFound after the part was dropped.
  Result<BlockLines> read(std::size_t block) const;

  /// The newest moment that it holds lines of, for retention.
  Timestamp newest() const { return std::min(index_.last, written_); }

  /// Deletes the file; a scan under way ends this part early. Errors: as io_error; the file is still there then.
  Result<void> drop();
  /// True once: the first complaint about a part is logged, not every one.
  bool complain_once() const { return !complained_.exchange(true); }

 private:
  std::string path_;
  PartIndex index_;
  Timestamp written_;
  std::atomic<bool> dropped_{false};
  mutable std::atomic<bool> complained_{false};
};

/// Writes `lines` (sorted by time, then seq; not empty) as `<dir>/<first seq in hex>.part`.
/// Errors: Unavailable when the disk is full or failing; nothing is left behind.
Result<std::shared_ptr<Part>> write_part(const std::string& dir, std::string_view stream,
                                         std::span<const PartLine> lines, std::uint32_t sealed_below,
                                         std::size_t block_bytes_max, Timestamp now);

/// Errors: Corrupt (magic, checksum, sizes), Io.
Result<std::shared_ptr<Part>> open_part(const std::string& path);

std::string encode_index(const PartIndex& index);
Result<PartIndex> decode_index(std::string_view bytes);
/// Takes the lines of a block's decompressed bytes apart. Errors: Corrupt.
Result<std::vector<PartLine>> decode_lines(std::string_view bytes, std::uint64_t first_seq);

}  // namespace mamori::logs::detail
