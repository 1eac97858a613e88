#include "net/detail/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

namespace mamori::net {
namespace {

TEST(Workers, RunEveryJobThatWasPostedBeforeTheyAreAskedToStop) {
  std::atomic<int> ran{0};
  std::promise<void> last;
  Workers workers(4);
  for (int i = 0; i < 1000; ++i) {
    workers.post([&] {
      if (++ran == 1000) last.set_value();
    });
  }
  last.get_future().wait();
  EXPECT_EQ(ran, 1000);
}

TEST(Workers, RunJobsBesideOneThatBlocks) {
  std::promise<void> release;
  auto released = release.get_future().share();
  std::promise<void> other_ran;
  Workers workers(2);
  workers.post([released] { released.wait(); });
  workers.post([&] { other_ran.set_value(); });
  other_ran.get_future().wait();
  release.set_value();
}

TEST(Workers, HoldNothingOfAJobThatNeverRan) {
  const auto held = std::make_shared<int>(1);
  std::promise<void> entered, release;
  {
    Workers workers(1);
    workers.post([&] {
      entered.set_value();
      release.get_future().wait();
    });
    entered.get_future().wait();
    for (int i = 0; i < 100; ++i) workers.post([held] {});
    std::thread stopper([&] { workers.stop(); });
    release.set_value();
    stopper.join();
    workers.stop();  // again: nothing
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace mamori::net
