#include "app/query_command.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "app/query_answer.h"

namespace mamori::app {
namespace {

const std::string kNothing = R"({"status":"success","data":{"resultType":"vector","result":[]}})";

struct Got {
  int code = 0;
  std::string out, err;
  net::ClientRequest request;
};

Got query(std::vector<std::string_view> args, Result<net::ClientResponse> reply) {
  std::ostringstream out, err;
  Got got;
  got.code = run_query(args, {.out = out,
                              .err = err,
                              .terminal = {.columns = 60},
                              .now = Timestamp{Seconds{1'000'000}},
                              .send = [&](const net::ClientRequest& request, Millis) {
                                got.request = request;
                                return reply;
                              }});
  got.out = out.str();
  got.err = err.str();
  return got;
}

net::ClientResponse reply(std::string body, int status = 200) {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

TEST(Query, AsksForAMomentAndPrintsATable) {
  const auto got = query({"up == 1", "--server", "http://h:1/"}, reply(R"({"status":"success","data":{
      "resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1000000.5,"1"]}]}})"));
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.request.url, "http://h:1/api/v1/query");
  EXPECT_EQ(got.request.body, "query=up%20%3D%3D%201&time=1000000.000");
  EXPECT_EQ(got.out, "metric  job  value\nup      a        1\n");
}

TEST(Query, AsksForARangeByItsStepOrAsManyAsFit) {
  EXPECT_EQ(query({"up", "--range", "1h", "--step", "1m"}, reply(kNothing)).request.body,
            "query=up&start=996400.000&end=1000000.000&step=60.000");
  EXPECT_EQ(query({"up", "--range", "1h", "--time", "3600"}, reply(kNothing)).request.body,
            "query=up&start=0.000&end=3600.000&step=30.000");
}

TEST(Query, PutsACaretBelowTheMistake) {
  const auto refused = reply(
      R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:5: parse error: unexpected end of input"})",
      400);
  const auto got = query({"up +"}, refused);
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.err, "mamori query: parse error: unexpected end of input\n  up +\n      ^\n");
  EXPECT_EQ(got.out, "");
}

TEST(Query, PutsTheCaretBelowCharactersNotBytes) {
  const auto got = query({"sum(\n \"守り\" }"}, reply(R"({"status":"error","error":"2:11: parse error: x"})", 400));
  EXPECT_EQ(got.err, "mamori query: parse error: x\n   \"守り\" }\n        ^\n");
}

TEST(Query, PrintsWarningsBesideTheAnswer) {
  const auto got = query({"up"}, reply(R"({"status":"success","warnings":["w"],"infos":["PromQL info: i"],
                                          "data":{"resultType":"scalar","result":[1,"2"]}})"));
  EXPECT_EQ(got.out, "2\n");
  EXPECT_EQ(got.err, "warning: w\nPromQL info: i\n");
}

TEST(Query, GivesTheAnswerAsItIsWhenAsked) {
  const auto got = query({"up", "--json"}, reply(kNothing + "\n"));
  EXPECT_EQ(got.out, kNothing + "\n");
  EXPECT_EQ(got.code, 0);
  const std::string refused = R"({"status":"error","errorType":"timeout","error":"too slow"})";
  EXPECT_EQ(query({"up", "--json"}, reply(refused, 503)).code, 1);
  EXPECT_EQ(query({"up", "--json"}, reply(refused, 503)).out, refused + "\n");
}

TEST(Query, SaysWhatIsWrongWithServersThatDoNotAnswerSo) {
  const auto page = query({"up"}, reply("<html>", 404));
  EXPECT_EQ(page.code, 1);
  EXPECT_EQ(
      page.err,
      "mamori query: http://127.0.0.1:9650 answered 404, and the server's answer is not one of Prometheus' API: it "
      "is no JSON; is --server right?\n");
  const auto gone = query({"up"}, Error{Code::Unavailable, "connect: refused"});
  EXPECT_EQ(gone.code, 1);
  EXPECT_EQ(gone.err, "mamori query: connect: refused\n");
}

TEST(Query, RefusesWhatItCannotAsk) {
  const auto check = [](std::vector<std::string_view> args, const std::string& want) {
    const auto got = query(std::move(args), reply(kNothing));
    EXPECT_EQ(got.code, 2) << want;
    EXPECT_NE(got.err.find(want), std::string::npos) << got.err;
  };
  check({}, "the expression is missing");
  check({"up", "and"}, "single quotes");
  check({"up", "--step", "1m"}, "--step goes with --range");
  check({"up", "--range", "0s"}, "--range must be at least 1ms");
  check({"up", "--range", "1d", "--step", "1s"}, "11,000");
  check({"up", "--time", "noon"}, "--time");
  check({"up", "--top", "0"}, "--top 0");
  check({"up", "--server", "nonsense"}, "--server nonsense: a URL must begin");
  check({"up", "--rnage", "1h"}, "did you mean --range");
}

TEST(QueryAnswer, ReadsHistogramsAndNumbersThatJsonLacks) {
  const auto answer = read_query_answer(R"({"status":"success","data":{"resultType":"matrix","result":[
      {"metric":{},"values":[[1,"NaN"],[2,"-Inf"]],"histograms":[[3,{"count":"4","sum":"7.5","buckets":[]}]]}]}})");
  ASSERT_TRUE(answer) << answer.error().message;
  const auto& points = answer->series.at(0).points;
  ASSERT_EQ(points.size(), 3u);
  EXPECT_NE(points[0].value, points[0].value);
  EXPECT_LT(points[1].value, -1e308);
  EXPECT_TRUE(points[2].histogram);
  EXPECT_EQ(points[2].text, "count 4, sum 7.5");
}

TEST(QueryAnswer, RefusesWhatHasAnotherShape) {
  for (const auto* body : {"", "[]", "{}", R"({"status":"success"})", R"({"status":"error"})",
                           R"({"status":"success","data":{"resultType":"x","result":[]}})",
                           R"({"status":"success","data":{"resultType":"vector","result":[1]}})",
                           R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1}}]}})"}) {
    const auto answer = read_query_answer(body);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().code, Code::Corrupt) << body;
  }
}

}  // namespace
}  // namespace mamori::app
