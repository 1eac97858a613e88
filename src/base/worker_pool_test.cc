#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace mamori {
namespace {

TEST(WorkerPool, DoesEachPieceOnce) {
  WorkerPool pool(3);
  std::vector<std::atomic<int>> done(1000);
  pool.run(done.size(), [&](std::size_t i) { ++done[i]; });
  for (const auto& count : done) EXPECT_EQ(count, 1);
}

TEST(WorkerPool, WorksWithoutHelpersAndWithoutPieces) {
  WorkerPool pool(0);
  int count = 0;
  pool.run(5, [&](std::size_t) { ++count; });
  pool.run(0, [&](std::size_t) { ++count; });
  EXPECT_EQ(count, 5);
}

TEST(WorkerPool, ServesManyAskersAtOnce) {
  WorkerPool pool(2);
  std::atomic<int> count{0};
  std::vector<std::thread> askers;
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back([&] {
      for (int k = 0; k < 50; ++k) pool.run(7, [&](std::size_t) { ++count; });
    });
  }
  for (auto& asker : askers) asker.join();
  EXPECT_EQ(count, 8 * 50 * 7);
}

TEST(WorkerPool, APieceMayAskForHelpItself) {
  WorkerPool pool(2);
  std::atomic<int> count{0};
  pool.run(4, [&](std::size_t) { pool.run(4, [&](std::size_t) { ++count; }); });
  EXPECT_EQ(count, 16);
}

TEST(WorkerPool, ThrowsWhatAPieceThrewAndGoesOn) {
  WorkerPool pool(2);
  const auto fails = [](std::size_t i) {
    if (i == 3) throw std::runtime_error("piece 3");
  };
  EXPECT_THROW(pool.run(100, fails), std::runtime_error);
  std::atomic<int> count{0};
  pool.run(10, [&](std::size_t) { ++count; });
  EXPECT_EQ(count, 10);
}

}  // namespace
}  // namespace mamori
