#include "net/name_lookup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/time.h"
#include "net/detail/in_time.h"

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

}  // namespace
}  // namespace mamori::net
