// net/detail/in_time.h: waits for a call that cannot be interrupted, such as one of the system's resolver, but no
// longer than it may: the call runs on a thread of its own, and ends unheard when its caller has given up. What always
// holds: at most kCallsMax such threads.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/result.h"
#include "base/time.h"

namespace mamori::net {

inline constexpr int kCallsMax = 64;  // a server that answers nobody must not cost a thread for each question
inline std::atomic<int> calls_running{0};

/// `give_up`, when given, is asked every 50 ms. `call` must own what it uses.
/// Errors: those of `call`; DeadlineExceeded when `until` comes first, or when to give up; Unavailable at the bound.
template <typename T>
Result<T> in_time(std::function<Result<T>()> call, std::chrono::steady_clock::time_point until,
                  const std::function<bool()>& give_up) {
  struct Pending {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Result<T>> outcome;
  };
  if (calls_running.fetch_add(1) >= kCallsMax) {
    --calls_running;
    return Error{Code::Unavailable, std::to_string(kCallsMax) + " look-ups are under way; the name servers are slow"};
  }
  const auto pending = std::make_shared<Pending>();
  std::thread([pending, call = std::move(call)] {
    auto outcome = call();
    --calls_running;
    const std::lock_guard guard(pending->mutex);
    pending->outcome = std::move(outcome);
    pending->done.notify_all();
  }).detach();

  std::unique_lock guard(pending->mutex);
  const auto is_done = [&] { return pending->outcome.has_value(); };
  while (!is_done()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= until || (give_up && give_up())) return Error{Code::DeadlineExceeded, "no answer in time"};
    pending->done.wait_until(guard, give_up ? std::min(until, now + Millis{50}) : until, is_done);
  }
  return *std::move(pending->outcome);
}

}  // namespace mamori::net
