#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ingest/otlp.h"
#include "ingest/protobuf_writer.h"

namespace mamori::ingest {
namespace {

using Kind = OtlpMetric::Kind;
using Temporality = OtlpMetric::Temporality;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

struct Collected final : OtlpSink {
  void begin_resource(OtlpAttributes attributes) override { resources.push_back(std::move(attributes)); }
  void begin_metric(OtlpMetric metric) override { metrics.push_back(std::move(metric)); }
  bool take_point(const OtlpPoint& point) override {
    points.push_back(point);
    return points.size() < points_max;
  }
  void end_resource() override { ++ended; }
  std::vector<OtlpAttributes> resources;
  std::vector<OtlpMetric> metrics;
  std::vector<OtlpPoint> points;
  std::size_t points_max = 1000, ended = 0;
};

ProtobufWriter key_value(const std::string& key, const ProtobufWriter& value) {
  return std::move(ProtobufWriter().bytes(1, key).message(2, value));
}
ProtobufWriter string_value(const std::string& text) { return std::move(ProtobufWriter().bytes(1, text)); }

/// A request of one resource with one metric, whose data (field `field`) is `data`.
std::string request(std::uint32_t field, const ProtobufWriter& data) {
  ProtobufWriter resource, metric, scope, resource_metrics;
  resource.message(1, key_value("service.name", string_value("shop")));
  metric.bytes(1, "m").bytes(2, "help").bytes(3, "s").message(field, data);
  scope.message(1, ProtobufWriter().bytes(1, "library")).message(2, metric);
  // The resource behind its metrics: the order of fields is free.
  resource_metrics.message(2, scope).message(1, resource).bytes(3, "https://schema");
  return ProtobufWriter().message(1, resource_metrics).text();
}

Collected read_protobuf(const std::string& message) {
  Collected collected;
  const auto read = read_otlp_protobuf(message, collected);
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return collected;
}

Collected read_json(const std::string& json) {
  Collected collected;
  const auto read = read_otlp_json(json, collected);
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return collected;
}

std::string json_request(const std::string& metric) {
  return R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},)"
         R"("scopeMetrics":[{"scope":{"name":"library"},"metrics":[)" +
         metric + "]}]}]}";
}

void expect_shop(const Collected& got, Kind kind) {
  ASSERT_THAT(got.resources, SizeIs(1));
  ASSERT_THAT(got.resources[0], SizeIs(1));
  EXPECT_EQ(got.resources[0][0].key, "service.name");
  EXPECT_EQ(got.resources[0][0].value, "shop");
  ASSERT_THAT(got.metrics, SizeIs(1));
  EXPECT_EQ(got.metrics[0].kind, kind);
  EXPECT_EQ(got.metrics[0].name, "m");
  EXPECT_EQ(got.metrics[0].description, "help");
  EXPECT_EQ(got.metrics[0].unit, "s");
  EXPECT_EQ(got.ended, 1u);
}

TEST(OtlpProtobuf, ReadsSums) {
  ProtobufWriter exemplar, point, other, data;
  exemplar.fixed64(2, 7).float64(3, 0.5).bytes(4, "\x01\x02").bytes(5, "\xab\xcd");
  exemplar.message(7, key_value("user", string_value("u1")));
  point.fixed64(2, 1).fixed64(3, 2'000'000).float64(4, 1.5).message(7, key_value("a", string_value("b")));
  point.message(5, exemplar).varint(8, 1);
  other.fixed64(3, 3).fixed64(6, static_cast<std::uint64_t>(-4));
  data.message(1, point).message(1, other).varint(2, 2).varint(3, 1);
  const auto got = read_protobuf(request(7, data));
  expect_shop(got, Kind::Sum);
  EXPECT_EQ(got.metrics[0].temporality, Temporality::Cumulative);
  EXPECT_TRUE(got.metrics[0].is_monotonic);
  ASSERT_THAT(got.points, SizeIs(2));
  EXPECT_EQ(got.points[0].time_ns, 2'000'000u);
  EXPECT_EQ(got.points[0].value, 1.5);
  EXPECT_TRUE(got.points[0].has_no_value());
  EXPECT_EQ(got.points[1].value, -4);
  ASSERT_THAT(got.points[0].exemplars, SizeIs(1));
  EXPECT_EQ(got.points[0].exemplars[0].trace_id, "abcd");
  EXPECT_EQ(got.points[0].exemplars[0].span_id, "0102");
  EXPECT_EQ(got.points[0].exemplars[0].value, 0.5);
  EXPECT_EQ(got.points[0].exemplars[0].attributes[0].value, "u1");
}

TEST(OtlpProtobuf, ReadsHistogramsAndSummaries) {
  ProtobufWriter point, data;
  point.fixed64(3, 5)
      .fixed64(4, 6)
      .float64(5, 7.5)
      .packed_doubles(7, {0.1, 1})
      .fixed64(6, 1)
      .fixed64(6, 2)
      .fixed64(6, 3);
  data.message(1, point).varint(2, 1);
  const auto histogram = read_protobuf(request(9, data));
  expect_shop(histogram, Kind::Histogram);
  EXPECT_EQ(histogram.metrics[0].temporality, Temporality::Delta);
  EXPECT_EQ(histogram.points[0].count, 6u);
  EXPECT_EQ(histogram.points[0].sum, 7.5);
  EXPECT_THAT(histogram.points[0].bucket_counts, ElementsAre(1, 2, 3));
  EXPECT_THAT(histogram.points[0].bounds, ElementsAre(0.1, 1));

  ProtobufWriter quantile, summary_point, summary;
  quantile.float64(1, 0.99).float64(2, 12);
  summary_point.fixed64(3, 5).fixed64(4, 3).message(6, quantile);
  summary.message(1, summary_point);
  const auto got = read_protobuf(request(11, summary));
  expect_shop(got, Kind::Summary);
  EXPECT_EQ(got.points[0].sum, 0) << "a field of value zero is not sent";
  ASSERT_THAT(got.points[0].quantile_values, SizeIs(1));
  EXPECT_EQ(got.points[0].quantile_values[0], std::pair(0.99, 12.0));
}

TEST(OtlpProtobuf, ReadsExponentialHistograms) {
  ProtobufWriter positive, negative, point, data;
  positive.sint64(1, -3).packed_varints(2, {1, 0, 2});
  negative.sint64(1, 4).packed_varints(2, {5});
  point.fixed64(3, 5)
      .fixed64(4, 9)
      .sint64(6, 3)
      .fixed64(7, 1)
      .message(8, positive)
      .message(9, negative)
      .float64(14, 0.01);
  data.message(1, point).varint(2, 2);
  const auto got = read_protobuf(request(10, data));
  expect_shop(got, Kind::ExponentialHistogram);
  EXPECT_EQ(got.points[0].scale, 3);
  EXPECT_EQ(got.points[0].zero_count, 1u);
  EXPECT_EQ(got.points[0].zero_threshold, 0.01);
  EXPECT_EQ(got.points[0].positive.offset, -3);
  EXPECT_THAT(got.points[0].positive.counts, ElementsAre(1, 0, 2));
  EXPECT_THAT(got.points[0].negative.counts, ElementsAre(5));
  EXPECT_FALSE(got.points[0].sum);
}

TEST(OtlpProtobuf, MakesTextOfAttributesOfAnyKind) {
  ProtobufWriter list, map, point, data;
  list.message(1, string_value("x")).message(1, ProtobufWriter().varint(3, 5)).message(1, ProtobufWriter());
  map.message(1, key_value("k", ProtobufWriter().varint(2, 1)));
  point.message(7, key_value("bool", ProtobufWriter().varint(2, 1)));
  point.message(7, key_value("int", ProtobufWriter().int64(3, -7)));
  point.message(7, key_value("double", ProtobufWriter().float64(4, 0.25)));
  point.message(7, key_value("list", ProtobufWriter().message(5, list)));
  point.message(7, key_value("map", ProtobufWriter().message(6, map)));
  point.message(7, key_value("bytes", ProtobufWriter().bytes(7, "hello")));
  point.message(7, key_value("none", ProtobufWriter()));
  data.message(1, point);
  const auto got = read_protobuf(request(5, data));
  std::vector<std::string> values;
  for (const auto& attribute : got.points[0].attributes) values.push_back(attribute.value);
  EXPECT_THAT(values, ElementsAre("true", "-7", "0.25", R"(["x",5,null])", R"({"k":true})", "aGVsbG8=", ""));
}

TEST(OtlpProtobuf, RefusesWhatIsMalformedOrTooDeep) {
  ProtobufWriter point, data;
  point.fixed64(3, 5).float64(4, 1).message(7, key_value("a", string_value("b")));
  data.message(1, point);
  const auto whole = request(5, data);
  Collected ignored;
  for (std::size_t length = 1; length < whole.size(); ++length) {
    EXPECT_FALSE(read_otlp_protobuf(std::string_view(whole).substr(0, length), ignored)) << length;
  }
  auto deep = string_value("x");
  for (int i = 0; i < 40; ++i) deep = std::move(ProtobufWriter().message(5, ProtobufWriter().message(1, deep)));
  ProtobufWriter deep_point, deep_data;
  deep_point.message(7, key_value("a", deep));
  deep_data.message(1, deep_point);
  EXPECT_FALSE(read_otlp_protobuf(request(5, deep_data), ignored));
  ProtobufWriter long_point, long_data;
  long_point.packed_doubles(7, std::vector<double>(70'000));
  long_data.message(1, long_point);
  EXPECT_FALSE(read_otlp_protobuf(request(9, long_data), ignored));
}

TEST(OtlpProtobuf, StopsWhenTheSinkHasEnough) {
  ProtobufWriter data;
  for (int i = 0; i < 10; ++i) data.message(1, ProtobufWriter().fixed64(3, 5).float64(4, 1));
  Collected collected;
  collected.points_max = 3;
  const auto read = read_otlp_protobuf(request(5, data), collected);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::TooLarge);
  EXPECT_THAT(collected.points, SizeIs(3));
}

TEST(OtlpJson, ReadsTheExampleOfTheSpecification) {
  const auto got = read_json(json_request(
      R"({"name":"m","unit":"s","description":"help","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
        {"asDouble":5,"startTimeUnixNano":"1544712660300000000","timeUnixNano":"1544712660300000000",
         "attributes":[{"key":"my.counter.attr","value":{"stringValue":"some value"}}],
         "exemplars":[{"timeUnixNano":7,"asInt":"3","traceId":"5b8efff798038103d269b633813fc60c",
                       "spanId":"eee19b7ec3c1b174","filteredAttributes":[{"key":"u","value":{"intValue":"12"}}]}]}]}})"));
  expect_shop(got, Kind::Sum);
  EXPECT_EQ(got.metrics[0].temporality, Temporality::Cumulative);
  EXPECT_TRUE(got.metrics[0].is_monotonic);
  ASSERT_THAT(got.points, SizeIs(1));
  EXPECT_EQ(got.points[0].time_ns, 1544712660300000000u);
  EXPECT_EQ(got.points[0].value, 5);
  EXPECT_EQ(got.points[0].attributes[0].value, "some value");
  EXPECT_EQ(got.points[0].exemplars[0].trace_id, "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(got.points[0].exemplars[0].value, 3);
  EXPECT_EQ(got.points[0].exemplars[0].attributes[0].value, "12");
}

TEST(OtlpJson, ReadsHistogramsOfAllKinds) {
  const auto histogram = read_json(json_request(
      R"({"name":"m","unit":"s","description":"help","histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA",
        "dataPoints":[{"timeUnixNano":"5","count":"6","sum":7.5,"bucketCounts":["1",2,"3"],"explicitBounds":[0.1,1],"flags":1}]}})"));
  expect_shop(histogram, Kind::Histogram);
  EXPECT_EQ(histogram.metrics[0].temporality, Temporality::Delta);
  EXPECT_THAT(histogram.points[0].bucket_counts, ElementsAre(1, 2, 3));
  EXPECT_TRUE(histogram.points[0].has_no_value());
  const auto exponential = read_json(json_request(
      R"({"name":"m","unit":"s","description":"help","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[
        {"timeUnixNano":"5","count":"9","scale":3,"zeroCount":"1","positive":{"offset":-3,"bucketCounts":["1","0","2"]},
         "negative":{"offset":4,"bucketCounts":["5"]},"zeroThreshold":0.01}]}})"));
  expect_shop(exponential, Kind::ExponentialHistogram);
  EXPECT_EQ(exponential.points[0].positive.offset, -3);
  EXPECT_THAT(exponential.points[0].positive.counts, ElementsAre(1, 0, 2));
  EXPECT_EQ(exponential.points[0].zero_threshold, 0.01);
  const auto summary = read_json(json_request(
      R"({"name":"m","unit":"s","description":"help","summary":{"dataPoints":[
        {"timeUnixNano":"5","count":3,"quantileValues":[{"quantile":0.99,"value":"NaN"},{"value":"-Infinity"}]}]}})"));
  expect_shop(summary, Kind::Summary);
  EXPECT_EQ(summary.points[0].quantile_values[0].first, 0.99);
  EXPECT_TRUE(std::isnan(summary.points[0].quantile_values[0].second));
  EXPECT_EQ(summary.points[0].quantile_values[1].second, -INFINITY);
}

TEST(OtlpJson, MakesTextOfAttributesOfAnyKind) {
  const auto got = read_json(json_request(R"({"name":"m","gauge":{"dataPoints":[{"asInt":"-3","attributes":[
    {"key":"bool","value":{"boolValue":true}},{"key":"int","value":{"intValue":"-7"}},
    {"key":"double","value":{"doubleValue":0.25}},
    {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"x"},{"intValue":5},{}]}}},
    {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":true}},{"key":"none"}]}}},
    {"key":"bytes","value":{"bytesValue":"aGVsbG8="}},{"key":"none","value":null}]}]}})"));
  std::vector<std::string> values;
  for (const auto& attribute : got.points[0].attributes) values.push_back(attribute.value);
  EXPECT_THAT(values,
              ElementsAre("true", "-7", "0.25", R"(["x",5,null])", R"({"k":true,"none":null})", "aGVsbG8=", ""));
  EXPECT_EQ(got.points[0].value, -3);
}

TEST(OtlpJson, TakesAbsentAndNullForTheirDefaults) {
  EXPECT_THAT(read_json("{}").resources, SizeIs(0));
  EXPECT_THAT(read_json(R"({"resourceMetrics":null,"other":[1,2]})").resources, SizeIs(0));
  const auto got =
      read_json(R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{}]}}]}]}]})");
  ASSERT_THAT(got.points, SizeIs(1));
  EXPECT_FALSE(got.points[0].value);
  EXPECT_EQ(got.metrics[0].name, "m");
}

TEST(OtlpJson, SaysWhichFieldIsWrong) {
  const auto refused = [](const std::string& json, const std::string& why) {
    Collected ignored;
    const auto read = read_otlp_json(json, ignored);
    ASSERT_FALSE(read) << json;
    EXPECT_EQ(read.error().code, Code::InvalidArgument);
    EXPECT_THAT(read.error().message, HasSubstr(why));
  };
  refused("", "not a JSON object");
  refused("[]", "not a JSON object");
  refused("{", "not a JSON object");
  refused(R"({"resourceMetrics":{}})", "\"resourceMetrics\" must be a list");
  refused(R"({"resourceMetrics":[1]})", "\"resourceMetrics\" must be a list of objects");
  refused(json_request(R"({"name":5})"), "\"name\" must be a string");
  refused(json_request(R"({"name":"m","gauge":[]})"), "\"gauge\" must be an object");
  refused(json_request(R"({"name":"m","sum":{"isMonotonic":"yes"}})"), "\"isMonotonic\" must be true or false");
  refused(json_request(R"({"name":"m","gauge":{"dataPoints":[{"timeUnixNano":"-1"}]}})"), "\"timeUnixNano\" must be");
  refused(json_request(R"({"name":"m","gauge":{"dataPoints":[{"timeUnixNano":"12x"}]}})"), "\"timeUnixNano\" must be");
  refused(json_request(R"({"name":"m","gauge":{"dataPoints":[{"asInt":"9223372036854775808"}]}})"),
          "\"asInt\" must be");
  refused(json_request(R"({"name":"m","gauge":{"dataPoints":[{"asDouble":"much"}]}})"),
          "\"asDouble\" must be a number");
  std::string deep = R"({"intValue":1})";
  for (int i = 0; i < 40; ++i) deep = R"({"arrayValue":{"values":[)" + deep + "]}}";
  refused(json_request(R"({"name":"m","gauge":{"dataPoints":[{"attributes":[{"key":"a","value":)" + deep + "}]}]}}"),
          "nested at most 16 deep");
}

TEST(OtlpText, WritesNumbersAsOtherLibrariesDo) {
  EXPECT_EQ(otlp_number(0), "0");
  EXPECT_EQ(otlp_number(-0.25), "-0.25");
  EXPECT_EQ(otlp_number(1e20), "100000000000000000000");
  EXPECT_EQ(otlp_number(1e21), "1e+21");
  EXPECT_EQ(otlp_number(1e-6), "0.000001");
  EXPECT_EQ(otlp_number(1.5e-7), "1.5e-7");
  EXPECT_EQ(otlp_number(1e-100), "1e-100");
  EXPECT_EQ(otlp_number(INFINITY), "Infinity");
}

TEST(OtlpText, WritesBytes) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe"), "//4=");
  EXPECT_EQ(hexadecimal(std::string_view("\x00\xff\x0a", 3)), "00ff0a");
}

}  // namespace
}  // namespace mamori::ingest
