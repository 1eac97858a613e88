// metrics/part.h: an immutable file of many series' samples over some time, read through a memory mapping.
// What always holds: a part that exists under its name is complete; every byte is under a checksum; opening decodes
// no samples. The layout is docs/formats/metrics-part.md.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"
#include "metrics/store.h"

namespace mamori::metrics {

struct PartInfo {
  std::int64_t start_ms = 0, end_ms = 0;  // of the earliest and the latest sample
  std::uint64_t samples = 0;              // histograms too
  std::uint64_t bytes = 0;                // of the file
  std::size_t series = 0;
};

/// Writes a part from start to end; holds a few series at a time.
class PartWriter {
 public:
  /// Writes to `path`.tmp. Errors: Unavailable when the disk is full or failing.
  static Result<std::unique_ptr<PartWriter>> create(std::string path);
  /// Without finish(), nothing is left behind.
  virtual ~PartWriter() = default;

  /// REQUIRES: ascending ids; samples and histograms ascend in time. A series without any is left out.
  virtual Result<void> add(SeriesRef id, const SeriesData& data) = 0;
  /// Syncs and renames. Errors: Unavailable; InvalidArgument when nothing was added.
  virtual Result<void> finish() = 0;
};

/// Reads series of a part. One thread at a time; it remembers the blocks opened last, so it is fast in ascending order.
/// The part must outlive it.
class PartCursor {
 public:
  virtual ~PartCursor() = default;
  /// Appends what series `index` (of Part::series) has in [start_ms, end_ms] to out.samples and out.histograms.
  /// Errors: Corrupt, naming the file and the place.
  virtual Result<void> read(std::size_t index, std::int64_t start_ms, std::int64_t end_ms, SeriesData& out) = 0;
};

/// Thread-safe.
class Part {
 public:
  /// Errors: Io; Corrupt, naming the file and the section.
  static Result<std::shared_ptr<const Part>> open(const std::string& path);
  virtual ~Part() = default;

  virtual const PartInfo& info() const = 0;
  virtual const std::string& path() const = 0;
  virtual std::span<const SeriesRef> series() const = 0;  // ascending
  virtual std::optional<std::size_t> find(SeriesRef id) const = 0;
  virtual std::unique_ptr<PartCursor> cursor() const = 0;
  /// The label sets, by index: a part can be understood without the catalogue. Errors: Corrupt.
  virtual Result<std::vector<Labels>> labels() const = 0;
};

}  // namespace mamori::metrics
