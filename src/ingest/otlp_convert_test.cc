#include "ingest/otlp_convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "metrics/store.h"

namespace mamori::ingest {
namespace {

using Kind = OtlpMetric::Kind;
using Temporality = OtlpMetric::Temporality;
using metrics::BucketSpan;
using metrics::Labels;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kSecond = 1'000'000'000;

class OtlpConverterTest : public testing::Test {
 protected:
  OtlpConverter& convert(const OtlpMetric& metric, const std::vector<OtlpPoint>& points, OtlpAttributes resource = {}) {
    converter_.begin_resource(std::move(resource));
    converter_.begin_metric(metric);
    for (const auto& point : points) EXPECT_TRUE(converter_.take_point(point));
    converter_.end_resource();
    return converter_;
  }
  /// "a{x="1"} 2000 5" per sample, without the histograms.
  std::vector<std::string> lines() const {
    std::vector<std::string> result;
    for (const auto& sample : converter_.samples) {
      result.push_back(sample.labels.to_string() + " " + std::to_string(sample.time_ms) + " " +
                       (metrics::is_stale_nan(sample.value) ? "stale" : otlp_number(sample.value)));
    }
    return result;
  }
  void expect_refused(const OtlpMetric& metric, const OtlpPoint& point, const std::string& why) {
    OtlpConverter converter(1000);
    converter.begin_resource({});
    converter.begin_metric(metric);
    EXPECT_TRUE(converter.take_point(point));
    EXPECT_EQ(converter.refused, 1u) << why;
    EXPECT_THAT(converter.first_refused, HasSubstr(why));
    EXPECT_THAT(converter.samples, IsEmpty()) << why;
  }

  OtlpConverter converter_{1000};
};

OtlpMetric cumulative(Kind kind, const std::string& name = "m") {
  return {.name = name, .kind = kind, .temporality = Temporality::Cumulative};
}

TEST_F(OtlpConverterTest, NamesSeriesByMetricAttributesAndIdentity) {
  auto counter = cumulative(Kind::Sum, "http.requests");
  counter.is_monotonic = true;
  counter.description = "How many";
  convert(
      counter,
      {{.attributes = {{"http.method", "GET"}, {"job", "lost"}, {"empty", ""}}, .time_ns = 2 * kSecond, .value = 5}},
      {{"service.name", "api"}, {"service.namespace", "shop"}, {"service.instance.id", "i-1"}});
  EXPECT_THAT(lines(), ElementsAre(R"(http_requests_total{http_method="GET", instance="i-1", job="shop/api"} 2000 5)"));
  ASSERT_THAT(converter_.metadata, SizeIs(1));
  EXPECT_EQ(converter_.metadata[0].first, "http_requests_total");
  EXPECT_EQ(converter_.metadata[0].second.type, "counter");
  EXPECT_EQ(converter_.metadata[0].second.help, "How many");
  EXPECT_THAT(converter_.target_info, IsEmpty()) << "nothing but the identity";
}

TEST_F(OtlpConverterTest, JoinsAttributesThatComeToShareAName) {
  convert(cumulative(Kind::Gauge), {{.attributes = {{"a_b", "2"}, {"a.b", "1"}}, .time_ns = kSecond, .value = 1}});
  EXPECT_THAT(lines(), ElementsAre(R"(m{a_b="1;2"} 1000 1)"));
}

TEST_F(OtlpConverterTest, TellsOfAResourceInTargetInfo) {
  convert(cumulative(Kind::Gauge), {{.time_ns = 500 * kSecond, .value = 1}, {.time_ns = 100 * kSecond, .value = 2}},
          {{"service.name", "api"}, {"host.name", "h1"}, {"os.type", "linux"}});
  ASSERT_THAT(converter_.target_info, SizeIs(4));
  EXPECT_EQ(converter_.target_info[0].labels,
            Labels({{"__name__", "target_info"}, {"job", "api"}, {"host_name", "h1"}, {"os_type", "linux"}}));
  EXPECT_EQ(converter_.target_info[0].time_ms, 100'000) << "from the first point";
  EXPECT_EQ(converter_.target_info[1].time_ms, 250'000) << "often enough to be found in between";
  EXPECT_EQ(converter_.target_info[3].time_ms, 500'000) << "to the last";
  EXPECT_EQ(converter_.target_info[3].value, 1);
}

TEST_F(OtlpConverterTest, MakesNoTargetInfoThatNothingCouldBeJoinedTo) {
  convert(cumulative(Kind::Gauge), {{.time_ns = kSecond, .value = 1}}, {{"host.name", "h1"}});
  EXPECT_THAT(converter_.target_info, IsEmpty());
  convert(cumulative(Kind::Gauge), {}, {{"service.name", "api"}, {"host.name", "h1"}});
  EXPECT_THAT(converter_.target_info, IsEmpty()) << "no point, no time";
}

TEST_F(OtlpConverterTest, BoundsTargetInfoOfABatchThatSpansAges) {
  convert(cumulative(Kind::Gauge),
          {{.time_ns = 1'000'000, .value = 1}, {.time_ns = 9'000'000'000 * kSecond, .value = 2}},
          {{"service.name", "api"}, {"host.name", "h1"}});
  EXPECT_LE(converter_.target_info.size(), 1002u);
}

TEST_F(OtlpConverterTest, MakesAClassicHistogram) {
  convert(cumulative(Kind::Histogram),
          {{.attributes = {{"le", "lost"}, {"x", "1"}},
            .time_ns = kSecond,
            .exemplars = {{.trace_id = "t1", .time_ns = kSecond, .value = 0.5}, {.trace_id = "t2", .value = 99}},
            .count = 6,
            .sum = 7.5,
            .bucket_counts = {1, 2, 3},
            .bounds = {0.1, 1000000}}});
  EXPECT_THAT(lines(), ElementsAre(R"(m_sum{le="lost", x="1"} 1000 7.5)", R"(m_count{le="lost", x="1"} 1000 6)",
                                   R"(m_bucket{le="0.1", x="1"} 1000 1)", R"(m_bucket{le="1000000", x="1"} 1000 3)",
                                   R"(m_bucket{le="+Inf", x="1"} 1000 6)"));
  ASSERT_THAT(converter_.exemplars, SizeIs(2));
  EXPECT_EQ(converter_.exemplars[0].series.get("le"), "1000000") << "in the bucket of its value";
  EXPECT_EQ(converter_.exemplars[0].exemplar.labels, Labels({{"trace_id", "t1"}}));
}

TEST_F(OtlpConverterTest, MakesAHistogramWithoutBucketsOrSum) {
  convert(cumulative(Kind::Histogram), {{.time_ns = kSecond, .count = 6}});
  EXPECT_THAT(lines(), ElementsAre("m_count 1000 6", R"(m_bucket{le="+Inf"} 1000 6)"));
}

TEST_F(OtlpConverterTest, MakesASummary) {
  convert(cumulative(Kind::Summary),
          {{.time_ns = kSecond, .count = 3, .sum = 4, .quantile_values = {{0.5, 1}, {0.99, 2}}}});
  EXPECT_THAT(lines(), ElementsAre("m_sum 1000 4", "m_count 1000 3", R"(m{quantile="0.5"} 1000 1)",
                                   R"(m{quantile="0.99"} 1000 2)"));
}

TEST_F(OtlpConverterTest, MakesANativeHistogram) {
  convert(cumulative(Kind::ExponentialHistogram), {{.time_ns = kSecond,
                                                    .count = 10,
                                                    .sum = 3,
                                                    .scale = 2,
                                                    .zero_count = 1,
                                                    .positive = {.offset = -3, .counts = {1, 0, 2, 0, 0, 0, 3}},
                                                    .negative = {.offset = 0, .counts = {0, 3}}}});
  ASSERT_THAT(converter_.samples, SizeIs(1));
  const auto& histogram = *converter_.samples[0].histogram;
  EXPECT_EQ(histogram.schema, 2);
  EXPECT_EQ(histogram.zero_threshold, 1e-128);
  EXPECT_EQ(histogram.count, 10);
  EXPECT_THAT(histogram.positive_spans, ElementsAre(BucketSpan{-2, 3}, BucketSpan{3, 1}));
  EXPECT_THAT(histogram.positive, ElementsAre(1, 0, 2, 3)) << "a short gap is filled, a long one skipped";
  EXPECT_THAT(histogram.negative_spans, ElementsAre(BucketSpan{2, 1}));
  EXPECT_THAT(histogram.negative, ElementsAre(3));
}

TEST_F(OtlpConverterTest, MakesFineScalesCoarser) {
  convert(cumulative(Kind::ExponentialHistogram),
          {{.time_ns = kSecond, .count = 10, .scale = 10, .positive = {.offset = 0, .counts = {1, 2, 3, 4}}}});
  const auto& histogram = *converter_.samples[0].histogram;
  EXPECT_EQ(histogram.schema, 8);
  EXPECT_THAT(histogram.positive_spans, ElementsAre(BucketSpan{1, 1}));
  EXPECT_THAT(histogram.positive, ElementsAre(10)) << "four of scale 10 are one of scale 8";
}

TEST_F(OtlpConverterTest, EndsASeriesWhereAPointHasNoValue) {
  for (const auto kind : {Kind::Gauge, Kind::Histogram, Kind::ExponentialHistogram, Kind::Summary}) {
    OtlpConverter converter(100);
    converter.begin_resource({});
    converter.begin_metric(cumulative(kind));
    converter.take_point({.time_ns = kSecond, .flags = 1});
    EXPECT_EQ(converter.refused, 0u) << converter.first_refused;
    ASSERT_FALSE(converter.samples.empty());
    for (const auto& sample : converter.samples) EXPECT_TRUE(metrics::is_stale_nan(sample.value));
  }
}

TEST_F(OtlpConverterTest, RefusesPointsAloneAndWhole) {
  auto delta = cumulative(Kind::Sum);
  delta.temporality = Temporality::Delta;
  expect_refused(delta, {.time_ns = kSecond, .value = 1}, "metric \"m\": delta temporality is not taken");
  delta.temporality = Temporality::Unspecified;
  expect_refused(delta, {.time_ns = kSecond, .value = 1}, "unspecified temporality");
  expect_refused(cumulative(Kind::Gauge), {.time_ns = 0, .value = 1}, "has no time");
  expect_refused(cumulative(Kind::Gauge), {.time_ns = kSecond}, "has no value");
  expect_refused(cumulative(Kind::None), {.time_ns = kSecond}, "no known kind");
  expect_refused(cumulative(Kind::Gauge, "売上"), {.time_ns = kSecond, .value = 1}, "no letter or digit");
  expect_refused(cumulative(Kind::Gauge), {.attributes = {{"a", "\xff"}}, .time_ns = kSecond, .value = 1}, "not UTF-8");
  expect_refused(cumulative(Kind::Gauge), {.attributes = {{"", "x"}}, .time_ns = kSecond, .value = 1}, "no name");
  expect_refused(cumulative(Kind::Histogram), {.time_ns = kSecond, .bucket_counts = {1}, .bounds = {1}},
                 "there must be one more");
  expect_refused(cumulative(Kind::Histogram), {.time_ns = kSecond, .bucket_counts = {1, 1, 1}, .bounds = {2, 1}},
                 "must ascend");
  expect_refused(cumulative(Kind::ExponentialHistogram), {.time_ns = kSecond, .scale = -5}, "scale -5");
  expect_refused(cumulative(Kind::ExponentialHistogram), {.time_ns = kSecond, .count = 5}, "the count says 5");
  expect_refused(cumulative(Kind::ExponentialHistogram),
                 {.time_ns = kSecond, .count = 1, .scale = 60, .positive = {.offset = 0, .counts = {1}}}, "schema 60");
}

TEST_F(OtlpConverterTest, LeavesAttributesOutOfAnExemplarThatWouldBeTooLong) {
  convert(
      cumulative(Kind::Gauge),
      {{.time_ns = kSecond,
        .exemplars =
            {{.attributes = {{"long", std::string(200, 'x')}}, .trace_id = "t", .span_id = "s", .time_ns = kSecond}},
        .value = 1}});
  ASSERT_THAT(converter_.exemplars, SizeIs(1));
  EXPECT_EQ(converter_.exemplars[0].exemplar.labels, Labels({{"trace_id", "t"}, {"span_id", "s"}}));
}

TEST_F(OtlpConverterTest, StopsAtItsBound) {
  OtlpConverter converter(10);
  converter.begin_resource({});
  converter.begin_metric(cumulative(Kind::Gauge));
  int taken = 0;
  while (taken < 100 && converter.take_point({.time_ns = kSecond, .value = 1})) ++taken;
  EXPECT_EQ(taken, 9);
}

}  // namespace
}  // namespace mamori::ingest
