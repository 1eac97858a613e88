// metrics/promql/query_budget.h: what one query may use: time, samples held at once, bytes of memory. Counts what the
// nodes of the expression hold, and says no by the budget's name.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace mamori::metrics::promql {

struct QueryLimits {
  std::uint64_t samples_max = 0;
  std::chrono::steady_clock::time_point deadline;
};

/// Thread-safe: a query's workers hold and release at the same time.
class QueryBudget {
 public:
  /// What is held at one moment.
  struct Mark {
    std::uint64_t samples = 0;
  };

  explicit QueryBudget(const QueryLimits& limits) : limits_(limits) {}

  /// Errors: TooLarge when the query would hold more than it may; as check().
  Result<void> hold(std::uint64_t samples);
  void release(std::uint64_t samples);

  /// Errors: DeadlineExceeded.
  Result<void> check() const;

  Mark mark() const { return {.samples = samples_}; }
  /// Forgets what was held since `mark`. REQUIRES: no other thread uses the budget.
  void return_to(const Mark& mark) { samples_ = mark.samples; }

  std::uint64_t samples_peak() const { return samples_peak_; }

 private:
  const QueryLimits limits_;
  std::atomic<std::uint64_t> samples_{0}, samples_peak_{0};
};

}  // namespace mamori::metrics::promql
