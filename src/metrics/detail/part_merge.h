// metrics/detail/part_merge.h: writes parts out of others: several as one, or one without what was deleted.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "metrics/detail/part_set.h"
#include "metrics/detail/source_merge.h"
#include "metrics/detail/tombstones.h"

namespace mamori::metrics::detail {

/// Writes a part that is begun with its first series, so that none comes about without samples.
class LazyPartWriter {
 public:
  explicit LazyPartWriter(std::string path) : path_(std::move(path)) {}
  /// Series without samples are left out. REQUIRES: ascending ids.
  Result<void> add(SeriesRef id, const SeriesData& data);
  /// The part, or null when it would have no series.
  Result<std::shared_ptr<const Part>> finish();

 private:
  const std::string path_;
  std::unique_ptr<PartWriter> writer_;
};

struct MergeRequest {
  std::span<const StoredPart> parts;  // written first first
  const Tombstones& tombstones;
  std::string path;
  std::function<Labels(SeriesRef)> labels_of;  // empty: not known
  std::function<Result<void>()> pause;         // called between series; its error ends the merge
};

/// Null when nothing is left of them. Errors: as of Part and PartWriter; nothing is left behind.
Result<std::shared_ptr<const Part>> merge_parts(const MergeRequest& request);

}  // namespace mamori::metrics::detail
