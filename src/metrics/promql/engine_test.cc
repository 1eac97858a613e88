#include "metrics/promql/engine.h"

#include <bit>
#include <cmath>

#include <gtest/gtest.h>
#include "metrics/promql/binomial.h"
#include "metrics/promql/lexer.h"
#include "metrics/promql/memory_store.h"
#include "metrics/promql/xxhash.h"

namespace mamori::metrics::promql {
namespace {

/// Counts reads; the rest is MemoryStore's.
class CountingStore final : public Store {
 public:
  Result<SeriesRef> find_or_create(const Labels& labels) override { return inner_.find_or_create(labels); }
  Result<AppendOutcome> write(const WriteBatch& batch) override { return inner_.write(batch); }
  std::unique_ptr<Selection> open_selection(std::span<const Matcher> matchers, std::int64_t from,
                                            std::int64_t to) const override {
    ++selects;
    return inner_.open_selection(matchers, from, to);
  }
  std::vector<Labels> series(std::span<const Matcher> matchers, std::int64_t from, std::int64_t to) const override {
    return inner_.series(matchers, from, to);
  }
  StoreStats stats() const override { return inner_.stats(); }
  Result<void> enforce_retention() override { return {}; }
  Result<void> sync() override { return {}; }
  mutable int selects = 0;

 private:
  MemoryStore inner_;
};

class EngineTest : public testing::Test {
 protected:
  void add(const std::string& name, std::vector<std::pair<std::string, std::string>> labels, std::int64_t time_ms,
           double value) {
    labels.emplace_back(kMetricName, name);
    const SeriesSample sample{Labels(std::move(labels)), {time_ms, value}};
    ASSERT_TRUE(store_.append({&sample, 1}));
  }

  /// "{a="b"} 1, …" or the error.
  std::string ask(std::string_view query, std::int64_t time_ms, EngineOptions options = {}) {
    const auto result = Engine(store_, options).instant(query, time_ms);
    if (!result) return result.error().message;
    if (result->type == ValueType::Scalar) return format_float(result->scalar.value);
    if (result->type == ValueType::String) return quote(result->text);
    std::string out;
    for (const auto& [labels, sample, histogram] : result->vector) {
      out += (out.empty() ? "" : ", ") + labels.to_string() + " " + format_float(sample.value);
    }
    return out;
  }

  CountingStore store_;
};

TEST_F(EngineTest, SeesTheNewestSampleYoungerThanTheLookback) {
  add("up", {}, 60'000, 1);
  EXPECT_EQ(ask("up", 59'999), "");
  EXPECT_EQ(ask("up", 60'000), "up 1");
  EXPECT_EQ(ask("up", 359'999), "up 1");
  EXPECT_EQ(ask("up", 360'000), "");  // the window is open on the left
  EXPECT_EQ(ask("up offset 1m", 120'000), "up 1");
  EXPECT_EQ(ask("up @ 60", 0), "up 1");
}

TEST_F(EngineTest, AStalenessMarkerEndsASeriesAtOnce) {
  add("up", {}, 60'000, 1);
  add("up", {}, 75'000, stale_nan());
  EXPECT_EQ(ask("up", 74'999), "up 1");
  EXPECT_EQ(ask("up", 75'000), "");
  EXPECT_EQ(ask("count_over_time(up[1m])", 75'000), "{} 1");
}

TEST_F(EngineTest, AnOrdinaryNaNIsAValue) {
  add("x", {}, 0, std::nan(""));
  EXPECT_EQ(ask("x", 0), "x NaN");
  EXPECT_EQ(ask("count(x)", 0), "{} 1");
}

TEST_F(EngineTest, ExtrapolatesRatesAndCorrectsResets) {
  for (int i = 0; i <= 10; ++i) add("c_total", {}, i * 60'000, i < 6 ? i * 60 : (i - 6) * 60);
  EXPECT_EQ(ask("rate(c_total[5m])", 300'000), "{} 1");
  EXPECT_EQ(ask("resets(c_total[10m])", 600'000), "{} 1");
  EXPECT_EQ(ask("increase(c_total[10m1ms])", 600'000), "{} 540");
}

TEST_F(EngineTest, ReadsASelectorsSamplesOnceForAWholeRange) {
  for (int i = 0; i < 100; ++i) add("c_total", {}, i * 15'000, i);
  const auto result = Engine(store_).range("rate(c_total[1m])", 60'000, 1'480'000, 1'000);
  ASSERT_TRUE(result);
  EXPECT_EQ(store_.selects, 1);
  ASSERT_EQ(result->matrix.size(), 1u);
  EXPECT_GT(result->matrix[0].samples.size(), 1000u);
}

TEST_F(EngineTest, SaysWhichSeriesCannotBeMatched) {
  add("a", {{"x", "1"}}, 0, 1);
  add("b", {{"x", "1"}, {"y", "1"}}, 0, 1);
  add("b", {{"x", "1"}, {"y", "2"}}, 0, 1);
  EXPECT_EQ(
      ask("a + on (x) b", 0),
      "found duplicate series for the match group {x=\"1\"} on the right hand-side of the operation: "
      "[{__name__=\"b\", x=\"1\", y=\"2\"}, {__name__=\"b\", x=\"1\", y=\"1\"}];many-to-many matching not allowed: "
      "matching labels must be unique on one side");
  EXPECT_EQ(ask("b + on (x) a", 0),
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
  EXPECT_EQ(ask("b + on (x) group_left () a", 0), "{x=\"1\", y=\"1\"} 2, {x=\"1\", y=\"2\"} 2");
  EXPECT_EQ(ask("a + ignoring (y) b offset 1h", 0), "");
  EXPECT_EQ(ask("abs({x=\"1\"} offset 1h)", 0), "");
}

TEST_F(EngineTest, MatchesNothingWhereOneSideHasNothing) {
  add("many", {{"a", "1"}}, 1000, 1);
  add("many", {{"a", "2"}}, 1000, 1);
  EXPECT_EQ(ask("none / on () many", 1000), "");
  EXPECT_EQ(ask("many / on () none", 1000), "");
}

TEST_F(EngineTest, CountsValuesUnderALabelThatTheGroupingTakesAway) {
  add("version", {{"a", "1"}, {"b", "x"}}, 1000, 7);
  add("version", {{"a", "2"}, {"b", "x"}}, 1000, 8);
  EXPECT_EQ(ask("count_values without (a) (\"a\", version)", 1000), "{b=\"x\"} 2");
  EXPECT_EQ(ask("count_values by (a) (\"a\", version)", 1000), "{a=\"7\"} 1, {a=\"8\"} 1");
}

TEST_F(EngineTest, RefusesEqualLabelSetsAfterNamesWereDropped) {
  add("a", {}, 0, 1);
  add("b", {}, 0, 2);
  EXPECT_EQ(ask("abs({__name__=~\"a|b\"})", 0), "vector cannot contain metrics with the same labelset");
}

TEST_F(EngineTest, StopsAtItsBudgets) {
  for (int i = 0; i < 100; ++i) add("x", {}, i * 1000, i);
  EXPECT_EQ(ask("sum_over_time(x[5m])", 99'000, {.samples_max = 50}),
            "query processing would load too many samples into memory in query execution: more than 50, the limit set "
            "by --query-max-samples");
  EXPECT_EQ(ask("x", 99'000, {.timeout = Nanos{0}}),
            "query timed out in expression evaluation: it may take 0s, set by --query-timeout");
  const Engine small(store_, {.samples_max = 1000});
  EXPECT_EQ(small.instant("max_over_time(x[1y:1ms])", 99'000).error().code, Code::TooLarge);
}

TEST_F(EngineTest, CountsTheSamplesThatEachStepLooksAt) {
  for (int i = 0; i < 100; ++i) {
    add("x", {{"y", "1"}}, i * 1000, i);
    add("x", {{"y", "2"}}, i * 1000, i);
  }
  const Engine engine(store_);
  const auto per_step = [&](std::string_view query) {
    const auto result = engine.range(query, 10'000, 30'000, 10'000);
    EXPECT_TRUE(result) << query;
    std::uint64_t total = 0;
    for (const auto samples : result->stats.samples_per_step) total += samples;
    EXPECT_EQ(result->stats.samples_total, total);
    return result->stats.samples_per_step;
  };
  using PerStep = std::vector<std::uint64_t>;
  EXPECT_EQ(per_step("x"), (PerStep{2, 2, 2}));
  EXPECT_EQ(per_step("sum(rate(x[5s]))"), (PerStep{10, 10, 10}));
  EXPECT_EQ(per_step("deriv(x[5s]) + x"), (PerStep{12, 12, 12}));
  EXPECT_EQ(per_step("rate(x[1m])"), (PerStep{22, 42, 62}));
  EXPECT_EQ(per_step("sum_over_time(x[5s] @ 20)"), (PerStep{10, 10, 10}));
  EXPECT_EQ(per_step("max_over_time(sum(x)[10s:5s])"), (PerStep{2, 2, 2}));  // not what the subquery looked at
  EXPECT_EQ(per_step("1 + 1"), PerStep());
  const auto instant = engine.instant("x[5s]", 10'000);
  EXPECT_EQ(instant->stats.samples_per_step, PerStep{10});
  EXPECT_GT(instant->stats.bytes_peak, 0u);
}

TEST_F(EngineTest, EndsAtItsDeadlineInsideOneLongSeries) {
  std::vector<SeriesSample> samples;
  const Labels labels({{std::string(kMetricName), "x"}});
  for (int i = 0; i < 200'000; ++i) samples.push_back({labels, {i * 1000, i * 0.5}});
  ASSERT_TRUE(store_.append(samples));
  const auto begin = std::chrono::steady_clock::now();
  const Engine engine(store_, {.timeout = Millis{50}});
  const auto result = engine.range("quantile_over_time(0.5, x[10d])", 0, 200'000'000, 20'000);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::DeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{20});
}

TEST_F(EngineTest, KeepsExperimentalThingsOffByDefault) {
  EXPECT_EQ(ask("mad_over_time(x[5m])", 0), "1:1: parse error: function \"mad_over_time\" is not enabled");
}

TEST_F(EngineTest, TellsOfInputThatIsProbablyWrong) {
  add("gauge", {}, 0, 1);
  add("gauge", {}, 60'000, 2);
  const auto result = Engine(store_).instant("rate(gauge[5m])", 60'000);
  ASSERT_TRUE(result);
  ASSERT_EQ(result->infos.size(), 1u);
  EXPECT_EQ(
      result->infos[0],
      "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"gauge\" (1:6)");
}

TEST_F(EngineTest, AnswersRawSamplesOfARangeSelector) {
  for (int i = 0; i < 5; ++i) add("x", {}, i * 1000, i);
  const auto result = Engine(store_).instant("x[2s]", 3000);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->type, ValueType::Matrix);
  ASSERT_EQ(result->matrix.at(0).samples.size(), 2u);
  EXPECT_EQ(result->matrix[0].samples[0].time_ms, 2000);
  EXPECT_EQ(Engine(store_).range("x[2s]", 0, 1000, 1000).error().message,
            "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector");
}

TEST_F(EngineTest, ExpandsGroupsInLabelReplace) {
  add("x", {{"a", "left-right"}}, 0, 1);
  const auto numbered = ask("label_replace(x, 'b', '${2}_$1$$', 'a', '(.*)-(.*)')", 0);
  EXPECT_EQ(numbered, "x{a=\"left-right\", b=\"right_left$\"} 1");
  const auto named = ask("label_replace(x, 'b', '$word', 'a', '(?P<word>[a-z]+)-.*')", 0);
  EXPECT_EQ(named, "x{a=\"left-right\", b=\"left\"} 1");
}

TEST_F(EngineTest, AddsTheLabelsOfAnInfoMetric) {
  const EngineOptions all{.features = Features::all()};
  add("x", {{"instance", "a"}, {"job", "1"}}, 0, 7);
  add("x", {{"instance", "b"}, {"job", "1"}}, 0, 8);
  add("target_info", {{"instance", "a"}, {"job", "1"}, {"version", "2"}, {"zone", "z"}}, 0, 1);
  EXPECT_EQ(ask("info(x)", 0, all),
            "x{instance=\"a\", job=\"1\", version=\"2\", zone=\"z\"} 7, x{instance=\"b\", job=\"1\"} 8");
  EXPECT_EQ(ask("info(x, {zone=~\".+\"})", 0, all), "x{instance=\"a\", job=\"1\", zone=\"z\"} 7");
  EXPECT_EQ(ask("info(x, {missing=\"\"})", 0, all), "x{instance=\"a\", job=\"1\"} 7, x{instance=\"b\", job=\"1\"} 8");
  EXPECT_EQ(ask("info(x, y)", 0, all), "1:9: parse error: expected label selectors only, got vector selector instead");
}

TEST_F(EngineTest, MatchesTrialsWithFailuresByLabels) {
  add("failed", {{"m", "card"}}, 0, 3);
  add("all", {{"m", "card"}}, 0, 3);
  EXPECT_EQ(ask("round(binomial_tail(failed, all, 0.5), 0.001)", 0), "{m=\"card\"} 0.125");
}

TEST(BinomialTail, IsExactAtItsEdges) {
  EXPECT_EQ(binomial_tail(0, 10, 0.1), 1);
  EXPECT_EQ(binomial_tail(11, 10, 0.1), 0);
  EXPECT_NEAR(binomial_tail(1, 2, 0.005), 1 - 0.995 * 0.995, 1e-15);
  EXPECT_NEAR(binomial_tail(5, 10, 0.5), 0.623046875, 1e-12);
  EXPECT_NEAR(binomial_tail(100, 100'000, 0.001) + (1 - binomial_tail(100, 100'000, 0.001)), 1, 1e-12);
  EXPECT_LT(binomial_tail(20, 20, 0.005), 1e-45);
  EXPECT_TRUE(std::isnan(binomial_tail(1, 2, 1.5)));
  EXPECT_TRUE(std::isnan(binomial_tail(1, -2, 0.5)));
}

TEST(XxHash, GivesTheSpecificationsValues) {
  EXPECT_EQ(xxhash64(""), 0xEF46DB3751D8E999ull);
  EXPECT_EQ(xxhash64("a"), 0xD24EC4F1A98C6E5Bull);
  EXPECT_EQ(xxhash64("abc"), 0x44BC2CF5AD770999ull);
}

}  // namespace
}  // namespace mamori::metrics::promql
