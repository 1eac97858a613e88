#include "ingest/target_scraper.h"

#include <gtest/gtest.h>

#include "ingest/fake_metrics_store.h"

namespace mamori::ingest {
namespace {

using metrics::Labels;

class TargetScraperTest : public testing::Test {
 protected:
  /// Scrapes `page` a second later; what the job says comes from `job_`.
  ScrapeReport scrape(const Result<std::string>& page) {
    if (!order_.rules || order_.rules->limits != job_.limits ||
        order_.rules->track_timestamps_staleness != job_.track_timestamps_staleness) {
      auto rules = std::make_shared<SampleRules>();
      rules->limits = job_.limits;
      rules->track_timestamps_staleness = job_.track_timestamps_staleness;
      order_.rules = std::move(rules);
    }
    order_.client = std::make_shared<ScrapeClient>(job_);
    order_.timeout = Seconds{7};
    order_.url = "http://h:9100/metrics";
    now_ += Seconds{1};
    const auto fetch = [&](const net::ClientRequest& request, Millis deadline) -> Result<net::ClientResponse> {
      ++asked_;
      deadline_ = deadline;
      url_ = request.url;
      if (!page) return page.error();
      net::ClientResponse response{.status = status_, .headers = {}, .body = *page};
      response.headers.set("Content-Type", content_type_);
      return response;
    };
    return scraper_.scrape(order_, fetch, now_);
  }
  /// All values of a series of this target, "stale" for a marker.
  std::string values(const char* name) {
    const auto* series = store_.find(Labels({{"__name__", name}, {"job", "j"}}));
    if (series == nullptr) return "none";
    std::string text;
    for (const auto& sample : series->samples) {
      text += (text.empty() ? "" : " ") +
              (metrics::is_stale_nan(sample.value) ? "stale" : std::to_string(static_cast<int>(sample.value)));
    }
    return text;
  }

  FakeMetricsStore store_;
  metrics::ExemplarRing exemplars_{10};
  TargetScraper scraper_{{{"job", "j"}}, store_, exemplars_};
  spec::ScrapeConfig job_;
  ScrapeOrder order_;
  Timestamp now_{Seconds{1'700'000'000}};
  int asked_ = 0, status_ = 200;
  Millis deadline_{0};
  std::string url_, content_type_ = "text/plain; version=0.0.4";
};

TEST_F(TargetScraperTest, StoresThePageAndTheReports) {
  EXPECT_FALSE(scrape("a 1\nb 2\n").error);
  EXPECT_EQ(url_, "http://h:9100/metrics");
  EXPECT_EQ(deadline_, Millis{7000});
  EXPECT_EQ(values("a"), "1");
  EXPECT_EQ(values("up"), "1");
  EXPECT_EQ(values("scrape_samples_scraped"), "2");
  EXPECT_EQ(values("scrape_samples_post_metric_relabeling"), "2");
  EXPECT_EQ(values("scrape_series_added"), "2");
  EXPECT_EQ(values("scrape_duration_seconds"), "0");
  scrape("a 3\n");
  EXPECT_EQ(values("b"), "2 stale");
  EXPECT_EQ(values("scrape_series_added"), "2 0");
  EXPECT_EQ(values("scrape_timeout_seconds"), "none");
}

TEST_F(TargetScraperTest, StoresMoreReportsWhenAskedTo) {
  order_.extra_metrics = true;
  job_.limits.samples = 9;
  scrape("a 1\n");
  EXPECT_EQ(values("scrape_timeout_seconds"), "7");
  EXPECT_EQ(values("scrape_sample_limit"), "9");
  EXPECT_EQ(values("scrape_body_size_bytes"), "4");
}

TEST_F(TargetScraperTest, WhateverFailsEndsTheSeriesAndIsSaid) {
  const auto check = [&](const Result<std::string>& page, const std::string& want) {
    scrape("a 1\n");
    const auto report = scrape(page);
    ASSERT_TRUE(report.error) << want;
    EXPECT_EQ(report.error->message, want);
    EXPECT_TRUE(values("a").ends_with("1 stale"));
    EXPECT_TRUE(values("up").ends_with("1 0"));
    job_.limits = {};
    order_.refusal = "";
    status_ = 200;
  };
  check(Error{Code::Unavailable, "connection refused"}, "connection refused");
  check("a 1\nb{ 2\n", "line 2, column 5: the labels are not closed with '}' on this line");
  check(Error{Code::TooLarge, "h:9100: the answer is larger than allowed"},
        "body size limit exceeded: h:9100: the answer is larger than allowed");
  const auto limited = [&](spec::ScrapeLimits limits, const std::string& page, const std::string& want) {
    scrape("a 1\n");
    job_.limits = limits;
    const auto report = scrape(page);
    ASSERT_TRUE(report.error) << want;
    EXPECT_EQ(report.error->message, want);
    EXPECT_TRUE(values("up").ends_with("1 0"));
    job_.limits = {};
  };
  limited({.samples = 1}, "a 1\nb 1\n", "sample limit exceeded");
  limited({.labels = 2}, "a{x=\"y\"} 1\n", "label_limit exceeded (metric: a, number of labels: 3, limit: 2)");
  limited({.label_name_bytes = 8}, "a{long_name=\"y\"} 1\n",
          "label_name_length_limit exceeded (metric: a, label name: long_name, length: 9, limit: 8)");
  limited({.label_value_bytes = 2}, "a{x=\"abc\"} 1\n",
          "label_value_length_limit exceeded (metric: a, label name: x, value: \"abc\", length: 3, limit: 2)");
}

TEST_F(TargetScraperTest, AStatusThatIsNot200IsNoPage) {
  status_ = 404;
  EXPECT_EQ(scrape("a 1\n").error->message, "server returned HTTP status 404");
  EXPECT_EQ(values("up"), "0");
}

TEST_F(TargetScraperTest, AskNobodyWhenTheJobIsRefused) {
  order_.refusal = "target_limit exceeded (number of targets: 3, limit: 2)";
  EXPECT_EQ(scrape("a 1\n").error->message, order_.refusal);
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(values("up"), "0");
}

TEST_F(TargetScraperTest, ReadsAPageByItsContentType) {
  content_type_ = "application/openmetrics-text; version=1.0.0";
  EXPECT_TRUE(scrape("a 1\n").error) << "OpenMetrics ends with # EOF";
  EXPECT_FALSE(scrape("a 1\n# EOF\n").error);
  content_type_ = "";
  EXPECT_FALSE(scrape("a 1\n").error);
  job_.fallback_scrape_protocol = "OpenMetricsText1.0.0";
  EXPECT_TRUE(scrape("a 1\n").error);
}

TEST_F(TargetScraperTest, HandsExemplarsOver) {
  content_type_ = "application/openmetrics-text; version=1.0.0";
  scrape("a_total 1 # {trace_id=\"t1\"} 0.5\n# EOF\n");
  EXPECT_EQ(exemplars_.stats().exemplars, 1u);
}

TEST_F(TargetScraperTest, TracksSamplesWithTimesOfTheirOwnWhenToldTo) {
  scrape("a 1 1700000000500\n");
  scrape("b 1\n");
  EXPECT_EQ(values("a"), "1");
  job_.track_timestamps_staleness = true;
  scrape("a 2 1700000002500\n");
  scrape("b 1\n");
  EXPECT_EQ(values("a"), "1 2 stale");
}

TEST_F(TargetScraperTest, EndsAllWithTheTarget) {
  scrape("a 1\n");
  scraper_.end(now_ + Seconds{1});
  EXPECT_EQ(values("a"), "1 stale");
  EXPECT_EQ(values("up"), "1 stale");
  EXPECT_EQ(values("scrape_samples_scraped"), "1 stale");
}

TEST_F(TargetScraperTest, StoresNothingWhenTheProcessStops) {
  order_.give_up = [] { return true; };
  scrape("a 1\n");
  EXPECT_EQ(store_.writes, 0);
}

}  // namespace
}  // namespace mamori::ingest
