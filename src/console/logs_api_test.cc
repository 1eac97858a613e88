#include "console/logs_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace mamori::console {
namespace {

using testing::HasSubstr;
using testing::Not;

class LogsApiTest : public testing::Test {
 protected:
  LogsApiTest() {
    std::string name = (std::filesystem::temp_directory_path() / "mamori_logs_api_XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    std::vector<std::string> warnings;
    store_ = *logs::Store::open(dir_, {}, clock_, warnings);
    add("payment_logs", -30, R"({"status":"failed","n":1})");
    add("payment_logs", -20, R"({"status":"succeeded","n":2})");
    add("security_access", -10, R"({"request_path":"/x","n":3})");
    add("payment_logs", -7200, R"({"status":"failed","n":4})");
    add_logs_routes(router_, *store_, clock_, options_);
  }
  ~LogsApiTest() override {
    store_.reset();
    std::filesystem::remove_all(dir_);
  }
  void add(std::string_view stream, int seconds, std::string_view json) {
    const logs::Line line{stream, clock_.now() + Seconds{seconds}, json};
    ASSERT_TRUE(store_->append({&line, 1}));
  }
  net::Response get(std::string query) {
    net::Request request{.method = "GET", .target = "/api/mamori/v1/logs/query", .path = "/api/mamori/v1/logs/query"};
    request.query = net::Params::parse(query);
    return router_.handle(request);
  }
  net::Response post(std::string type, std::string body) {
    net::Request request{.method = "POST", .target = "/api/mamori/v1/logs/query", .path = "/api/mamori/v1/logs/query"};
    request.headers.set("Content-Type", type);
    request.body = std::move(body);
    return router_.handle(request);
  }

  std::string dir_;
  FakeClock clock_{*parse_rfc3339("2026-01-31T12:00:00Z")};
  LogsApiOptions options_{.lines_max = 50};
  std::unique_ptr<logs::Store> store_;
  net::Router router_;
};

TEST_F(LogsApiTest, GivesTheLinesOfTheLastHourNewestFirst) {
  EXPECT_EQ(
      get("").body,
      R"({"lines":[{"stream":"security_access","time":"2026-01-31T11:59:50.000Z","line":{"request_path":"/x","n":3}},)"
      R"({"stream":"payment_logs","time":"2026-01-31T11:59:40.000Z","line":{"status":"succeeded","n":2}},)"
      R"({"stream":"payment_logs","time":"2026-01-31T11:59:30.000Z","line":{"status":"failed","n":1}}],)"
      R"("truncated":false,"cost":{"lines":3,"bytes":80,"seconds":0},"warnings":[]})");
}

TEST_F(LogsApiTest, FiltersByQueryTimeAndStream) {
  const auto check = [&](std::string query, std::string_view want) {
    std::string numbers;
    const auto body = get(query).body;
    for (std::size_t at = body.find("\"n\":"); at != std::string::npos; at = body.find("\"n\":", at + 1))
      numbers += body[at + 4];
    EXPECT_EQ(numbers, want) << query;
  };
  check("query=status%3Afailed", "1");
  check("query=status:failed&start=0", "14");
  check("query=n:%3E1&stream=payment_*", "2");
  check("start=2026-01-31T11:59:40Z&end=2026-01-31T11:59:50Z", "2");
  check("start=1769853000&end=1769853700", "4");
}

TEST_F(LogsApiTest, SaysWhenThereIsMore) {
  EXPECT_THAT(get("limit=2").body, HasSubstr("\"truncated\":true"));
  EXPECT_THAT(get("limit=3").body, HasSubstr("\"truncated\":false"));
}

TEST_F(LogsApiTest, TakesAFormAndJson) {
  EXPECT_THAT(post("application/x-www-form-urlencoded", "query=status%3Afailed").body, HasSubstr("\"n\":1}"));
  const auto body =
      post("application/json", R"({"query":"status:failed","start":0,"end":"2026-01-31T11:00:00Z","limit":5})").body;
  EXPECT_THAT(body, HasSubstr("\"n\":4}"));
  EXPECT_THAT(body, Not(HasSubstr("\"n\":1}")));
  EXPECT_EQ(post("application/json", "[]").status, 400);
  EXPECT_EQ(post("application/json", R"({"query":[]})").status, 400);
}

TEST_F(LogsApiTest, ExplainsWhatItCannotUnderstand) {
  const auto check = [&](std::string query, std::string_view want) {
    const auto response = get(query);
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_THAT(response.body, HasSubstr(std::string(want))) << query;
    EXPECT_THAT(response.body, HasSubstr("\"code\":\"invalid_argument\"")) << query;
  };
  check("query=status:(", "\\n        ^");
  check("start=yesterday", "is not a time");
  check("limit=0", "no number from 1 to 50");
  check("limit=51", "no number from 1 to 50");
  check("limit=x", "no number from 1 to 50");
  check("start=2026-02-02T00:00:00Z", "start is after end");
  check("querry=x", "did you mean query?");
}

TEST_F(LogsApiTest, BoundsTheReply) {
  net::Router small;
  add_logs_routes(small, *store_, clock_, {.reply_bytes_max = 40});
  net::Request request{.method = "GET", .target = "/api/mamori/v1/logs/query", .path = "/api/mamori/v1/logs/query"};
  const auto body = small.handle(request).body;
  EXPECT_THAT(body, HasSubstr("\"n\":3"));
  EXPECT_THAT(body, Not(HasSubstr("\"n\":2")));
  EXPECT_THAT(body, HasSubstr("\"truncated\":true"));
}

}  // namespace
}  // namespace mamori::console
