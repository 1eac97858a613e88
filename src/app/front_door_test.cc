#include "app/front_door.h"

#include <gtest/gtest.h>

namespace mamori::app {
namespace {

int status(const char* method, const char* host, const char* site = "") {
  net::Request request{.method = method};
  request.headers.set("Host", host);
  if (*site != '\0') request.headers.set("Sec-Fetch-Site", site);
  const auto refused = refuse_at_the_door(request);
  return refused ? refused->status : 0;
}

TEST(FrontDoor, AnswersToAddressesAndLocalhostOnly) {
  for (const auto* host : {"127.0.0.1:9650", "localhost", "LOCALHOST:1", "[::1]:9650", ""})
    EXPECT_EQ(status("GET", host), 0) << host;
  for (const auto* host : {"evil.example", "127.0.0.1.evil.example:9650"}) EXPECT_EQ(status("GET", host), 421) << host;
}

int posted(const char* path, const char* site, const char* origin) {
  net::Request request{.method = "POST", .path = path};
  request.headers.set("Host", "127.0.0.1:9650");
  if (*site != '\0') request.headers.set("Sec-Fetch-Site", site);
  if (*origin != '\0') request.headers.set("Origin", origin);
  const auto refused = refuse_at_the_door(request);
  return refused ? refused->status : 0;
}

TEST(FrontDoor, RefusesChangesFromPagesOfOtherOrigins) {
  EXPECT_EQ(status("POST", "localhost", "cross-site"), 403);
  EXPECT_EQ(status("POST", "localhost", "same-site"), 403) << "a page on another port of this machine";
  EXPECT_EQ(status("GET", "localhost", "cross-site"), 0);
  EXPECT_EQ(status("OPTIONS", "localhost", "cross-site"), 0);
  EXPECT_EQ(status("POST", "localhost", "same-origin"), 0);
  EXPECT_EQ(status("POST", "localhost", "none"), 0);
  EXPECT_EQ(status("POST", "localhost"), 0);
}

TEST(FrontDoor, GoesByOriginWhereABrowserSaysNoMore) {
  EXPECT_EQ(posted("/-/reload", "", "http://127.0.0.1:9650"), 0);
  EXPECT_EQ(posted("/-/reload", "", "http://127.0.0.1:3000"), 403);
  EXPECT_EQ(posted("/-/reload", "", "null"), 403);
  EXPECT_EQ(posted("/-/reload", "same-origin", "https://mamori.example"), 0) << "behind a proxy that changes Host";
}

TEST(FrontDoor, LetsPagesOfOtherOriginsAsk) {
  EXPECT_EQ(posted("/api/v1/query", "cross-site", "http://grafana.example"), 0);
  EXPECT_EQ(posted("/api/v1/admin/tsdb/delete_series", "same-site", "http://127.0.0.1:3000"), 403);
  EXPECT_EQ(posted("/api/v1/write", "same-site", "http://127.0.0.1:3000"), 403);
}

}  // namespace
}  // namespace mamori::app
