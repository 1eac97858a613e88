// metrics/exemplars.h: the newest exemplars (samples with a trace id or the like) in a ring of fixed size, by series.
// What always holds: never more than `exemplars_max` are kept, the oldest one of all gives way to a new one; within a
// series they ascend in time; what was received twice is kept once. In memory only: a restart forgets them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "metrics/labels.h"
#include "metrics/store.h"

namespace mamori::metrics {

struct Exemplar {
  Labels labels;  // its own, such as trace_id; not the series'
  std::int64_t time_ms = 0;
  double value = 0;
};

struct SeriesExemplars {
  Labels series;
  std::vector<Exemplar> exemplars;  // ascending time
};

struct ExemplarStats {
  std::size_t exemplars = 0, exemplars_max = 0, series = 0;
};

/// Thread-safe.
class ExemplarRing {
 public:
  /// 0: keeps none.
  explicit ExemplarRing(std::size_t exemplars_max) : exemplars_max_(exemplars_max) {}

  enum class Outcome {
    Kept,
    Duplicate,   // the series has it already
    OutOfOrder,  // older than the series' newest
    TooLong,     // names and values of its labels pass 128 characters together (OpenMetrics 1.0's bound)
    Off,         // exemplars_max is 0
  };
  Outcome add(const Labels& series, const Exemplar& exemplar);

  /// Of series that match all matchers of at least one of `any_of`, the exemplars in [start_ms, end_ms]; series without
  /// any are left out. Sorted by labels.
  std::vector<SeriesExemplars> select(std::span<const std::vector<Matcher>> any_of, std::int64_t start_ms,
                                      std::int64_t end_ms) const;

  ExemplarStats stats() const;

 private:
  static constexpr std::uint32_t kNone = ~0u;
  struct Slot {
    Exemplar exemplar;
    const Labels* series = nullptr;  // the map's key
    std::uint32_t older = kNone, newer = kNone;
  };
  struct Ends {
    std::uint32_t oldest = kNone, newest = kNone;
  };
  struct Hash {
    std::size_t operator()(const Labels& labels) const { return labels.hash(); }
  };
  bool has(const Ends& ends, const Exemplar& exemplar) const;
  void drop(std::uint32_t slot);

  const std::size_t exemplars_max_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<Slot> slots_;   // grows to exemplars_max, then turns
  std::size_t next_ = 0;      // the slot to fill, once it is full
  std::unordered_map<Labels, Ends, Hash> series_;
};

}  // namespace mamori::metrics
