#include "metrics/promql/query_gate.h"

#include <algorithm>

namespace mamori::metrics::promql {

/// REQUIRES: mutex_ is held, here and below.
bool QueryGate::may_run(const Client& client) const {
  const auto free = options_.concurrency - std::min<std::size_t>(options_.concurrency, stats_.running);
  // Many heavy queries of one client leave a place for another's cheap one.
  return free > 1 || (free == 1 && (client.running == 0 || options_.concurrency == 1));
}

void QueryGate::admit() {
  for (auto at = turn_.begin(); at != turn_.end();) {
    auto& client = clients_.at(*at);
    if (!may_run(client)) {
      ++at;
      continue;
    }
    auto* const waiter = client.line.front();
    client.line.pop_front();
    ++client.running;
    ++stats_.running;
    ++stats_.admitted;
    --stats_.waiting;
    waiter->admitted = true;
    waiter->wake.notify_one();
    if (client.line.empty()) {
      turn_.erase(at);
    } else {
      turn_.splice(turn_.end(), turn_, at);
    }
    at = turn_.begin();
  }
}

void QueryGate::forget_if_idle(const std::string& client) {
  const auto at = clients_.find(client);
  if (at != clients_.end() && at->second.running == 0 && at->second.line.empty()) clients_.erase(at);
}

/// Returns when the waiter is admitted, the deadline has passed or the client is gone; whether the client is gone.
bool QueryGate::wait_for_turn(std::unique_lock<std::mutex>& lock, Waiter& waiter, Clock::time_point deadline,
                              const std::function<bool()>& client_is_gone) {
  constexpr std::chrono::milliseconds kAskEvery{100};
  while (!waiter.admitted && Clock::now() < deadline) {
    if (client_is_gone && client_is_gone()) return true;
    const auto until = client_is_gone ? std::min(deadline, Clock::now() + kAskEvery) : deadline;
    waiter.wake.wait_until(lock, until, [&] { return waiter.admitted; });
  }
  return false;
}

Result<QueryGate::Pass> QueryGate::enter(const std::string& client, Clock::time_point deadline,
                                         const std::function<bool()>& client_is_gone) {
  const auto begin = Clock::now();
  std::unique_lock lock(mutex_);
  auto& own = clients_[client];
  if (own.line.empty() && may_run(own)) {
    ++own.running;
    ++stats_.running;
    ++stats_.admitted;
    return Pass(this, client);
  }
  const bool own_line_full = own.line.size() >= options_.waiting_client_max;
  if (own_line_full || stats_.waiting >= options_.waiting_max) {
    ++stats_.refused;
    forget_if_idle(client);
    return Error{Code::Unavailable,
                 std::to_string(options_.concurrency) + " queries run (--query-concurrency) and " +
                     (own_line_full ? std::to_string(options_.waiting_client_max) + " of this client wait"
                                    : std::to_string(options_.waiting_max) + " wait (--query-queue)") +
                     ", which is as many as may; try again later"};
  }
  Waiter waiter;
  own.line.push_back(&waiter);
  if (own.line.size() == 1) turn_.push_back(client);
  ++stats_.waiting;
  const bool gone = wait_for_turn(lock, waiter, deadline, client_is_gone);
  if (waiter.admitted) {
    stats_.waited_seconds += std::chrono::duration<double>(Clock::now() - begin).count();
    return Pass(this, client);
  }
  std::erase(own.line, &waiter);
  if (own.line.empty()) turn_.remove(client);
  --stats_.waiting;
  if (!gone) ++stats_.timed_out;
  forget_if_idle(client);
  if (gone) return Error{Code::Unavailable, "query was canceled in query queue: the client has closed its connection"};
  return Error{Code::DeadlineExceeded, "query timed out in query queue: " + std::to_string(options_.concurrency) +
                                           " others ran all the time (--query-concurrency)"};
}

void QueryGate::leave(const std::string& client) {
  const std::lock_guard guard(mutex_);
  --clients_.at(client).running;
  --stats_.running;
  admit();
  forget_if_idle(client);
}

QueryGateStats QueryGate::stats() const {
  const std::lock_guard guard(mutex_);
  return stats_;
}

}  // namespace mamori::metrics::promql
