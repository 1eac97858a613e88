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

TEST(FrontDoor, RefusesChangesFromPagesOfOtherSites) {
  EXPECT_EQ(status("POST", "localhost", "cross-site"), 403);
  EXPECT_EQ(status("GET", "localhost", "cross-site"), 0);
  EXPECT_EQ(status("POST", "localhost", "same-origin"), 0);
  EXPECT_EQ(status("POST", "localhost"), 0);
}

}  // namespace
}  // namespace mamori::app
