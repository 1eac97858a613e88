// metrics/detail/time_column.h: packs the times that series of a block share: scrapes on a grid of equal steps, some of
// them late; or whatever else ascends.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/detail/int_column.h"

namespace mamori::metrics::detail {

/// Encodes one column after another; keeps buffers between them.
class TimeEncoder {
 public:
  /// REQUIRES: times ascend; at least one. `start_ms`: of the block, known to its reader.
  void write(std::span<const std::int64_t> times, std::int64_t start_ms, StreamWriter& out);

 private:
  RunWriter runs_;
  std::vector<std::int64_t> steps_, off_grid_, changes_;
};

/// False when the streams make no sense, or times do not ascend in [start_ms, end_ms].
bool read_times(StreamReader& in, std::int64_t start_ms, std::int64_t end_ms, RunReader& runs,
                std::vector<std::int64_t>& times);

}  // namespace mamori::metrics::detail
