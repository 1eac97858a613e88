#include "net/name_lookup.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <atomic>
#include <string_view>
#include <thread>

#include "base/time.h"
#include "net/detail/in_time.h"
#include "net/http_client.h"

/// Stands before the C library's: the servers of slow.test answer after 2 s.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  if (host != nullptr && std::string_view(host) == "slow.test") {
    std::this_thread::sleep_for(std::chrono::seconds{2});
    return EAI_AGAIN;
  }
  static const auto original = reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return original(host, service, hints, found);
}

namespace mamori::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// A name server that answers when the test is over.
class SlowLookup {
 public:
  ~SlowLookup() {
    *over_ = true;
    while (*running_ > 0) std::this_thread::sleep_for(Millis{1});
  }
  std::function<Result<Addresses>(const std::string&)> function() {
    return [over = over_, running = running_](const std::string&) -> Result<Addresses> {
      ++*running;
      while (!*over) std::this_thread::sleep_for(Millis{1});
      --*running;
      return Addresses{"127.0.0.1"};
    };
  }

 private:
  std::shared_ptr<std::atomic<bool>> over_ = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<std::atomic<int>> running_ = std::make_shared<std::atomic<int>>(0);
};

TEST(LookUp, KnowsNumbersAndTheLoopback) {
  const auto until = SteadyClock::now() + Seconds{5};
  EXPECT_EQ(*look_up("127.0.0.9", until), Addresses{"127.0.0.9"});
  EXPECT_EQ(*look_up("::1", until), Addresses{"::1"});
  const auto local = look_up("localhost", until);
  ASSERT_TRUE(local) << local.error().message;
  EXPECT_FALSE(local->empty());
}

TEST(LookUp, GivesUpInTimeAlthoughTheLookupGoesOn) {
  SlowLookup slow;
  const auto began = SteadyClock::now();
  const auto found = look_up("slow.example", began + Millis{50}, {}, slow.function());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::DeadlineExceeded);
  EXPECT_LT(SteadyClock::now() - began, Seconds{2});
}

TEST(LookUp, GivesUpWhenTold) {
  SlowLookup slow;
  const auto began = SteadyClock::now();
  const auto found = look_up("slow.example", began + Seconds{60}, [] { return true; }, slow.function());
  EXPECT_EQ(found.error().code, Code::DeadlineExceeded);
  EXPECT_LT(SteadyClock::now() - began, Seconds{10});
}

TEST(LookUp, RunsNoMoreThreadsThanItsBound) {
  SlowLookup slow;
  const auto soon = [] { return SteadyClock::now() + Millis{1}; };
  Code last = Code::DeadlineExceeded;
  for (int i = 0; i <= kCallsMax; ++i) last = look_up("slow.example", soon(), {}, slow.function()).error().code;
  EXPECT_EQ(last, Code::Unavailable);
}

TEST(Send, KeepsItsDeadlineThroughASlowLookup) {
  const auto began = SteadyClock::now();
  const auto reply = send({.url = "http://slow.test/"}, Millis{100});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::DeadlineExceeded);
  EXPECT_LT(SteadyClock::now() - began, Millis{1500});
}

}  // namespace
}  // namespace mamori::net
