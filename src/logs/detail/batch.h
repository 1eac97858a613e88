// logs/detail/batch.h: the lines of one append, in memory and as one record of the write-ahead log.
// The record is the batch: its bytes are kept as they were written, entries point into them.
// Layout: docs/formats/log-store.md.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "logs/store.h"

namespace mamori::logs::detail {

struct Entry {
  Timestamp time;
  std::uint64_t seq = 0;     // order of arrival over all streams; given by the store
  std::uint32_t stream = 0;  // index into Batch::streams
  std::uint32_t offset = 0, length = 0;
};

struct Batch {
  std::string bytes;
  std::vector<std::string> streams;
  std::vector<Entry> entries;
  Timestamp first = Timestamp::max(), last = Timestamp::min();

  std::string_view json(const Entry& entry) const { return {bytes.data() + entry.offset, entry.length}; }
};

std::string encode_batch(std::span<const Line> lines);

/// Errors: Corrupt. `seq` is left 0.
Result<Batch> decode_batch(std::string bytes);

}  // namespace mamori::logs::detail
