#include "console/detail/query_bounds.h"

#include <gtest/gtest.h>

#include "console/detail/query_response.h"

namespace mamori::console {
namespace {

net::Request request_with(std::vector<std::pair<std::string, std::string>> headers) {
  net::Request request;
  request.peer = "127.0.0.1:51234";
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

TEST(QueryBounds, AreReadFromParametersAndHeaders) {
  const auto request = request_with({{"X-Mamori-Max-Memory", "64MiB"}, {"X-Mamori-Max-Samples", "1000"}});
  const auto bounds = query_bounds(request, net::Params::parse("timeout=5s&lookback_delta=1m"), Seconds{120});
  ASSERT_TRUE(bounds);
  EXPECT_EQ(bounds->timeout, Millis{5000});
  EXPECT_EQ(bounds->lookback, Millis{60'000});
  EXPECT_EQ(bounds->bytes_max, 64u << 20);
  EXPECT_EQ(bounds->samples_max, 1000u);
}

TEST(QueryBounds, AreTheServersWhenNotGiven) {
  const auto bounds = query_bounds(request_with({}), net::Params::parse("timeout=1h"), Seconds{120});
  ASSERT_TRUE(bounds);
  EXPECT_EQ(bounds->timeout, Seconds{120});
  EXPECT_FALSE(bounds->bytes_max || bounds->samples_max);
}

TEST(QueryBounds, AreRefusedByNameAndValue) {
  const auto memory = query_bounds(request_with({{"X-Mamori-Max-Memory", "much"}}), {}, Seconds{120});
  EXPECT_TRUE(memory.error().message.starts_with("invalid header X-Mamori-Max-Memory: \"much\" is not a size"));
  const auto samples = query_bounds(request_with({{"X-Mamori-Max-Samples", "-1"}}), {}, Seconds{120});
  EXPECT_EQ(samples.error().message, "invalid header X-Mamori-Max-Samples: \"-1\" is not a whole number");
}

TEST(QueryClient, IsTheNamedOneOrAddressAndProgram) {
  EXPECT_EQ(query_client(request_with({{"User-Agent", "Grafana/11"}})), "127.0.0.1 Grafana/11");
  EXPECT_EQ(query_client(request_with({{"X-Forwarded-For", "10.0.0.7, 127.0.0.1"}})), "10.0.0.7 ");
  EXPECT_EQ(query_client(request_with({{"X-Mamori-Client", "rules"}, {"User-Agent", "x"}})), "rules");
  EXPECT_EQ(query_client(request_with({{"X-Mamori-Client", std::string(10'000, 'x')}})).size(), 200u);
}

TEST(QueryResponse, ShowsWhatAQueryCostWhenAsked) {
  QueryAnswer answer{.type = QueryAnswer::Type::Scalar, .series = {{metrics::Labels{}, {{1000, 5}}}}};
  answer.cost = {.samples_total = 30,
                 .samples_peak = 12,
                 .bytes_peak = 4096,
                 .samples_per_step = {{1000, 10}, {61'500, 20}},
                 .queue = 0.25,
                 .prepare = 0.125,
                 .evaluate = 1,
                 .sort = 0.5,
                 .total = 2};
  EXPECT_EQ(query_response(answer, 0, ShowCost::No).body,
            R"({"status":"success","data":{"resultType":"scalar","result":[1,"5"]}})");
  const std::string timings =
      R"("timings":{"evalTotalTime":1.625,"resultSortTime":0.5,"queryPreparationTime":0.125,"innerEvalTime":1,)"
      R"("execQueueTime":0.25,"execTotalTime":2})";
  const std::string tail = R"("totalQueryableSamples":30,"peakSamples":12},"memory":{"peakBytes":4096}}}})";
  EXPECT_EQ(query_response(answer, 0, ShowCost::Yes).body,
            R"({"status":"success","data":{"resultType":"scalar","result":[1,"5"],"stats":{)" + timings +
                R"(,"samples":{)" + tail);
  EXPECT_EQ(query_response(answer, 0, ShowCost::PerStep).body,
            R"({"status":"success","data":{"resultType":"scalar","result":[1,"5"],"stats":{)" + timings +
                R"(,"samples":{"totalQueryableSamplesPerStep":[[1,10],[61.500,20]],)" + tail);
  EXPECT_EQ(cost_parameter(net::Params::parse("stats=all")), ShowCost::PerStep);
  EXPECT_EQ(cost_parameter(net::Params::parse("stats=true")), ShowCost::Yes);
  EXPECT_EQ(cost_parameter({}), ShowCost::No);
}

TEST(QueryResponse, SaysThatTheServerIsBusyWith503) {
  QueryAnswer answer;
  answer.failure = QueryFailure::Unavailable;
  answer.error = "8 queries run";
  const auto response = query_response(answer, 0, ShowCost::No);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, R"({"status":"error","errorType":"unavailable","error":"8 queries run"})");
}

}  // namespace
}  // namespace mamori::console
