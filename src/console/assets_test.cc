#include "console/assets.h"

#include <gtest/gtest.h>

#include <string>

#include "net/http.h"

namespace mamori::console {
namespace {

net::Request get(std::string path) {
  net::Request request;
  request.method = "GET";
  request.target = path;
  request.path = std::move(path);
  return request;
}

net::Response answer(net::Request request) {
  net::Router router;
  add_ui_routes(router);
  return router.handle(request);
}

/// The script that index.html loads, as a path: "/ui/assets/index-….js".
std::string script_path() {
  const auto page = answer(get("/ui/")).body;
  const auto begin = page.find("/ui/assets/");
  return page.substr(begin, page.find('"', begin) - begin);
}

TEST(Assets, ServesThePageAtItsRoot) {
  const auto response = answer(get("/ui/"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-cache");
  EXPECT_NE(response.body.find("<div id=\"app\">"), std::string::npos);
}

TEST(Assets, SendsTheBareNameToThePage) {
  const auto response = answer(get("/ui"));
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.headers.get("Location"), "/ui/");
}

TEST(Assets, SendsTheStoredGzipOnlyToThoseWhoTakeIt) {
  auto request = get("/ui/");
  const auto plain = answer(request);
  EXPECT_FALSE(plain.headers.has("Content-Encoding"));
  EXPECT_EQ(plain.headers.get("Vary"), "Accept-Encoding");
  const auto takes = [&](std::string_view accept) {
    request.headers.set("Accept-Encoding", accept);
    return answer(request).headers.get("Content-Encoding") == "gzip";
  };
  EXPECT_TRUE(takes("gzip"));
  EXPECT_TRUE(takes("br;q=1.0, gzip;q=0.8, *;q=0.1"));
  EXPECT_TRUE(takes("*"));
  EXPECT_FALSE(takes("gzip;q=0"));
  EXPECT_FALSE(takes("gzip;q=0.000"));
  EXPECT_FALSE(takes("br, identity"));
  request.headers.set("Accept-Encoding", "gzip");
  const auto unpacked = net::gunzip(answer(request).body, 1 << 20);
  ASSERT_TRUE(unpacked);
  EXPECT_EQ(*unpacked, plain.body);
}

TEST(Assets, AnswersNotModifiedToThoseWhoHaveIt) {
  auto request = get("/ui/");
  const std::string etag(answer(request).headers.get("ETag"));
  ASSERT_GT(etag.size(), 2U);
  const auto status = [&](const std::string& if_none_match) {
    request.headers.set("If-None-Match", if_none_match);
    return answer(request).status;
  };
  EXPECT_EQ(status(etag), 304);
  EXPECT_EQ(status("\"other\", W/" + etag), 304);
  EXPECT_EQ(status("*"), 304);
  EXPECT_EQ(status("\"other\""), 200);
  request.headers.set("If-None-Match", etag);
  EXPECT_TRUE(answer(request).body.empty());
}

TEST(Assets, LetsHashedFilesBeCachedForEver) {
  const auto response = answer(get(script_path()));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_NE(response.headers.get("Cache-Control").find("immutable"), std::string_view::npos);
}

TEST(Assets, GivesThePageForItsOwnAddressesAndNothingForUnknownFiles) {
  EXPECT_EQ(answer(get("/ui/payments/today")).headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(answer(get("/ui/assets/gone-1a2b.js")).status, 404);
  EXPECT_EQ(answer(get("/ui/../etc/passwd.txt")).status, 404);
}

TEST(Assets, ForbidsInlineScriptsFramesAndSniffing) {
  const auto response = answer(get("/ui/"));
  const auto policy = response.headers.get("Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'self'"), std::string_view::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string_view::npos);
  EXPECT_EQ(response.headers.get("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.headers.get("X-Frame-Options"), "DENY");
  EXPECT_EQ(response.headers.get("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(response.body.find("<style"), std::string::npos);
  EXPECT_EQ(response.body.find(" style="), std::string::npos);
  EXPECT_EQ(response.body.find("<script>"), std::string::npos);
}

TEST(Assets, NamesNoOtherServer) {
  const auto page = answer(get("/ui/")).body;
  EXPECT_EQ(page.find("http://"), std::string::npos);
  EXPECT_EQ(page.find("https://"), std::string::npos);
}

}  // namespace
}  // namespace mamori::console
