#include "net/name_lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/time.h"

namespace mamori::net {
namespace {

std::atomic<int> lookups_running{0};

/// Shared with the thread, which may outlive the caller.
struct Pending {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Result<Addresses>> found;
};

bool is_number(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

}  // namespace

Result<Addresses> system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); failed != 0) {
    return Error{Code::Unavailable, ::gai_strerror(failed)};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
  Addresses addresses;
  for (const auto* one = list; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  return addresses;
}

Result<Addresses> look_up(const std::string& host, std::chrono::steady_clock::time_point until,
                          const std::function<bool()>& give_up,
                          std::function<Result<Addresses>(const std::string&)> lookup) {
  if (is_number(host)) return Addresses{host};
  if (lookups_running.fetch_add(1) >= kLookupsMax) {
    --lookups_running;
    return Error{Code::Unavailable, std::to_string(kLookupsMax) + " look-ups are under way; the name servers are slow"};
  }
  const auto pending = std::make_shared<Pending>();
  std::thread([pending, host, lookup = std::move(lookup)] {
    auto found = lookup(host);
    --lookups_running;
    const std::lock_guard guard(pending->mutex);
    pending->found = std::move(found);
    pending->done.notify_all();
  }).detach();

  std::unique_lock guard(pending->mutex);
  const auto is_found = [&] { return pending->found.has_value(); };
  while (!is_found()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= until || (give_up && give_up())) return Error{Code::DeadlineExceeded, "no answer in time"};
    pending->done.wait_until(guard, give_up ? std::min(until, now + Millis{50}) : until, is_found);
  }
  return *std::move(pending->found);
}

}  // namespace mamori::net
