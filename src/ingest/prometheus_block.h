// ingest/prometheus_block.h: reads a block of Prometheus' storage (index format 1 and 2, chunk segments, tombstones),
// series by series. Nothing is written to the block.
// Source: Prometheus repository, tsdb/docs/format (index.md, chunks.md, tombstones.md).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/store.h"

namespace mamori::ingest {

struct PrometheusBlockInfo {
  std::string ulid;                       // the folder's name
  std::int64_t start_ms = 0, end_ms = 0;  // [start, end)
  std::uint64_t series = 0, samples = 0;  // as its meta.json says
};

class PrometheusBlock {
 public:
  /// Errors: NotFound when `dir` is no block; Corrupt naming the file and the place; Io.
  static Result<std::unique_ptr<PrometheusBlock>> open(const std::string& dir);
  virtual ~PrometheusBlock() = default;

  virtual const PrometheusBlockInfo& info() const = 0;

  /// Calls `visit` with each series and what it holds, without what tombstones delete. Ends when it returns an error,
  /// which is returned. Errors: Corrupt.
  virtual Result<void> each_series(const std::function<Result<void>(const metrics::SeriesData&)>& visit) const = 0;
};

/// The blocks in a data folder of Prometheus, or the folder itself if it is a block; oldest first.
Result<std::vector<std::string>> find_prometheus_blocks(const std::string& dir);

}  // namespace mamori::ingest
