// metrics/promql/query_gate.h: lets so many queries run at once, and the others wait in line, each client in its own.
// Always holds: clients with somebody waiting are served in turn, one query each; while others could use it, the last
// free place goes only to a client that has none; who waits gets a place, or an error by the deadline.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/result.h"

namespace mamori::metrics::promql {

struct QueryGateOptions {
  std::size_t concurrency = 8;          // queries that run at once
  std::size_t waiting_max = 40;         // in all lines
  std::size_t waiting_client_max = 20;  // in one client's line: it cannot fill all places alone
};

struct QueryGateStats {
  std::uint64_t running = 0, waiting = 0, admitted = 0, refused = 0, timed_out = 0;
  double waited_seconds = 0;  // by those admitted, in all
};

/// Thread-safe.
class QueryGate {
 public:
  using Clock = std::chrono::steady_clock;

  /// A place; given back when it is destroyed. The gate outlives it.
  class Pass {
   public:
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), client_(std::move(other.client_)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_) gate_->leave(client_);
    }

   private:
    friend class QueryGate;
    Pass(QueryGate* gate, std::string client) : gate_(gate), client_(std::move(client)) {}
    QueryGate* gate_;
    std::string client_;
  };

  explicit QueryGate(QueryGateOptions options) : options_(options) {}

  /// Waits for a place. `client_is_gone`: may be empty; asked every 100 ms of waiting.
  /// Errors: Unavailable when too many wait already, or nobody waits for the answer any more; DeadlineExceeded.
  Result<Pass> enter(const std::string& client, Clock::time_point deadline,
                     const std::function<bool()>& client_is_gone = {});

  QueryGateStats stats() const;
  const QueryGateOptions& options() const { return options_; }

 private:
  struct Waiter {
    std::condition_variable wake;
    bool admitted = false;
  };
  struct Client {
    std::size_t running = 0;
    std::deque<Waiter*> line;
  };

  void leave(const std::string& client);
  void admit();
  bool wait_for_turn(std::unique_lock<std::mutex>& lock, Waiter& waiter, Clock::time_point deadline,
                     const std::function<bool()>& client_is_gone);
  bool may_run(const Client& client) const;
  void forget_if_idle(const std::string& client);

  const QueryGateOptions options_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, Client> clients_;
  std::list<std::string> turn_;  // clients with a line, the next to be served first
  QueryGateStats stats_;
};

}  // namespace mamori::metrics::promql
