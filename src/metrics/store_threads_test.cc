// Many threads write, read, delete, take snapshots, while parts are written and merged behind their backs.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "base/log.h"
#include "metrics/store_fixture.h"

namespace mamori::metrics {
namespace {

using testing::IsEmpty;

class StoreThreadsTest : public StoreTest {
 protected:
  StoreThreadsTest() {
    options_.background = true;
    options_.head_samples_max = 2000;
    options_.retention = std::chrono::days{30'000};  // the samples' times begin in 1970
    options_.settle_after = std::chrono::milliseconds{1};
    set_log_level(LogLevel::Error);
  }
  ~StoreThreadsTest() override { set_log_level(LogLevel::Info); }
};

TEST_F(StoreThreadsTest, EachReaderSeesWhatWasWrittenBefore) {
  constexpr int kWriters = 3, kSeriesEach = 7, kSteps = 1500;
  std::atomic<bool> done{false};
  std::atomic<int> written[kWriters] = {};
  std::vector<std::thread> threads, others;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int step = 1; step <= kSteps; ++step) {
        std::vector<SeriesSample> batch;
        for (int i = 0; i < kSeriesEach; ++i)
          batch.push_back({up(std::to_string(writer) + "." + std::to_string(i)), {step, static_cast<double>(step)}});
        const auto outcome = store_->append(batch);
        ASSERT_TRUE(outcome);
        ASSERT_EQ(outcome->written, batch.size());
        written[writer] = step;
        if (step % 100 == 0) append("short." + std::to_string(writer) + "." + std::to_string(step), step, 1);
      }
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    others.emplace_back([&, reader] {
      while (!done) {
        const int writer = reader;
        const int before = written[writer];
        const auto mine = matcher("instance", MatchOp::Regex, std::to_string(writer) + "\\..*");
        const auto all = store_->select(std::span(&mine, 1), kFirstMs, kLastMs);
        if (before > 0) ASSERT_EQ(all.size(), static_cast<std::size_t>(kSeriesEach));
        for (const auto& series : all) {
          ASSERT_GE(series.samples.size(), static_cast<std::size_t>(before));
          for (std::size_t i = 0; i < series.samples.size(); ++i)
            ASSERT_EQ(series.samples[i].value, static_cast<double>(i + 1)) << "each sample once, in order";
        }
      }
    });
  }
  others.emplace_back([&] {
    const auto gone = matcher("instance", MatchOp::Regex, "short.*");
    for (int i = 0; !done; ++i) {
      EXPECT_TRUE(store_->delete_series(std::span(&gone, 1), kFirstMs, kLastMs));
      EXPECT_TRUE(store_->enforce_retention());
      if (i % 3 == 0) EXPECT_TRUE(store_->clean_tombstones());
      if (i % 5 == 0) EXPECT_TRUE(store_->snapshot(/*skip_head=*/i % 2 == 0));
      (void)store_->stats();
      (void)store_->label_values("instance", {}, kFirstMs, kLastMs);
      (void)store_->cardinality(3);
      EXPECT_TRUE(store_->sync());
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
  });
  for (auto& thread : threads) thread.join();
  done = true;
  for (auto& thread : others) thread.join();
  EXPECT_GT(store_->stats().flushes, 5u);
  EXPECT_GT(store_->stats().merges, 0u);
  for (int round = 0; round < 2; ++round) {
    const auto mine = matcher("instance", MatchOp::NotRegex, "short.*");
    const auto all = select({mine});
    EXPECT_EQ(all.size(), static_cast<std::size_t>(kWriters * kSeriesEach));
    for (const auto& series : all) EXPECT_EQ(series.samples.size(), static_cast<std::size_t>(kSteps));
    open();
    EXPECT_THAT(warnings_, IsEmpty());
  }
}

TEST_F(StoreThreadsTest, SettlesIntoOnePartWhenItIsQuiet) {
  for (int step = 1; step <= 5000; ++step) append("a", step, step);
  for (int i = 0; i < 1000 && (store_->stats().parts != 1 || store_->stats().heads_waiting > 0); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  EXPECT_EQ(store_->stats().parts, 1u);
  // How many go into a head depends on how soon the one before it was written out.
  EXPECT_EQ(store_->stats().part_samples + store_->stats().head_samples, 5000u);
  EXPECT_EQ(select()[0].samples.size(), 5000u);
}

}  // namespace
}  // namespace mamori::metrics
