#include "metrics/detail/merge_plan.h"

#include <algorithm>
#include <limits>

namespace mamori::metrics::detail {
namespace {

constexpr std::size_t kManyParts = 12;

/// What a run of neighbours would be as one part.
class Run {
 public:
  explicit Run(const MergeBounds& bounds) : bounds_(bounds) {}
  bool takes(const PlannedPart& part) const {
    if (part.damaged) return false;
    const auto earliest = std::min(earliest_end_ms_, part.end_ms), latest = std::max(latest_end_ms_, part.end_ms);
    return (latest - earliest <= bounds_.span_ms_max || samples_ == 0) &&
           (bounds_.bytes_max == 0 || bytes_ + part.bytes <= bounds_.bytes_max);
  }
  void take(const PlannedPart& part) {
    samples_ += part.samples;
    bytes_ += part.bytes;
    earliest_end_ms_ = std::min(earliest_end_ms_, part.end_ms);
    latest_end_ms_ = std::max(latest_end_ms_, part.end_ms);
  }
  std::uint64_t samples() const { return samples_; }

 private:
  const MergeBounds& bounds_;
  std::uint64_t samples_ = 0, bytes_ = 0;
  std::int64_t earliest_end_ms_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t latest_end_ms_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace

std::optional<std::pair<std::size_t, std::size_t>> plan_merge(std::span<const PlannedPart> parts,
                                                              const MergeBounds& bounds) {
  if (parts.size() < kManyParts) return std::nullopt;
  // By size, from the smallest. Smaller ones that lie between those of a size go along.
  const auto largest = std::ranges::max(parts, {}, &PlannedPart::samples).samples;
  std::uint64_t above = 0;
  for (auto size = bounds.samples_small * 2; above < largest; above = std::exchange(size, size * kManyParts)) {
    const auto is_of_size = [&](const PlannedPart& part) { return part.samples > above && part.samples <= size; };
    for (std::size_t begin = 0; begin < parts.size();) {
      Run run(bounds);
      std::size_t end = begin, of_size = 0, last_of_size = begin;
      for (; end < parts.size() && parts[end].samples <= size && run.takes(parts[end]); ++end) {
        if (of_size == 0 && !is_of_size(parts[end])) break;
        run.take(parts[end]);
        if (!is_of_size(parts[end])) continue;
        ++of_size;
        last_of_size = end;
      }
      if (of_size >= kManyParts) return std::pair(begin, last_of_size + 1);
      begin = std::max(end, begin + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::pair<std::size_t, std::size_t>> plan_settling(std::span<const PlannedPart> parts,
                                                                 const MergeBounds& bounds) {
  for (auto end = parts.size(); end >= 2; --end) {
    Run run(bounds);
    auto begin = end;
    const auto is_worth_it = [&] {
      return begin == end || parts[begin - 1].samples <= std::max(run.samples(), bounds.samples_small);
    };
    while (begin > 0 && run.takes(parts[begin - 1]) && is_worth_it()) run.take(parts[--begin]);
    if (end - begin >= 2) return std::pair(begin, end);
  }
  return std::nullopt;
}

}  // namespace mamori::metrics::detail
