#include "ingest/otlp_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/fake_metrics_store.h"
#include "ingest/protobuf_reader.h"
#include "ingest/protobuf_writer.h"

namespace mamori::ingest {
namespace {

using metrics::Labels;
using ::testing::HasSubstr;

constexpr std::string_view kJson = "application/json", kProtobuf = "application/x-protobuf";

class OtlpMetricsTest : public testing::Test {
 protected:
  void SetUp() override { add_otlp_routes(router_, otlp_); }

  net::Response post(const std::string& path, std::string_view type, const std::string& body) {
    net::Request request{.method = "POST", .target = path, .path = path};
    request.headers.set("Content-Type", type);
    request.body = body;
    return router_.handle(request);
  }
  /// Metrics of the service "api".
  net::Response post_json(const std::string& metrics) {
    return post(
        "/v1/metrics", kJson,
        R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"api"}},)"
        R"({"key":"host.name","value":{"stringValue":"h1"}}]},"scopeMetrics":[{"metrics":[)" +
            metrics + "]}]}]}");
  }
  std::vector<metrics::Sample> samples(const std::vector<std::pair<std::string, std::string>>& labels) const {
    const auto* series = store_.find(Labels(labels));
    return series == nullptr ? std::vector<metrics::Sample>{} : series->samples;
  }

  FakeMetricsStore store_;
  metrics::ExemplarRing exemplars_{100};
  MetadataTable metadata_;
  OtlpMetrics otlp_{store_, exemplars_, metadata_, {}};
  net::Router router_;
};

std::string gauge(const std::string& name, int seconds, int value) {
  return R"({"name":")" + name + R"(","gauge":{"dataPoints":[{"timeUnixNano":")" + std::to_string(seconds) +
         R"(000000000","asInt":")" + std::to_string(value) + R"("}]}})";
}

TEST_F(OtlpMetricsTest, KeepsJsonAndAnswersInJson) {
  const auto response = post_json(gauge("a", 1, 5) + "," + gauge("b", 1, 6));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(response.headers.get("Content-Type"), kJson);
  ASSERT_EQ(samples({{"__name__", "a"}, {"job", "api"}}).size(), 1u);
  EXPECT_EQ(samples({{"__name__", "b"}, {"job", "api"}})[0].value, 6);
  EXPECT_EQ(samples({{"__name__", "target_info"}, {"job", "api"}, {"host_name", "h1"}}).size(), 1u);
  EXPECT_EQ(metadata_.all().at("a").type, "gauge");
  EXPECT_EQ(otlp_.counters().points, 2u);
}

TEST_F(OtlpMetricsTest, KeepsProtobufAndAnswersInProtobuf) {
  ProtobufWriter point, data, metric, scope, resource;
  point.fixed64(3, 1'000'000'000).float64(4, 2.5);
  data.message(1, point);
  metric.bytes(1, "a").message(5, data);
  scope.message(2, metric);
  resource.message(2, scope);
  const auto body = ProtobufWriter().message(1, resource).text();
  for (const auto* path : {"/v1/metrics", "/api/v1/otlp/v1/metrics"}) {
    const auto response = post(path, "application/x-protobuf; charset=x", body);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.headers.get("Content-Type"), kProtobuf);
  }
  ASSERT_EQ(samples({{"__name__", "a"}}).size(), 1u);
  EXPECT_EQ(samples({{"__name__", "a"}})[0].value, 2.5);
}

TEST_F(OtlpMetricsTest, TellsOfDeltaInAPartialSuccess) {
  const std::string delta =
      R"({"name":"d","sum":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"5","asInt":"1"}]}})";
  const auto response = post_json(gauge("a", 1, 5) + "," + delta);
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body,
              HasSubstr(R"({"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"rejected 1 of 2 data points)"));
  EXPECT_THAT(response.body, HasSubstr("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative"));
  EXPECT_EQ(samples({{"__name__", "a"}, {"job", "api"}}).size(), 1u);
  EXPECT_EQ(otlp_.counters().refused_temporality, 1u);
}

TEST_F(OtlpMetricsTest, CountsPointsThatTheStoreRefuses) {
  const auto histogram = [](int seconds) {
    return R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":")" +
           std::to_string(seconds) +
           R"(000000000","count":"3","sum":1,"bucketCounts":["1","2"],"explicitBounds":[1]}]}})";
  };
  ASSERT_EQ(post_json(gauge("a", 5, 1) + "," + histogram(5)).body, "{}");
  const auto response = post_json(gauge("a", 4, 1) + "," + histogram(4) + "," + histogram(6) + "," + gauge("b", 4, 1));
  EXPECT_THAT(response.body, HasSubstr(R"("rejectedDataPoints":"2")"))
      << "a at 4 s; h at 4 s, whose four series are one point";
  EXPECT_EQ(otlp_.counters().refused_store, 2u);
  EXPECT_EQ(samples({{"__name__", "b"}, {"job", "api"}}).size(), 1u);
}

TEST_F(OtlpMetricsTest, LeavesAPointOutWholeWhenALimitRefusesOneOfItsSeries) {
  store_.series_max = 3;
  const auto response = post_json(
      R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"5000000","count":"3","sum":1,"bucketCounts":["1","2"],"explicitBounds":[1]}]}})");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("--series-max"));
  for (const auto& series : store_.data) EXPECT_TRUE(series.samples.empty());
}

TEST_F(OtlpMetricsTest, KeepsNativeHistogramsAndExemplars) {
  post_json(
      R"({"name":"e","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"5000000","count":"3","scale":0,
    "positive":{"offset":0,"bucketCounts":["3"]},"exemplars":[{"timeUnixNano":"5000000","asDouble":1.5,"traceId":"abcd"}]}]}})");
  const auto* series = store_.find(Labels({{"__name__", "e"}, {"job", "api"}}));
  ASSERT_NE(series, nullptr);
  ASSERT_EQ(series->histograms.size(), 1u);
  EXPECT_EQ(series->histograms[0].value->count, 3);
  EXPECT_EQ(exemplars_.stats().exemplars, 1u);
}

TEST_F(OtlpMetricsTest, AnswersErrorsAsAStatus) {
  const auto malformed = post("/v1/metrics", kJson, "{");
  EXPECT_EQ(malformed.status, 400);
  EXPECT_THAT(malformed.body, HasSubstr(R"("code":3,"message":"the body is not a JSON object)"));
  const auto bytes = post("/v1/metrics", kProtobuf, "\xff");
  EXPECT_EQ(bytes.status, 400);
  ProtobufReader status(bytes.body);
  ASSERT_TRUE(status.next());
  EXPECT_EQ(status.varint(), 3u);
  ASSERT_TRUE(status.next());
  EXPECT_THAT(std::string(status.bytes()), HasSubstr("ExportMetricsServiceRequest"));
  EXPECT_EQ(post("/v1/metrics", "text/plain", "{}").status, 415);
  EXPECT_EQ(otlp_.counters().malformed, 2u);
}

TEST_F(OtlpMetricsTest, AsksToTryAgainWhenTheStoreIsUnavailable) {
  store_.full = true;
  const auto response = post_json(gauge("a", 1, 5));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.get("Retry-After"), "5");
  EXPECT_THAT(response.body, HasSubstr(R"("code":14)"));
  store_.full = false;
  EXPECT_EQ(post_json(gauge("a", 1, 5)).body, "{}");
  EXPECT_EQ(samples({{"__name__", "a"}, {"job", "api"}}).size(), 1u);
}

TEST_F(OtlpMetricsTest, BoundsBodiesAndWhatTheyBecome) {
  OtlpMetrics small(store_, exemplars_, metadata_, {.body_bytes_max = 1000, .samples_max = 5});
  EXPECT_EQ(small.write(OtlpFormat::Json, std::string(1001, ' ')).status, 413);
  std::string points;
  for (int i = 0; i < 10; ++i) points += std::string(i > 0 ? "," : "") + R"({"timeUnixNano":"5","asInt":"1"})";
  const auto reply = small.write(
      OtlpFormat::Json,
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","gauge":{"dataPoints":[)" + points + "]}}]}]}]}");
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(store_.writes, 0);
}

}  // namespace
}  // namespace mamori::ingest
