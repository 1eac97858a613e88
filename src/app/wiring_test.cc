#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "app/indicator_writer.h"
#include "app/query_engine.h"

namespace mamori::app {
namespace {

namespace fs = std::filesystem;

class WiringTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-app-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    std::vector<std::string> warnings;
    store_ = *metrics::Store::open(dir_, {}, clock_, warnings);
  }
  void TearDown() override {
    store_.reset();
    fs::remove_all(dir_);
  }

  std::vector<metrics::Sample> samples(const char* name) const {
    const auto matcher = *metrics::Matcher::make("__name__", metrics::MatchOp::Equal, name);
    const auto series = store_->select(std::span(&matcher, 1), 0, std::numeric_limits<std::int64_t>::max());
    return series.empty() ? std::vector<metrics::Sample>{} : series[0].samples;
  }

  const Timestamp start_{Seconds{1'700'000'000}};
  std::string dir_;
  FakeClock clock_{start_};
  std::unique_ptr<metrics::Store> store_;
};

rules::Evaluation evaluation(Timestamp at, std::optional<double> rate) {
  rules::Evaluation made;
  made.at = at;
  made.indicators.push_back({.name = "payment_success_rate", .value = rate});
  return made;
}

TEST_F(WiringTest, AnIndicatorIsWrittenWhenItChangesAndEvery15Seconds) {
  IndicatorWriter writer(*store_);
  for (int second = 0; second < 20; ++second)
    ASSERT_TRUE(writer.write(evaluation(start_ + Seconds{second}, second < 3 ? 99.0 : 98.0)));
  ASSERT_EQ(samples("payment_success_rate").size(), 3u) << "at 0 s, at the change, and 15 s after it";
  EXPECT_EQ(samples("payment_success_rate")[1].value, 98.0);
}

TEST_F(WiringTest, AnIndicatorWithoutDataEndsAndIsNeverZero) {
  IndicatorWriter writer(*store_);
  ASSERT_TRUE(writer.write(evaluation(start_, 99.0)));
  ASSERT_TRUE(writer.write(evaluation(start_ + Seconds{1}, std::nullopt)));
  ASSERT_TRUE(writer.write(evaluation(start_ + Seconds{30}, std::nullopt)));
  ASSERT_EQ(samples("payment_success_rate").size(), 2u);
  EXPECT_TRUE(metrics::is_stale_nan(samples("payment_success_rate")[1].value));
  EXPECT_TRUE(samples("payment_acceptance_rate").empty());
}

TEST_F(WiringTest, AChartShowsEachBucketsEndAndTheLatestValueInTheLast) {
  std::vector<metrics::SeriesSample> page;
  for (int second = 0; second <= 90; second += 15) {
    page.push_back({metrics::Labels({{"__name__", "load1"}, {"instance", "a"}}),
                    {to_millis(start_ + Seconds{second}), static_cast<double>(second)}});
  }
  ASSERT_TRUE(store_->append(page));
  const metrics::promql::Engine engine(*store_);
  metrics::promql::QueryGate gate({});
  const auto query = range_query_for_console(engine, gate);
  const auto charts = query("load1", {.start = start_, .end = start_ + Seconds{90}, .step = Seconds{60}});
  ASSERT_TRUE(charts) << charts.error().message;
  ASSERT_EQ(charts->size(), 1u);
  EXPECT_EQ((*charts)[0].instance, "a");
  EXPECT_EQ((*charts)[0].values, (std::vector<std::optional<double>>{60, 90}));
}

TEST_F(WiringTest, APromqlMistakeIsBadDataAndAMismatchIsAnExecutionError) {
  const metrics::promql::Engine engine(*store_);
  metrics::promql::QueryGate gate({});
  const auto console = query_engine_for_console(engine, gate);
  const console::QueryBounds bounds{.timeout = Seconds{5}};
  EXPECT_EQ(console.instant("up{", 0, bounds).failure, console::QueryFailure::BadData);
  EXPECT_EQ(console.instant("1 + 1", 1000, bounds).series.at(0).samples.at(0).value, 2);
  EXPECT_EQ(console.instant("\"text\"", 1000, bounds).text, "text");
  EXPECT_EQ(*console.format("sum(up)by(job)"), "sum by (job) (up)");
}

TEST_F(WiringTest, AQueryThatFindsNoPlaceIsUnavailableAndOneOverItsBudgetFailsAlone) {
  const metrics::promql::Engine engine(*store_);
  metrics::promql::QueryGate gate({.concurrency = 1, .waiting_max = 0});
  const auto console = query_engine_for_console(engine, gate);
  console::QueryBounds bounds{.timeout = Seconds{5}};
  {
    const auto running = console.instant("1", 0, bounds);  // until its answer is written
    const auto refused = console.instant("1", 0, bounds);
    EXPECT_EQ(refused.failure, console::QueryFailure::Unavailable);
    EXPECT_TRUE(refused.error.starts_with("1 queries run (--query-concurrency)")) << refused.error;
  }
  bounds.samples_max = 3;
  {
    const auto large = console.range("vector(1)", 0, 10'000, 1000, bounds);
    EXPECT_EQ(large.failure, console::QueryFailure::Execution);
    EXPECT_TRUE(large.error.ends_with("more than 3, the limit set by X-Mamori-Max-Samples")) << large.error;
  }
  const auto small = console.instant("vector(1)", 0, bounds);
  EXPECT_EQ(small.failure, console::QueryFailure::None);
  EXPECT_GT(small.cost.total, 0);
}

}  // namespace
}  // namespace mamori::app
