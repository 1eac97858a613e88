#include "ingest/elasticsearch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/fake_store.h"

namespace mamori::ingest {
namespace {

using testing::HasSubstr;

class ElasticsearchTest : public testing::Test {
 protected:
  ElasticsearchTest() {
    router_.add("GET|HEAD", "/", elasticsearch_greeting);
    add_elasticsearch_routes(router_, bulk_, clock_);
  }
  net::Response send(std::string method, std::string target, std::string body = "",
                     std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::Request request{.method = std::move(method), .target = std::move(target), .body = std::move(body)};
    request.path = request.target.substr(0, request.target.find('?'));
    if (const auto at = request.target.find('?'); at != std::string::npos) {
      request.query = net::Params::parse(std::string_view(request.target).substr(at + 1));
    }
    for (const auto& [name, value] : headers) request.headers.set(name, value);
    return router_.handle(request);
  }

  FakeStore store_;
  FakeClock clock_{*parse_rfc3339("2026-01-31T12:00:00Z")};
  BulkIngest bulk_{store_, clock_, 1, {}, nullptr};
  net::Router router_;
};

const std::string kBody = "{\"index\":{\"_index\":\"payment_logs\"}}\n{\"status\":\"succeeded\"}\n";

TEST_F(ElasticsearchTest, CarriesTheProductHeaderOnEveryAnswer) {
  for (const auto* path : {"/", "/_license?human=false", "/_cluster/health", "/_cat/health", "/_nodes/http", "/_xpack",
                           "/payment_logs/_refresh", "/_index_template/filebeat"}) {
    const auto response = send("GET", path);
    EXPECT_EQ(response.headers.get("X-elastic-product"), "Elasticsearch") << path;
    EXPECT_EQ(response.status, std::string_view(path).starts_with("/_index_template") ? 404 : 200) << path;
  }
  EXPECT_EQ(send("POST", "/_bulk", kBody).headers.get("X-elastic-product"), "Elasticsearch");
  EXPECT_EQ(send("POST", "/_bulk", "").headers.get("X-elastic-product"), "Elasticsearch");
}

TEST_F(ElasticsearchTest, GreetsAsShippersExpect) {
  const auto response = send("GET", "/");
  EXPECT_THAT(response.body, HasSubstr(R"("number":"8.)"));
  EXPECT_THAT(response.body, HasSubstr(R"("build_flavor":"default")"));
  EXPECT_THAT(response.body, HasSubstr(R"("tagline":"You Know, for Search")"));
  EXPECT_EQ(send("HEAD", "/").status, 200);
}

// The headers are as the npm clients 8.x and 9.x, rsyslog 8.2302, Fluent Bit and Logstash send them.
TEST_F(ElasticsearchTest, SpeaksTheMediaTypeOfTheClient) {
  const auto check = [&](std::string content_type, std::string accept, std::string_view want) {
    const auto response = send("POST", "/_bulk", kBody, {{"Content-Type", content_type}, {"Accept", accept}});
    EXPECT_EQ(response.status, 200) << content_type;
    EXPECT_EQ(response.headers.get("Content-Type"), want) << content_type;
  };
  check("application/vnd.elasticsearch+x-ndjson; compatible-with=9",
        "application/vnd.elasticsearch+json; compatible-with=9,text/plain",
        "application/vnd.elasticsearch+json;compatible-with=9");
  check("application/vnd.elasticsearch+x-ndjson; compatible-with=8",
        "application/vnd.elasticsearch+json; compatible-with=8",
        "application/vnd.elasticsearch+json;compatible-with=8");
  check("application/vnd.elasticsearch+x-ndjson;compatible-with=7", "*/*",
        "application/vnd.elasticsearch+json;compatible-with=7");
  check("application/json; charset=utf-8", "", "application/json");
  check("application/x-ndjson", "*/*", "application/json");
}

TEST_F(ElasticsearchTest, RefusesWhatAPageOfAnotherSiteCouldPost) {
  for (const auto* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
    EXPECT_EQ(send("POST", "/_bulk", kBody, {{"Content-Type", type}}).status, 406) << type;
    EXPECT_EQ(send("POST", "/payment_logs/_doc", "{}", {{"Content-Type", type}}).status, 406) << type;
  }
  EXPECT_TRUE(store_.docs.empty());
}

TEST_F(ElasticsearchTest, TakesTheIndexFromThePathAndTheFilterFromTheQuery) {
  const auto response =
      send("POST", "/payment_logs/_bulk?filter_path=errors,items.*.error,items.*.status", "{\"create\":{}}\n{}\n");
  EXPECT_EQ(response.body, R"({"errors":false,"items":[{"create":{"status":201}}]})");
  EXPECT_EQ(store_.streams_of, std::vector<std::string>{"payment_logs"});
}

TEST_F(ElasticsearchTest, TakesSingleDocuments) {
  EXPECT_EQ(send("POST", "/payment_logs/_doc", "{}").status, 201);
  EXPECT_EQ(send("PUT", "/payment_logs/_doc/7", "{}").status, 201);
  EXPECT_EQ(send("PUT", "/payment_logs/_create/7", "{}").status, 201);
  EXPECT_EQ(send("POST", "/other/_doc", "{}").status, 400);
  EXPECT_EQ(store_.docs.size(), 3u);
}

TEST_F(ElasticsearchTest, AcknowledgesTheSetUpOfShippers) {
  EXPECT_EQ(send("HEAD", "/_index_template/logstash").status, 404);
  for (const auto* path : {"/_index_template/logstash", "/_template/x", "/_ilm/policy/x", "/_ingest/pipeline/x"}) {
    const auto response = send("PUT", path, "{}");
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body, R"({"acknowledged":true})") << path;
  }
}

TEST_F(ElasticsearchTest, TellsItsHealthInBothForms) {
  EXPECT_EQ(send("GET", "/_cat/health").body, "1769860800 12:00:00 mamori green 1 1 1 1 0 0 0 0 - 100.0%\n");
  EXPECT_THAT(send("GET", "/_cat/health?format=json").body, HasSubstr(R"("status":"green")"));
  EXPECT_THAT(send("GET", "/_cluster/health").body, HasSubstr(R"("status":"green")"));
}

TEST_F(ElasticsearchTest, SaysUnavailableSoThatShippersTryAgain) {
  store_.full = true;
  EXPECT_EQ(send("POST", "/_bulk", kBody).status, 503);
}

}  // namespace
}  // namespace mamori::ingest
