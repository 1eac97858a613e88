#include "console/prometheus_api.h"

#include <limits>

#include "console/detail/prometheus_json.h"
#include "console/prometheus_api_fixture.h"

namespace mamori::console {
namespace {

using metrics::Labels;
using metrics::Matcher;
using metrics::MatchOp;
using testing::HasSubstr;

TEST_F(PrometheusApiTest, AnswersAnInstantVector) {
  fake_.answer.series = {{Labels({{"__name__", "up"}, {"job", "node"}}), {{1435781451781, 1}}},
                         {Labels({{"job", "b"}}), {{1435781451000, 0.1}}}};
  const auto response = post("/api/v1/query", "query=up%7B%7D&time=1435781451.781&timeout=3s");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.body, R"({"status":"success","data":{"resultType":"vector","result":[)"
                           R"({"metric":{"__name__":"up","job":"node"},"value":[1435781451.781,"1"]},)"
                           R"({"metric":{"job":"b"},"value":[1435781451,"0.1"]}]}})");
  EXPECT_EQ(fake_.query, "up{}");
  EXPECT_EQ(fake_.start_ms, 1435781451781);
  EXPECT_EQ(fake_.bounds.timeout, Millis{3000});
}

TEST_F(PrometheusApiTest, TakesTheServersTimeWhenNoneIsGiven) {
  get("/api/v1/query", "query=up&timeout=10h");
  EXPECT_EQ(fake_.start_ms, 1'700'000'000'000);
  EXPECT_EQ(fake_.bounds.timeout, Millis{120'000}) << "a caller cannot ask for more than the server gives";
}

TEST_F(PrometheusApiTest, AnswersScalarsStringsAndMatrices) {
  fake_.answer = {.type = QueryAnswer::Type::Scalar, .series = {{Labels{}, {{1000, 5}}}}};
  EXPECT_THAT(get("/api/v1/query", "query=5").body, HasSubstr(R"({"resultType":"scalar","result":[1,"5"]})"));
  fake_.answer = {.type = QueryAnswer::Type::String, .text = "a\"b", .time_ms = 1500};
  EXPECT_THAT(get("/api/v1/query", "query=x").body, HasSubstr(R"({"resultType":"string","result":[1.500,"a\"b"]})"));
  fake_.answer = {.type = QueryAnswer::Type::Matrix, .series = {{Labels{}, {{1000, 5}, {16000, 6}}}}};
  EXPECT_THAT(get("/api/v1/query_range", "query=x&start=1&end=16&step=15s").body,
              HasSubstr(R"({"resultType":"matrix","result":[{"metric":{},"values":[[1,"5"],[16,"6"]]}]})"));
  const auto histogram = std::make_shared<const metrics::Histogram>(metrics::Histogram{.count = 2, .sum = 3});
  fake_.answer.series = {{Labels{}, {{1000, 5}}, {{16000, histogram}}}};
  EXPECT_THAT(get("/api/v1/query_range", "query=x&start=1&end=16&step=15s").body,
              HasSubstr(R"([{"metric":{},"values":[[1,"5"]],"histograms":[[16,{"count":"2","sum":"3"}]]}])"));
  fake_.answer = {.type = QueryAnswer::Type::Vector, .series = {{Labels{}, {}, {{1000, histogram}}}}};
  EXPECT_THAT(get("/api/v1/query", "query=x").body,
              HasSubstr(R"([{"metric":{},"histogram":[1,{"count":"2","sum":"3"}]}])"));
  get("/api/v1/query_range", "query=x&start=1&end=16&step=15s");
  EXPECT_EQ(fake_.start_ms, 1000);
  EXPECT_EQ(fake_.end_ms, 16000);
  EXPECT_EQ(fake_.step_ms, 15000);
}

TEST_F(PrometheusApiTest, GivesEachFailureItsTypeAndStatus) {
  const auto check = [&](QueryFailure failure, int status, const char* type, const char* text = "why") {
    fake_.answer.failure = failure;
    fake_.answer.error = "why";
    const auto response = get("/api/v1/query", "query=x");
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body,
              std::string(R"({"status":"error","errorType":")") + type + "\",\"error\":\"" + text + "\"}");
  };
  check(QueryFailure::BadData, 400, "bad_data", R"(invalid parameter \"query\": why)");
  check(QueryFailure::Execution, 422, "execution");
  check(QueryFailure::Timeout, 503, "timeout");
  check(QueryFailure::Internal, 500, "internal");
}

TEST_F(PrometheusApiTest, PassesAnnotationsOnAndCutsAtTheLimit) {
  fake_.answer.series = {{Labels({{"a", "1"}}), {{1000, 5}}}, {Labels({{"a", "2"}}), {{1000, 5}}}};
  fake_.answer.infos = {"odd"};
  EXPECT_THAT(get("/api/v1/query", "query=x&limit=1").body,
              HasSubstr(R"(]}]},"warnings":["results truncated due to limit"],"infos":["odd"]})"));
}

TEST_F(PrometheusApiTest, RefusesWrongParametersInPrometheusWords) {
  refuses("/api/v1/query", "query=x&time=then",
          R"(invalid parameter \"time\": invalid time value for 'time': cannot parse \"then\" to a val)");
  refuses("/api/v1/query", "query=x&timeout=soon",
          R"(invalid parameter \"timeout\": cannot parse \"soon\" to a valid)");
  refuses("/api/v1/query", "query=x&time=1e300", "to a valid timestamp");
  refuses("/api/v1/query", "query=x&limit=-1", "limit must be non-negative");
  refuses("/api/v1/query_range", "query=x&end=1&step=1", R"(invalid parameter \"start\")");
  refuses("/api/v1/query_range", "query=x&start=2&end=1&step=1", "end timestamp must not be before start time");
  refuses("/api/v1/query_range", "query=x&start=1&end=2&step=0", "zero or negative query resolution step");
  refuses("/api/v1/query_range", "query=x&start=1&end=2", R"(invalid parameter \"step\")");
  refuses("/api/v1/query_range", "query=x&start=0&end=11001&step=1", "exceeded maximum resolution of 11,000 points");
  refuses("/api/v1/series", "", "no match[] parameter provided");
  refuses("/api/v1/series", "match[]=%7B", R"(invalid parameter \"match[]\": 1:2: parse error)");
  refuses("/api/v1/labels", "match[]=%7B%7D", "must contain at least one non-empty matcher");
}

TEST_F(PrometheusApiTest, ListsSeriesLabelsAndValues) {
  EXPECT_EQ(get("/api/v1/series", "match[]=load1&match[]=up&match[]=up&start=0&end=2").body,
            R"({"status":"success","data":[{"__name__":"load1","job":"node","zone":"a\"b"},)"
            R"({"__name__":"up","job":"node"}]})");
  EXPECT_EQ(get("/api/v1/labels").body, R"({"status":"success","data":["__name__","job","zone"]})");
  EXPECT_EQ(get("/api/v1/label/job/values", "match[]=up").body, R"({"status":"success","data":["mamori","node"]})");
  EXPECT_EQ(get("/api/v1/label/none/values").body, R"({"status":"success","data":[]})");
  EXPECT_EQ(get("/api/v1/label/__name__/values", "limit=1").body,
            R"({"status":"success","data":["load1"],"warnings":["results truncated due to limit"]})");
}

TEST_F(PrometheusApiTest, ShowsTheOtherRooms) {
  EXPECT_EQ(get("/api/v1/alerts").body, R"({"status":"success","data":{"alerts":[{"state":"firing"}]}})");
  EXPECT_EQ(get("/api/v1/rules").body, R"({"status":"success","data":{"groups":[]}})");
  EXPECT_EQ(get("/api/v1/metadata", "metric=load1").body,
            R"({"status":"success","data":{"load1":[{"type":"gauge","help":"1m load","unit":""}]}})");
  EXPECT_THAT(get("/api/v1/metadata").body, HasSubstr(R"("odd":[{"type":"unknown")"));
  EXPECT_THAT(get("/api/v1/targets").body, HasSubstr(R"("activeTargets":[])"));
  EXPECT_THAT(get("/api/v1/status/buildinfo").body, HasSubstr(R"("version":"3.0.0")"));
  EXPECT_THAT(get("/api/v1/status/runtimeinfo").body, HasSubstr(R"("storageRetention":"15d")"));
  EXPECT_EQ(get("/api/v1/status/flags").body, R"({"status":"success","data":{"data":"/d"}})");
  EXPECT_EQ(get("/api/v1/status/config").body, R"({"status":"success","data":{"yaml":""}})");
  EXPECT_THAT(get("/api/v1/status/tsdb").body, HasSubstr(R"("seriesCountByMetricName":[{"name":"up","value":2})"));
  EXPECT_EQ(get("/api/v1/format_query", "query=x").body, R"({"status":"success","data":"x!"})");
}

TEST(AppendApiValue, WritesNumbersAsGoDoes) {
  const auto check = [](double value, const char* want) {
    std::string out;
    append_api_value(out, value);
    EXPECT_EQ(out, want);
  };
  check(0, "0");
  check(-0.0, "-0");
  check(1, "1");
  check(-12.5, "-12.5");
  check(0.000001, "0.000001");
  check(0.0000001, "1e-07");
  check(123456789.123, "123456789.123");
  check(1e20, "100000000000000000000");
  check(123456789012345678901.0, "123456789012345680000");
  check(1e21, "1e+21");
  check(1.5e300, "1.5e+300");
  check(5e-324, "5e-324");
  check(std::numeric_limits<double>::quiet_NaN(), "NaN");
  check(std::numeric_limits<double>::infinity(), "+Inf");
  check(-std::numeric_limits<double>::infinity(), "-Inf");
}

TEST(AppendApiTime, WritesMillisecondsOnlyWhenThereAreAny) {
  const auto check = [](std::int64_t time_ms, const char* want) {
    std::string out;
    append_api_time(out, time_ms);
    EXPECT_EQ(out, want);
  };
  check(0, "0");
  check(1000, "1");
  check(1001, "1.001");
  check(1100, "1.100");
  check(-1500, "-1.500");
}

}  // namespace
}  // namespace mamori::console
