// What each part of Prometheus' API answers besides queries: console/detail/prometheus_*_routes.cc.
#include <algorithm>

#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"
#include "console/prometheus_api_fixture.h"

namespace mamori::console {
namespace {

using metrics::Labels;
using testing::HasSubstr;

constexpr std::int64_t kNowMs = 1'700'000'000'000;

TEST_F(PrometheusApiTest, ParsesQueriesAndShowsExemplars) {
  EXPECT_EQ(get("/api/v1/parse_query", "query=x").body, R"({"status":"success","data":{"t":"x"}})");
  metrics::ExemplarRing ring(10);
  ring.add(Labels({{"__name__", "up"}, {"job", "a"}}), {Labels({{"trace_id", "7f"}}), 1500, 0.5});
  ring.add(Labels({{"__name__", "other"}}), {Labels({{"trace_id", "8"}}), 1500, 1});
  sources_.exemplars = [&](auto any_of, auto start_ms, auto end_ms) { return ring.select(any_of, start_ms, end_ms); };
  serve();
  EXPECT_EQ(post("/api/v1/query_exemplars", "query=up&start=1&end=2").body,
            R"({"status":"success","data":[{"seriesLabels":{"__name__":"up","job":"a"},"exemplars":[)"
            R"({"labels":{"trace_id":"7f"},"value":"0.5","timestamp":1.500}]}]})");
  EXPECT_EQ(get("/api/v1/query_exemplars", "query=up&start=3").body, R"({"status":"success","data":[]})");
  EXPECT_EQ(get("/api/v1/query_exemplars", "query=1").status, 204);
  refuses("/api/v1/query_exemplars", "query=up&start=2&end=1", "end timestamp must not be before start timestamp");
  refuses("/api/v1/query_exemplars", "query=%7B", R"("error":"1:2: parse error)");
}

TEST(UnescapeLabelName, UndoesTheEscapesOfPaths) {
  const auto check = [](const char* name, const char* want) { EXPECT_EQ(unescape_label_name(name), want) << name; };
  check("job", "job");
  check("__name__", "__name__");
  check("U__http_2e_method", "http.method");
  check("U__a__b", "a_b");
  check("U__caf_e9_", "café");
  check("U__", "");
  check("U__a_zz_", "U__a_zz_");
  check("U__a_d800_", "U__a_d800_");
  check("U__a_1234567_", "U__a_1234567_");
  check("U__a_2e", "U__a_2e");
}

TEST_F(PrometheusApiTest, ReadsLabelNamesThatAreNotPlain) {
  add({{"__name__", "up"}, {"http.method", "GET"}}, 1000);
  EXPECT_EQ(get("/api/v1/label/U__http_2e_method/values").body, R"({"status":"success","data":["GET"]})");
  EXPECT_EQ(get("/api/v1/label/http.method/values").body, R"({"status":"success","data":["GET"]})");
  refuses("/api/v1/label/U__/values", "", R"(invalid label name: \"\")");
}

TEST_F(PrometheusApiTest, AnswersNothingForARangeThatEndsBeforeItBegins) {
  EXPECT_EQ(get("/api/v1/labels", "start=5&end=1").body, R"({"status":"success","data":[]})");
}

TEST_F(PrometheusApiTest, TellsWhichMatcherOfSeriesIsWrong) {
  refuses("/api/v1/series", "match[]=%7B", R"("error":"invalid parameter \"match[]\": 1:2: parse error)");
  refuses("/api/v1/labels", "match[]=%7B", R"("error":"1:2: parse error)");
  const auto response = send("DELETE", "/api/v1/series", "match[]=up");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("not implemented"));
}

TEST_F(PrometheusApiTest, JoinsWhatTargetsSayOfTheirMetrics) {
  const Labels a({{"job", "a"}}), b({{"job", "b"}});
  sources_.target_metadata = [&] {
    return std::vector<TargetMetadata>{{a, {{"load1", {"gauge", "1m load", ""}}, {"t", {"counter", "x", "seconds"}}}},
                                       {b, {{"load1", {"gauge", "load", ""}}}}};
  };
  serve();
  EXPECT_EQ(get("/api/v1/metadata", "metric=load1").body,
            R"({"status":"success","data":{"load1":[{"type":"gauge","help":"1m load","unit":""},)"
            R"({"type":"gauge","help":"load","unit":""}]}})");
  EXPECT_EQ(get("/api/v1/metadata", "metric=load1&limit_per_metric=1").body,
            R"({"status":"success","data":{"load1":[{"type":"gauge","help":"1m load","unit":""}]}})");
  EXPECT_EQ(get("/api/v1/metadata", "limit=0").body, R"({"status":"success","data":{}})");
  EXPECT_THAT(get("/api/v1/metadata", "limit=1").body, testing::Not(HasSubstr("odd")));
  refuses("/api/v1/metadata", "limit=x", "limit must be a number");
  refuses("/api/v1/metadata", "limit_per_metric=1.5", "limit_per_metric must be a number");
  EXPECT_EQ(get("/api/v1/targets/metadata", "metric=load1&limit=1").body,
            R"({"status":"success","data":[{"target":{"job":"a"},"type":"gauge","help":"1m load","unit":""}]})");
  EXPECT_EQ(get("/api/v1/targets/metadata", "metric=t").body,
            R"({"status":"success","data":[{"target":{"job":"a"},"type":"counter","help":"x","unit":"seconds"}]})");
  EXPECT_THAT(get("/api/v1/targets/metadata").body, HasSubstr(R"({"target":{"job":"b"},"metric":"load1")"));
  refuses("/api/v1/targets/metadata", "match_target=%7B", R"(invalid parameter \"match_target\")");
}

TEST_F(PrometheusApiTest, ShowsTargetsByStateAndPool) {
  sources_.targets = [] {
    ingest::TargetStatus one, two;
    one.job = "a", two.job = "b";
    return std::vector{one, two};
  };
  sources_.scrape_pools = [] { return std::vector<std::string>{"b", "a"}; };
  serve();
  EXPECT_EQ(get("/api/v1/scrape_pools").body, R"({"status":"success","data":{"scrapePools":["a","b"]}})");
  const auto pools = [&](const char* query) {
    const auto body = get("/api/v1/targets", query).body;
    return std::pair(body.find(R"("scrapePool":"a")") != std::string::npos,
                     body.find(R"("scrapePool":"b")") != std::string::npos);
  };
  EXPECT_EQ(pools(""), std::pair(true, true));
  EXPECT_EQ(pools("state=Active&scrapePool=b"), std::pair(false, true));
  EXPECT_EQ(pools("state=dropped"), std::pair(false, false));
  EXPECT_EQ(pools("state=any"), std::pair(true, true));
}

TEST_F(PrometheusApiTest, ShowsItsState) {
  refuses("/api/v1/rules", "type=x", R"(invalid parameter \"type\": not supported value \"x\")");
  refuses("/api/v1/status/tsdb", "limit=0", "limit must be a positive number");
  EXPECT_EQ(get("/api/v1/status/walreplay").body, R"({"status":"success","data":{"min":0,"max":0,"current":0}})");
  EXPECT_EQ(get("/api/v1/notifications").body, R"({"status":"success","data":[]})");
  EXPECT_EQ(get("/api/v1/notifications/live").status, 204);
  sources_.last_reload_succeeded = [] { return false; };
  sources_.last_reload = [] { return std::optional(Timestamp{Seconds{1'600'000'000}}); };
  serve();
  EXPECT_THAT(get("/api/v1/notifications").body, HasSubstr("Configuration reload has failed."));
  EXPECT_THAT(get("/api/v1/status/runtimeinfo").body, HasSubstr(R"("lastConfigTime":"2020-09-13T12:26:40.000Z")"));
}

TEST_F(PrometheusApiTest, ShowsTheFirstTenNotesOfAKind) {
  fake_.answer.series = {{Labels{}, {{1000, 5}}}};
  fake_.answer.warnings.assign(12, "w");
  EXPECT_THAT(get("/api/v1/query", "query=x").body, HasSubstr(R"("w","2 more warning annotations omitted"]})"));
}

TEST_F(PrometheusApiTest, ChangesNothingUnlessTheAdminApiIsEnabled) {
  for (const auto* path : {"delete_series", "clean_tombstones", "snapshot"}) {
    const auto response = send("POST", std::string("/api/v1/admin/tsdb/") + path);
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.body, R"({"status":"error","errorType":"unavailable","error":"admin APIs disabled"})");
  }
}

TEST_F(PrometheusApiTest, DeletesAndCopiesWhenEnabled) {
  std::vector<std::string> done;
  sources_.admin.delete_series = [&](auto matchers, auto start_ms, auto end_ms) -> Result<void> {
    done.push_back(matchers[0].value() + " " + std::to_string(start_ms) + " " + std::to_string(end_ms));
    return {};
  };
  sources_.admin.clean_tombstones = [&]() -> Result<void> {
    done.emplace_back("clean");
    return {};
  };
  sources_.admin.snapshot = [&](bool skip_head) -> Result<std::string> {
    if (skip_head) return Error{Code::Unavailable, "the disk is full"};
    return "/data/metrics/snapshots/20260131T120000Z-1";
  };
  options_.enable_admin = true;
  serve();
  const std::string admin = "/api/v1/admin/tsdb/";
  EXPECT_EQ(send("PUT", admin + "delete_series", "match[]=up&match[]=b&start=1&end=2").status, 204);
  EXPECT_EQ(send("POST", admin + "clean_tombstones").status, 204);
  EXPECT_EQ(done, (std::vector<std::string>{"up 1000 2000", "b 1000 2000", "clean"}));
  EXPECT_EQ(send("POST", admin + "snapshot").body, R"({"status":"success","data":{"name":"20260131T120000Z-1"}})");
  EXPECT_EQ(send("POST", admin + "snapshot", "skip_head=true").status, 500);
  EXPECT_THAT(
      send("POST", admin + "snapshot", "skip_head=maybe").body,
      HasSubstr(R"(invalid parameter \"skip_head\": unable to parse boolean: strconv.ParseBool: parsing \"maybe\")"));
  EXPECT_THAT(send("POST", admin + "delete_series").body, HasSubstr("no match[] parameter provided"));
}

TEST_F(PrometheusApiTest, TellsBrowsersWhoMayReadIt) {
  net::Headers headers;
  headers.set("Origin", "http://grafana.example");
  const auto response = send("GET", "/api/v1/labels", "", headers);
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Methods"), "GET, POST, OPTIONS");
  EXPECT_FALSE(get("/api/v1/labels").headers.has("Access-Control-Allow-Origin"));
  EXPECT_EQ(send("OPTIONS", "/api/v1/query", "", headers).status, 204);
  options_.cors_origin = "https?://grafana[.]example";
  serve();
  EXPECT_EQ(send("GET", "/api/v1/labels", "", headers).headers.get("Access-Control-Allow-Origin"),
            "http://grafana.example");
  headers.set("Origin", "http://evil.example");
  EXPECT_FALSE(send("OPTIONS", "/api/v1/labels", "", headers).headers.has("Access-Control-Allow-Origin"));
}

TEST_F(PrometheusApiTest, HandsTheNewestSamplesToAFederation) {
  add({{"__name__", "up"}, {"job", "now"}, {"instance", "i"}}, kNowMs - 300'000);
  add({{"__name__", "up"}, {"job", "now"}, {"instance", "i"}}, kNowMs - 10'000);
  add({{"__name__", "up"}, {"job", "old"}}, kNowMs - 300'001);
  add({{"__name__", "http.size"}, {"a.b", "x\"\\\n"}}, kNowMs);
  const metrics::SeriesSample ended{Labels({{"__name__", "up"}, {"job", "ended"}}), {kNowMs - 1, metrics::stale_nan()}};
  add({{"__name__", "up"}, {"job", "ended"}}, kNowMs - 2000);
  ASSERT_TRUE(store_->append({&ended, 1}));
  sources_.external_labels = [] {
    return std::vector<std::pair<std::string, std::string>>{{"dc", "tokyo"}, {"job", "none"}};
  };
  serve();
  const auto page = get("/federate", "match[]=up&match[]=up&match[]=http.size");
  EXPECT_EQ(page.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  EXPECT_EQ(page.body,
            "# TYPE http_size untyped\n"
            "http_size{a_b=\"x\\\"\\\\\\n\",dc=\"tokyo\",instance=\"\",job=\"none\"} 1 1700000000000\n"
            "# TYPE up untyped\n"
            "up{instance=\"i\",job=\"now\",dc=\"tokyo\"} 1 1699999990000\n");
  net::Headers headers;
  headers.set("Accept", "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4");
  EXPECT_EQ(send("GET", "/federate", "match[]=http.size", headers).body,
            "# TYPE \"http.size\" untyped\n"
            "{\"http.size\",\"a.b\"=\"x\\\"\\\\\\n\",dc=\"tokyo\",instance=\"\",job=\"none\"} 1 1700000000000\n");
  EXPECT_EQ(get("/federate").body, "");
  EXPECT_EQ(get("/federate", "match[]=%7B").status, 400);
}

}  // namespace
}  // namespace mamori::console
