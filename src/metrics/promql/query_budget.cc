#include "metrics/promql/query_budget.h"

namespace mamori::metrics::promql {
namespace {

void raise_to(std::atomic<std::uint64_t>& peak, std::uint64_t value) {
  auto before = peak.load(std::memory_order_relaxed);
  while (before < value && !peak.compare_exchange_weak(before, value, std::memory_order_relaxed)) continue;
}

}  // namespace

Result<void> QueryBudget::hold(std::uint64_t samples) {
  const auto held = samples_.fetch_add(samples, std::memory_order_relaxed) + samples;
  raise_to(samples_peak_, held);
  if (held > limits_.samples_max) {
    return Error{Code::TooLarge, "query processing would load too many samples into memory in query execution"};
  }
  return check();
}

void QueryBudget::release(std::uint64_t samples) { samples_.fetch_sub(samples, std::memory_order_relaxed); }

Result<void> QueryBudget::check() const {
  if (std::chrono::steady_clock::now() < limits_.deadline) return {};
  return Error{Code::DeadlineExceeded, "query timed out in expression evaluation"};
}

}  // namespace mamori::metrics::promql
