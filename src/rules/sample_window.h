// rules/sample_window.h: measured values (milliseconds) and plain counts of the last hour, by the second they belong
// to. What always holds: count, sum, minimum and maximum are exact; percentiles are exact by nearest rank while no
// second holds more than kSamplesPerSecond values, and beyond that estimates from a fair sample of that second. Knows
// no clock. Not thread-safe.
#pragma once
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "rules/payment_window.h"

namespace mamori::rules {

/// 2048 a second is four times the design log's stress load; an hour of it is 60 MB.
inline constexpr std::size_t kSamplesPerSecond = 2048;

struct SampleSummary {
  std::uint64_t count = 0;
  double sum = 0, minimum = 0, maximum = 0;
};

class SampleWindow {
 public:
  SampleWindow();
  void add(Timestamp time, double value);
  SampleSummary summary(SecondIndex now, SecondIndex window) const;
  /// Nearest rank; 0 for an empty window.
  double percentile(SecondIndex now, SecondIndex window, double percent) const;
  /// How many values lie above `limit`; an estimate where the second was sampled.
  std::uint64_t count_above(SecondIndex now, SecondIndex window, double limit) const;
  std::uint64_t thinned() const { return thinned_; }
  void forget_after(SecondIndex now);

 private:
  struct Slot {
    SecondIndex second = -1;
    SampleSummary summary;
    std::vector<double> kept;
  };
  template <typename Visit>
  void visit(SecondIndex now, SecondIndex window, Visit visit) const;

  std::vector<Slot> slots_;
  Random random_{0x6d616d6f7269};  // fixed: the choice of samples need not be secret, but must replay
  std::uint64_t thinned_ = 0;
  mutable std::vector<double> scratch_;
};

/// Good and bad events by second.
class RatioWindow {
 public:
  RatioWindow();
  void add(Timestamp time, bool bad);
  struct Counts {
    std::uint64_t total = 0, bad = 0;
  };
  Counts counts(SecondIndex now, SecondIndex window) const;
  void forget_after(SecondIndex now);

 private:
  struct Slot {
    SecondIndex second = -1;
    std::uint64_t total = 0, bad = 0;
  };
  std::vector<Slot> slots_;
};

}  // namespace mamori::rules
