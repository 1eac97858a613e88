// logs/detail/merge.h: walks several sorted runs (lines in memory, parts on disk) as one, in time order.
// A part's block is decompressed only when the walk reaches its time range, so a scan holds one block per part that
// overlaps the present moment of the walk.
#pragma once
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/detail/batch.h"
#include "logs/detail/part.h"
#include "logs/store.h"

namespace mamori::logs::detail {

/// Where a line stands in the order of all lines.
struct Position {
  Timestamp time;
  std::uint64_t seq = 0;
  auto operator<=>(const Position&) const = default;
};

/// One sorted run.
class Run {
 public:
  virtual ~Run() = default;
  /// False when nothing is left.
  virtual bool more() const = 0;
  /// The next line's position; if !loaded(), a bound that it does not come before.
  virtual Position position() const = 0;
  virtual bool loaded() const = 0;
  virtual void load(ScanCost& cost) = 0;
  virtual Line line() const = 0;  // REQUIRES: more() && loaded()
  virtual void advance() = 0;
};

/// Lines in memory. `streams`: which stream names are wanted.
std::unique_ptr<Run> run_of_batches(std::vector<std::shared_ptr<const Batch>> batches, const ScanRange& range);
std::unique_ptr<Run> run_of_part(std::shared_ptr<const Part> part, const ScanRange& range);

ScanCost merge(std::vector<std::unique_ptr<Run>> runs, bool newest_first,
               const std::function<bool(const Line&)>& visit);

}  // namespace mamori::logs::detail
