// demo/role.h: what the demo's own processes (shop, provider, traffic) share: flags, faults in force, own metrics.
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/random.h"
#include "base/result.h"
#include "demo/faults.h"
#include "net/http.h"

namespace mamori::demo {

/// The environment variable that carries the demo's token from the supervisor to its processes; a command line would
/// show it to every user of the machine.
inline constexpr const char* kTokenVariable = "MAMORI_DEMO_TOKEN";

struct RoleOptions {
  std::string listen;        // shop, provider
  std::string front_url;     // provider, traffic: the shop's address through nginx
  std::string provider_url;  // shop
  std::string control_url;   // provider, traffic: where the supervisor tells the faults; "" for none
  std::string log_dir;       // shop
  std::string token;
  std::uint64_t seed = 1;
  double rate = 4;  // traffic: mean payments per second over a day
};

/// Blocks until SIGTERM or SIGINT. REQUIRES: both are blocked in every thread.
void wait_for_stop_signal();

/// Keeps the faults in force, asking the supervisor four times a second. While it cannot be reached, the last known
/// ones stay.
class FaultWatch {
 public:
  FaultWatch(std::string control_url, std::string token);
  ~FaultWatch();
  Faults now() const;

 private:
  void poll();
  const std::string url_, token_;
  mutable std::mutex mutex_;
  Faults faults_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// A random source that several threads share.
class SharedRandom {
 public:
  explicit SharedRandom(std::uint64_t seed) : random_(seed) {}
  auto with(auto draw) {
    const std::lock_guard lock(mutex_);
    return draw(random_);
  }

 private:
  std::mutex mutex_;
  Random random_;
};

/// Counters of a role's own /metrics.
class Counters {
 public:
  /// `series`: "demo_shop_requests_total{path=\"/\"}".
  void add(const std::string& series, std::uint64_t by = 1);
  net::Response exposition() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> values_;
};

bool has_token(const net::Request& request, std::string_view token);

/// Each runs until SIGTERM or SIGINT and returns the exit code.
int run_shop(const RoleOptions& options);
int run_provider(const RoleOptions& options);
int run_traffic(const RoleOptions& options);

}  // namespace mamori::demo
