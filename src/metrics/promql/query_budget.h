// metrics/promql/query_budget.h: what one query may use: time, samples held at once, bytes of memory. Counts what the
// nodes of the expression hold, and says no by the budget's name, its option and its value.
// Memory counts as the bytes of rows, buffers and results, without the small blocks beside them.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/memory_gauge.h"
#include "base/result.h"
#include "base/time.h"

namespace mamori::metrics::promql {

/// A bound and who set it: "--query-max-samples", or the header by which a client asked for less.
struct Bound {
  std::uint64_t value = 0;
  std::string_view option;
};

struct QueryLimits {
  Bound samples, bytes;
  Nanos timeout{};
  std::string_view timeout_option;
  std::chrono::steady_clock::time_point deadline;
  MemoryGauge* memory = nullptr;         // the process'; may be null
  std::function<bool()> client_is_gone;  // may be empty; asked about every 100 ms, by one thread at a time
};

/// Thread-safe: a query's workers hold and release at the same time.
class QueryBudget {
 public:
  /// What is held at one moment.
  struct Mark {
    std::uint64_t samples = 0, bytes = 0;
  };

  explicit QueryBudget(QueryLimits limits);
  ~QueryBudget();
  QueryBudget(const QueryBudget&) = delete;
  QueryBudget& operator=(const QueryBudget&) = delete;

  /// Errors: TooLarge when the query would hold more than it may; Unavailable when the whole process has no memory left
  /// for it; as check().
  Result<void> hold(std::uint64_t samples, std::uint64_t bytes);
  void release(std::uint64_t samples, std::uint64_t bytes);

  /// Errors: DeadlineExceeded; Unavailable when nobody waits for the answer any more.
  Result<void> check();

  Mark mark() const { return {.samples = samples_, .bytes = bytes_}; }
  /// Forgets what was held since `mark`. REQUIRES: no other thread uses the budget.
  void return_to(const Mark& mark);

  std::uint64_t samples_peak() const { return samples_peak_; }
  std::uint64_t bytes_peak() const { return bytes_peak_; }

 private:
  Result<void> reserve(std::uint64_t bytes);

  const QueryLimits limits_;
  std::atomic<std::uint64_t> samples_{0}, samples_peak_{0}, bytes_{0}, bytes_peak_{0}, reserved_{0};
  std::atomic<std::int64_t> ask_client_at_;  // steady clock's nanoseconds
  std::atomic<bool> client_is_gone_{false};
};

}  // namespace mamori::metrics::promql
