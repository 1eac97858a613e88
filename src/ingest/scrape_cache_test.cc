#include "ingest/scrape_cache.h"

#include <gtest/gtest.h>

#include "ingest/fake_metrics_store.h"

namespace mamori::ingest {
namespace {

using metrics::Labels;

/// A target whose pages come in one after the other.
class ScrapeCacheTest : public testing::Test {
 protected:
  PageOutcome page(const std::string& text, ExpositionFormat format = ExpositionFormat::PrometheusText) {
    metrics::WriteBatch batch;
    now_ms_ += 1000;
    auto outcome = cache_.read_page(text, format, rules_, now_ms_, batch);
    write(batch);
    return outcome;
  }
  void write(const metrics::WriteBatch& batch) {
    const auto written = store_.write(batch);
    ASSERT_TRUE(written);
    refused_ += written->refused();
  }
  /// "1 2 stale": the values stored for a series, with @time where it is not the scrape's.
  std::string values(const char* name, const spec::LabelPairs& more = {}) {
    spec::LabelPairs pairs{{"__name__", name}, {"job", "j"}};
    pairs.insert(pairs.end(), more.begin(), more.end());
    const auto* series = store_.find(Labels(pairs));
    if (series == nullptr) return "none";
    std::string text;
    for (const auto& sample : series->samples) {
      if (!text.empty()) text += ' ';
      text += metrics::is_stale_nan(sample.value) ? "stale" : std::to_string(static_cast<int>(sample.value));
      if (sample.time_ms % 1000 != 0) text += "@" + std::to_string(sample.time_ms);
    }
    return text;
  }

  FakeMetricsStore store_;
  SampleRules rules_;
  ScrapeCache cache_{{{"job", "j"}}, store_};
  std::int64_t now_ms_ = 1'700'000'000'000;
  std::size_t refused_ = 0;
};

TEST_F(ScrapeCacheTest, LooksASeriesUpOnlyOnce) {
  EXPECT_EQ(page("a 1\nb{x=\"y\"} 2\n").counts.added, 2u);
  const int lookups = store_.lookups;
  const auto again = page("a 3\nb{x=\"y\"} 4\n").counts;
  EXPECT_EQ(again.added, 0u);
  EXPECT_EQ(again.scraped, 2u);
  EXPECT_EQ(store_.lookups, lookups);
  EXPECT_EQ(values("a"), "1 3");
  EXPECT_EQ(values("b", {{"x", "y"}}), "2 4");
}

TEST_F(ScrapeCacheTest, FindsSeriesThatComeInAnotherOrder) {
  page("a 1\nb 2\nc 3\nd 4\n");
  const int lookups = store_.lookups;
  EXPECT_EQ(page("d 5\nb 6\n# HELP x y\na 7\nc 8\n").counts.added, 0u);
  EXPECT_EQ(page("d 9\nb 10\nc 12\n# HELP x y\na 11\n").counts.scraped, 4u);
  EXPECT_EQ(store_.lookups, lookups);
  EXPECT_EQ(values("a"), "1 7 11");
  EXPECT_EQ(values("b"), "2 6 10");
  EXPECT_EQ(values("c"), "3 8 12");
  EXPECT_EQ(values("d"), "4 5 9");
}

TEST_F(ScrapeCacheTest, ASeriesThatGoesEndsOnceAndMayComeBack) {
  page("a 1\nb 2\n");
  page("a 3\n");
  page("a 4\n");
  page("b 5\na 6\n");
  EXPECT_EQ(values("a"), "1 3 4 6");
  EXPECT_EQ(values("b"), "2 stale 5");
  EXPECT_EQ(refused_, 0u);
}

TEST_F(ScrapeCacheTest, AnotherSpellingOfASeriesIsTheSameSeries) {
  page("a{x=\"1\",y=\"2\"} 1\n");
  page("a{y=\"2\",x=\"1\"} 2\n");
  page("a{x=\"1\", y=\"2\",} 3\n");
  EXPECT_EQ(values("a", {{"x", "1"}, {"y", "2"}}), "1 2 3");
  EXPECT_EQ(refused_, 0u);
}

TEST_F(ScrapeCacheTest, AFailedPageEndsAllAndLeavesNothing) {
  page("a 1\nb 2\n");
  const auto failed = page("b 3\nc 4\na{ 5\n");
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->message, "line 3, column 5: the labels are not closed with '}' on this line");
  EXPECT_EQ(values("a"), "1 stale");
  EXPECT_EQ(values("b"), "2 stale");
  EXPECT_EQ(values("c"), "");
  page("nonsense{\n");
  EXPECT_EQ(values("a"), "1 stale") << "one marker";
  const auto back = page("a 6\nb 7\nc 8\n");
  EXPECT_EQ(back.counts.added, 0u);
  EXPECT_EQ(values("a"), "1 stale 6");
  page("c 9\n");
  EXPECT_EQ(values("a"), "1 stale 6 stale");
  EXPECT_EQ(values("c"), "8 9");
}

TEST_F(ScrapeCacheTest, ATargetThatIsDownEndsAllOnce) {
  page("a 1\n");
  for (int i = 0; i < 2; ++i) {
    metrics::WriteBatch batch;
    cache_.end_all(now_ms_ += 1000, batch);
    write(batch);
  }
  EXPECT_EQ(values("a"), "1 stale");
  page("a 2\n");
  EXPECT_EQ(values("a"), "1 stale 2");
}

TEST_F(ScrapeCacheTest, ATimeOfItsOwnIsHonoredAndNotTracked) {
  page("a 1 1699999999001\nb 2\n");
  page("b 3\n");
  EXPECT_EQ(values("a"), "1@1699999999001");
  rules_.track_timestamps_staleness = true;
  page("a 4 1700000001500\nb 5\n");
  page("b 6\n");
  EXPECT_EQ(values("a"), "1@1699999999001 4@1700000001500 stale");
  rules_.honor_timestamps = false;
  page("a 7 5\n");
  EXPECT_EQ(values("a"), "1@1699999999001 4@1700000001500 stale 7");
}

TEST_F(ScrapeCacheTest, ATimeFarAheadIsNotStored) {
  const auto far = std::to_string(now_ms_ + 1000 + 600'001), near = std::to_string(now_ms_ + 1000 + 600'000);
  const auto counts = page("a 1 " + far + "\nb 2 " + near + "\nc 3 9000000000000000\n").counts;
  EXPECT_EQ(counts.too_far_ahead, 2u);
  EXPECT_EQ(values("a"), "");
  EXPECT_EQ(values("b"), "2");
}

TEST_F(ScrapeCacheTest, DroppedSeriesAreCountedAndNotLookedUp) {
  rules_.relabeler =
      *Relabeler::make({{.source_labels = {"__name__"}, .regex = "go_.*", .action = spec::RelabelAction::Drop}});
  for (int i = 0; i < 2; ++i) {
    const auto counts = page("go_a 1\nb 2\ngo_c 3\n").counts;
    EXPECT_EQ(counts.scraped, 3u);
    EXPECT_EQ(counts.kept, 1u);
    EXPECT_EQ(counts.added, i == 0 ? 1u : 0u);
  }
  EXPECT_EQ(store_.refs.size(), 1u);
}

TEST_F(ScrapeCacheTest, APageOverTheSampleLimitIsRefusedAndCountedToItsEnd) {
  rules_.limits.samples = 2;
  EXPECT_FALSE(page("a 1\nb 2\n").error);
  const auto outcome = page("a 1\nb 2\nc 3\nd 4\n");
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->message, "sample limit exceeded");
  EXPECT_EQ(outcome.counts.scraped, 4u);
  EXPECT_EQ(outcome.counts.kept, 4u);
  EXPECT_EQ(values("a"), "1 stale");
  EXPECT_EQ(values("c"), "none") << "no series is made for what is refused";
}

TEST_F(ScrapeCacheTest, ALabelOverItsLimitRefusesThePage) {
  rules_.limits.label_value_bytes = 5;
  EXPECT_FALSE(page("a{x=\"12345\"} 1\n").error);
  const auto outcome = page("a{x=\"12345\"} 1\na{x=\"123456\"} 1\na 1\n");
  EXPECT_TRUE(outcome.error);
  EXPECT_EQ(outcome.counts.scraped, 2u) << "up to the one that is refused, which counts";
  EXPECT_EQ(outcome.counts.kept, 1u);
}

TEST_F(ScrapeCacheTest, WhatTheStoreDoesNotTakeCostsNoOtherSeries) {
  store_.series_max = 1;
  const auto counts = page("a 1\nb 2\nc 3\n").counts;
  EXPECT_EQ(counts.refused, 2u);
  EXPECT_EQ(counts.first_refused, "there are 1 series already (--series-max)");
  EXPECT_EQ(values("a"), "1");
  store_.series_max = 9;
  page("a 4\nb 5\nc 6\n");
  EXPECT_EQ(values("c"), "6");
}

TEST_F(ScrapeCacheTest, ResolvesAnewWhatTheStoreForgot) {
  page("a 1\nb 2\n");
  store_.forget(Labels({{"__name__", "a"}, {"job", "j"}}));
  metrics::WriteBatch batch;
  cache_.read_page("a 3\nb 4\n", ExpositionFormat::PrometheusText, rules_, now_ms_ += 1000, batch);
  EXPECT_EQ(store_.write(batch)->unknown_series, 1u);
  cache_.resolve_again(batch);
  EXPECT_EQ(store_.write(batch)->unknown_series, 0u);
  EXPECT_EQ(values("a"), "3");
  EXPECT_EQ(values("b"), "2 4");
}

TEST_F(ScrapeCacheTest, NewRulesEndWhatTheyNoLongerKeep) {
  page("a 1\nb 2\n");
  rules_.relabeler =
      *Relabeler::make({{.source_labels = {"__name__"}, .regex = "b", .action = spec::RelabelAction::Drop}});
  cache_.forget_lines();
  page("a 3\nb 4\n");
  EXPECT_EQ(values("a"), "1 3");
  EXPECT_EQ(values("b"), "2 stale");
}

TEST_F(ScrapeCacheTest, ForgetsLinesOfSeriesThatCameAndWent) {
  for (int i = 0; i < 50; ++i) {
    std::string text = "always 1\n";
    for (int k = 0; k < 200; ++k) text += "churn{i=\"" + std::to_string(i * 200 + k) + "\"} 1\n";
    page(text);
  }
  EXPECT_LT(cache_.entries(), 2000u);
  EXPECT_EQ(refused_, 0u);
  EXPECT_EQ(values("churn", {{"i", "7"}}), "1 stale");
  EXPECT_EQ(store_.find(Labels({{"__name__", "always"}, {"job", "j"}}))->samples.size(), 50u);
}

TEST_F(ScrapeCacheTest, ReportsHaveTheTargetsLabelsAndEndWithIt) {
  metrics::WriteBatch batch;
  cache_.report("up", 1, 1000, batch);
  cache_.report("up", 0, 2000, batch);
  cache_.end_reports(3000, batch);
  write(batch);
  EXPECT_EQ(values("up"), "1 0 stale");
}

TEST_F(ScrapeCacheTest, TellsTheMetadataOfTheLastPageOnly) {
  page("# TYPE a counter\n# HELP a old\na 1\n# TYPE b gauge\nb 1\n");
  page("# TYPE a counter\n# HELP a new\na 1\n");
  std::map<std::string, MetricMetadata> all;
  cache_.add_metadata_to(all);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all["a"].type, "counter");
  EXPECT_EQ(all["a"].help, "new");
}

TEST_F(ScrapeCacheTest, WritesBoundsAsFloatsAlsoWhenTheTypeLineIsKnown) {
  page("# TYPE h histogram\nh_bucket{le=\"1\"} 1\n");
  page("# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 3\n");
  EXPECT_EQ(values("h_bucket", {{"le", "1.0"}}), "1 2");
  EXPECT_EQ(values("h_bucket", {{"le", "2.0"}}), "3");
}

TEST_F(ScrapeCacheTest, HandsOverExemplarsOnce) {
  metrics::ExemplarRing ring(10);
  const std::string text = "a_total 1 # {t=\"1\"} 5 1699999999\nb_total 1 # {t=\"2\"} 6\n# EOF\n";
  for (int i = 0; i < 2; ++i) {
    page(text, ExpositionFormat::OpenMetrics);
    cache_.store_exemplars(ring);
  }
  EXPECT_EQ(ring.stats().exemplars, 2u) << "without a time, the same is not new with each scrape";
  page("a_total 1 # {t=\"3\"} 5 1700000000\n# EOF\n", ExpositionFormat::OpenMetrics);
  cache_.store_exemplars(ring);
  EXPECT_EQ(ring.stats().exemplars, 3u);
}

TEST_F(ScrapeCacheTest, GivesUpWhenToldTo) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "a{i=\"" + std::to_string(i) + "\"} 1\n";
  metrics::WriteBatch batch;
  const auto outcome =
      cache_.read_page(text, ExpositionFormat::PrometheusText, rules_, now_ms_, batch, [] { return true; });
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Code::DeadlineExceeded);
  EXPECT_TRUE(batch.samples.empty());
}

}  // namespace
}  // namespace mamori::ingest
