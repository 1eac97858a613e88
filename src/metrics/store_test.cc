#include "metrics/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "metrics/gorilla.h"

namespace mamori::metrics {
namespace {

namespace fs = std::filesystem;

class MetricsStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-metrics-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    open();
  }
  void TearDown() override {
    store_.reset();
    fs::remove_all(dir_);
  }

  void open() {
    store_.reset();
    warnings_.clear();
    auto store = Store::open(dir_, {.retention = std::chrono::hours{24}}, clock_, warnings_);
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
  }

  AppendOutcome append(const char* instance, std::int64_t time_ms, double value) {
    const SeriesSample one{Labels({{"__name__", "up"}, {"instance", instance}}), {time_ms, value}};
    const auto outcome = store_->append(std::span(&one, 1));
    EXPECT_TRUE(outcome);
    return *outcome;
  }

  std::vector<SeriesData> select(MatchOp op = MatchOp::Equal, const char* value = "up", std::int64_t start = 0,
                                 std::int64_t end = std::numeric_limits<std::int64_t>::max()) {
    const auto matcher = *Matcher::make("__name__", op, value);
    return store_->select(std::span(&matcher, 1), start, end);
  }

  std::size_t parts() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(dir_ + "/parts")) count += entry.path().extension() == ".part";
    return count;
  }

  std::string dir_;
  FakeClock clock_{Timestamp{Seconds{1'700'000'000}}};
  std::vector<std::string> warnings_;
  std::unique_ptr<Store> store_;
};

TEST_F(MetricsStoreTest, KeepsSamplesBySeriesAndSelectsThemByTime) {
  for (int i = 0; i < 500; ++i) append("a", i * 15'000, i);
  append("b", 1000, 7);
  const auto all = select();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].labels.get("instance"), "a");
  EXPECT_EQ(all[0].samples.size(), 500u);
  const auto some = select(MatchOp::Regex, "u.*", 15'000 * 100, 15'000 * 300);
  ASSERT_EQ(some.size(), 1u);
  EXPECT_EQ(some[0].samples.size(), 201u);
  EXPECT_EQ(some[0].samples.front().value, 100);
  EXPECT_TRUE(select(MatchOp::NotEqual, "up").empty());
}

TEST_F(MetricsStoreTest, LeavesOutWhatIsNotNewerAndCountsIt) {
  append("a", 1000, 1);
  EXPECT_EQ(append("a", 1000, 1).duplicate, 1u);
  EXPECT_EQ(append("a", 1000, 2).out_of_order, 1u);
  EXPECT_EQ(append("a", 999, 1).out_of_order, 1u);
  EXPECT_EQ(select()[0].samples.size(), 1u);
}

TEST_F(MetricsStoreTest, HasEverythingAfterEachRestart) {
  for (int round = 0; round < 3; ++round) {
    append("b", round * 1000 + 1, round);
    append("a", round * 1000 + 1, round * 10);
    open();
    EXPECT_TRUE(warnings_.empty());
  }
  const auto all = select();
  ASSERT_EQ(all.size(), 2u);
  ASSERT_EQ(all[0].samples.size(), 3u);
  EXPECT_EQ(all[0].samples[2].value, 20) << "numbers in the log of different processes are kept apart";
  EXPECT_EQ(all[1].samples[2].value, 2);
}

TEST_F(MetricsStoreTest, SealsTheHeadIntoAPartAndReadsAcrossIt) {
  const auto now_ms = to_millis(clock_.now());
  append("a", now_ms, 1);
  clock_.advance(std::chrono::hours{3});
  append("a", now_ms + 10'800'000, 2);
  EXPECT_EQ(parts(), 1u);
  append("a", now_ms + 10'800'001, 3);
  ASSERT_EQ(select()[0].samples.size(), 3u);
  open();
  ASSERT_EQ(select()[0].samples.size(), 3u);
  EXPECT_EQ(append("a", now_ms, 9).out_of_order, 1u) << "a part's newest sample still counts after a restart";
}

TEST_F(MetricsStoreTest, DropsPartsPastRetentionAndForgetsTheirSeries) {
  append("a", to_millis(clock_.now()), 1);
  clock_.advance(std::chrono::hours{3});
  append("b", to_millis(clock_.now()), 1);
  ASSERT_EQ(parts(), 1u);
  clock_.advance(std::chrono::hours{48});
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_EQ(parts(), 0u);
  EXPECT_TRUE(select().empty());
  EXPECT_EQ(store_->stats().series, 0u);
  append("a", to_millis(clock_.now()), 5);
  EXPECT_EQ(select().size(), 1u);
}

TEST_F(MetricsStoreTest, SetsADamagedPartAsideAndStartsWithTheRest) {
  append("a", to_millis(clock_.now()), 1);
  clock_.advance(std::chrono::hours{3});
  append("a", to_millis(clock_.now()), 2);
  append("a", to_millis(clock_.now()) + 1, 3);
  store_.reset();
  std::fstream part(dir_ + "/parts/0000000000000001.part", std::ios::in | std::ios::out | std::ios::binary);
  part.seekp(12);
  part.put('\x7f');
  part.close();
  open();
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("set aside"), std::string::npos);
  EXPECT_EQ(select()[0].samples.size(), 1u) << "what the log holds";
}

TEST_F(MetricsStoreTest, LosesNothingWhileOthersReadAndPartsAreWritten) {
  constexpr int kWriters = 3, kEach = 300;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      const auto instance = std::to_string(writer);
      for (int i = 1; i <= kEach; ++i) {
        append(instance.c_str(), i * 1000, i);
        if (i % 100 == 0) clock_.advance(std::chrono::hours{3});  // the next append writes a part
      }
    });
  }
  std::thread reader([&] {
    while (!done) {
      for (const auto& series : select()) {
        for (std::size_t i = 0; i < series.samples.size(); ++i)
          ASSERT_EQ(series.samples[i].value, static_cast<double>(i + 1)) << "a reader sees each sample once, in order";
      }
      EXPECT_TRUE(store_->sync());
    }
  });
  for (auto& thread : threads) thread.join();
  done = true;
  reader.join();
  EXPECT_GE(parts(), 2u);
  for (int round = 0; round < 2; ++round) {
    const auto all = select();
    ASSERT_EQ(all.size(), static_cast<std::size_t>(kWriters));
    for (const auto& series : all) EXPECT_EQ(series.samples.size(), static_cast<std::size_t>(kEach));
    open();
  }
}

TEST_F(MetricsStoreTest, KeepsTheStalenessMarkersBits) {
  append("a", 1, stale_nan());
  open();
  EXPECT_TRUE(is_stale_nan(select()[0].samples[0].value));
}

TEST(Gorilla, PacksASteadySeriesIntoLittle) {
  GorillaEncoder encoder;
  for (int i = 0; i < 120; ++i) encoder.append({1'700'000'000'000 + i * 15'000, 42.0});
  EXPECT_LT(encoder.bytes().size(), 60u);
}

}  // namespace
}  // namespace mamori::metrics
