// metrics/legacy_part.h: an immutable file of series with their packed chunks, read through a memory mapping.
// The layout is docs/formats/metrics-store.md. A part is written whole under another name, synced, and then renamed, so
// a part that exists is complete; its checksum covers every byte.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"

namespace mamori::metrics {

struct Chunk {
  std::int64_t start_ms = 0, end_ms = 0;  // of its first and last sample
  std::uint32_t count = 0;
  std::string_view bytes;  // gorilla.h
};

struct LegacyPartSeries {
  Labels labels;
  std::vector<Chunk> chunks;  // ascending time
};

class LegacyPart {
 public:
  /// Errors: Io; Corrupt when checksum or form is wrong.
  static Result<std::shared_ptr<const LegacyPart>> open(const std::string& path);

  /// Writes, syncs and renames. Errors: Unavailable when the disk is full: nothing is left behind.
  static Result<void> write(const std::string& path, std::span<const LegacyPartSeries> series);

  virtual ~LegacyPart() = default;
  virtual const std::vector<LegacyPartSeries>& series() const = 0;  // chunk bytes live as long as the part
  virtual std::int64_t end_ms() const = 0;                          // of the newest sample
  virtual std::uint64_t bytes() const = 0;
  virtual const std::string& path() const = 0;
};

}  // namespace mamori::metrics
