// metrics/detail/merge_plan.h: decides which parts become one. Looks at sizes and times only.
// Neighbours only, so that the order in which samples were written stays that of the parts; and never across more time
// than a tenth of the retention, so that old samples leave in small steps.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace mamori::metrics::detail {

struct PlannedPart {
  std::uint64_t samples = 0, bytes = 0;
  std::int64_t end_ms = 0;
  bool damaged = false;  // cannot be read as a whole: stays as it is
};

struct MergeBounds {
  std::uint64_t samples_small = 1'500'000;  // what a flush writes
  std::int64_t span_ms_max = 0;             // between the ends of the parts that become one
  std::uint64_t bytes_max = 0;              // of them together; 0: no bound
};

/// While samples stream in: many parts of a size at once, so that each sample is written anew only once per factor of
/// twelve that a part grows. Returns the first and one past the last of `parts`, which ascend as written.
std::optional<std::pair<std::size_t, std::size_t>> plan_merge(std::span<const PlannedPart> parts,
                                                              const MergeBounds& bounds);

/// When it has become quiet: as few parts as are left without writing a large one anew for a small one's sake.
std::optional<std::pair<std::size_t, std::size_t>> plan_settling(std::span<const PlannedPart> parts,
                                                                 const MergeBounds& bounds);

}  // namespace mamori::metrics::detail
