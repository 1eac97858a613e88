#include "metrics/promql/query_budget.h"

#include <algorithm>

#include "base/size.h"

namespace mamori::metrics::promql {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Nanos kAskClientEvery = Millis{100};  // a system call; nobody minds 100 ms of work in vain
// What a query takes without asking the process' gauge: most never need more.
constexpr std::uint64_t kUnasked = 1 << 20;

void raise_to(std::atomic<std::uint64_t>& peak, std::uint64_t value) {
  auto before = peak.load(std::memory_order_relaxed);
  while (before < value && !peak.compare_exchange_weak(before, value, std::memory_order_relaxed)) continue;
}

std::int64_t count(SteadyClock::time_point time) { return std::chrono::nanoseconds(time.time_since_epoch()).count(); }

}  // namespace

QueryBudget::QueryBudget(QueryLimits limits)
    : limits_(std::move(limits)), ask_client_at_(count(SteadyClock::now() + kAskClientEvery)) {}

QueryBudget::~QueryBudget() {
  if (limits_.memory) limits_.memory->release(reserved_);
}

Result<void> QueryBudget::hold(std::uint64_t samples, std::uint64_t bytes) {
  const auto samples_now = samples_.fetch_add(samples, std::memory_order_relaxed) + samples;
  const auto bytes_now = bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  raise_to(samples_peak_, samples_now);
  raise_to(bytes_peak_, bytes_now);
  if (samples_now > limits_.samples.value) {
    return Error{Code::TooLarge,
                 "query processing would load too many samples into memory in query execution: more than " +
                     std::to_string(limits_.samples.value) + ", the limit set by " +
                     std::string(limits_.samples.option)};
  }
  if (bytes_now > limits_.bytes.value) {
    return Error{Code::TooLarge, "the query needs more than " + format_size(limits_.bytes.value) +
                                     " of memory, the limit set by " + std::string(limits_.bytes.option) +
                                     ": ask for fewer series, a shorter range or larger steps"};
  }
  if (bytes_now > reserved_ + kUnasked) MAMORI_TRY_VOID(reserve(bytes_now));
  return check();
}

/// Tells the process' gauge of memory up to `bytes`, in steps of kUnasked.
Result<void> QueryBudget::reserve(std::uint64_t bytes) {
  if (!limits_.memory) return {};
  auto before = reserved_.load();
  while (before < bytes) {
    const auto after = (bytes + kUnasked - 1) / kUnasked * kUnasked;
    if (!reserved_.compare_exchange_weak(before, after)) continue;
    if (limits_.memory->reserve(after - before)) return {};
    reserved_ -= after - before;
    return Error{Code::Unavailable,
                 "the query needs " + format_size(after) +
                     " of memory, which the server does not have at the moment: it uses nearly all of the " +
                     format_size(limits_.memory->limit()) + " that --memory-limit gives it; try again later"};
  }
  return {};
}

void QueryBudget::release(std::uint64_t samples, std::uint64_t bytes) {
  samples_.fetch_sub(samples, std::memory_order_relaxed);
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void QueryBudget::return_to(const Mark& mark) {
  samples_ = mark.samples;
  bytes_ = mark.bytes;
}

Result<void> QueryBudget::check() {
  const auto now = SteadyClock::now();
  if (now >= limits_.deadline) {
    return Error{Code::DeadlineExceeded, "query timed out in expression evaluation: it may take " +
                                             format_duration(limits_.timeout) + ", set by " +
                                             std::string(limits_.timeout_option)};
  }
  auto ask_at = ask_client_at_.load(std::memory_order_relaxed);
  const bool ask = limits_.client_is_gone && count(now) >= ask_at &&
                   ask_client_at_.compare_exchange_strong(ask_at, count(now + kAskClientEvery));  // one thread does
  if (ask && limits_.client_is_gone()) client_is_gone_ = true;
  if (!client_is_gone_) return {};
  return Error{Code::Unavailable, "query was canceled in expression evaluation: the client has closed its connection"};
}

}  // namespace mamori::metrics::promql
