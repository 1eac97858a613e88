// console/prometheus_api_fixture.h: Prometheus' API over a small store and an engine that answers what a test sets.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "console/prometheus_api.h"

namespace mamori::console {

/// Notes what it was asked and answers what the test sets.
struct FakeEngine {
  QueryAnswer answer;
  std::string query;
  std::int64_t start_ms = 0, end_ms = 0, step_ms = 0;
  QueryBounds bounds{};

  QueryEngine engine() {
    return {.instant =
                [this](std::string_view text, std::int64_t time_ms, const QueryBounds& given) {
                  query = text;
                  start_ms = end_ms = time_ms;
                  bounds = given;
                  return answer;
                },
            .range =
                [this](std::string_view text, std::int64_t start, std::int64_t end, std::int64_t step,
                       const QueryBounds& given) {
                  query = text;
                  start_ms = start, end_ms = end, step_ms = step;
                  bounds = given;
                  return answer;
                },
            // A bare name; anything else is a mistake.
            .selector = [](std::string_view text) -> Result<std::vector<metrics::Matcher>> {
              if (text == "{") return invalid_argument("1:2: parse error: unexpected end of input");
              if (text == "{}") return std::vector{*metrics::Matcher::make("a", metrics::MatchOp::Regex, ".*")};
              return std::vector{*metrics::Matcher::make("__name__", metrics::MatchOp::Equal, std::string(text))};
            },
            .format = [](std::string_view text) { return Result<std::string>(std::string(text) + "!"); },
            .tree = [](std::string_view text) { return Result<std::string>("{\"t\":\"" + std::string(text) + "\"}"); },
            // "1" names no series.
            .selectors = [](std::string_view text) -> Result<std::vector<std::vector<metrics::Matcher>>> {
              if (text == "{") return invalid_argument("1:2: parse error: unexpected end of input");
              if (text == "1") return std::vector<std::vector<metrics::Matcher>>{};
              const auto name = metrics::Matcher::make("__name__", metrics::MatchOp::Equal, std::string(text));
              return std::vector<std::vector<metrics::Matcher>>{{*name}};
            }};
  }
};

class PrometheusApiTest : public testing::Test {
 protected:
  PrometheusApiTest() {
    std::string name = (std::filesystem::temp_directory_path() / "mamori_prom_api_XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    std::vector<std::string> warnings;
    store_ = *metrics::Store::open(dir_, {}, clock_, warnings);
    add({{"__name__", "up"}, {"job", "node"}}, 1000);
    add({{"__name__", "up"}, {"job", "mamori"}}, 5000);
    add({{"__name__", "load1"}, {"job", "node"}, {"zone", "a\"b"}}, 1000);
    sources_.alerts = [] { return std::string(R"({"alerts":[{"state":"firing"}]})"); };
    sources_.metadata = [] {
      return std::map<std::string, ingest::MetricMetadata>{{"load1", {"gauge", "1m load", ""}},
                                                           {"odd", {"untyped", "", ""}}};
    };
    sources_.flags = [] { return std::map<std::string, std::string>{{"data", "/d"}}; };
    serve();
  }
  /// Anew, with other sources_ and options_.
  void serve() {
    router_ = {};
    add_prometheus_routes(router_, *store_, clock_, fake_.engine(), sources_, options_);
  }
  ~PrometheusApiTest() override {
    store_.reset();
    std::filesystem::remove_all(dir_);
  }

  void add(std::vector<std::pair<std::string, std::string>> labels, std::int64_t time_ms) {
    const metrics::SeriesSample one{metrics::Labels(std::move(labels)), {time_ms, 1}};
    ASSERT_TRUE(store_->append({&one, 1}));
  }
  net::Response send(const std::string& method, const std::string& path, const std::string& query = "",
                     const net::Headers& headers = {}) {
    net::Request request{.method = method, .target = path, .path = path, .headers = headers};
    request.query = net::Params::parse(query);
    return router_.handle(request);
  }
  net::Response get(const std::string& path, const std::string& query = "") { return send("GET", path, query); }
  net::Response post(const std::string& path, const std::string& form) {
    net::Request request{.method = "POST", .target = path, .path = path};
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = form;
    return router_.handle(request);
  }
  void refuses(const std::string& path, const std::string& query, const std::string& text) {
    const auto response = get(path, query);
    EXPECT_EQ(response.status, 400) << path << "?" << query;
    EXPECT_THAT(response.body, testing::HasSubstr(R"("errorType":"bad_data")"));
    EXPECT_THAT(response.body, testing::HasSubstr(text));
  }

  std::string dir_;
  FakeClock clock_{Timestamp{Seconds{1'700'000'000}}};
  std::unique_ptr<metrics::Store> store_;
  FakeEngine fake_;
  PrometheusApiSources sources_;
  PrometheusApiOptions options_{.version = "3.0.0"};
  net::Router router_;
};

}  // namespace mamori::console
