#include "net/router.h"

#include <gtest/gtest.h>

namespace mamori::net {
namespace {

Response get(const Router& router, const std::string& target, const std::string& method = "GET") {
  Request request{.method = method, .target = target};
  return router.handle(request);
}

Handler says(std::string text) {
  return [text](const Request& request) {
    std::string body = text;
    for (const auto& value : request.path_params) body += "|" + value;
    return Response::text(200, body);
  };
}

TEST(Router, PrefersExactSegmentsOverParameters) {
  Router router;
  router.add("POST", "/{index}/_bulk", says("index bulk"));
  router.add("POST", "/_bulk", says("bulk"));
  router.add("GET", "/api/v1/label/{name}/values", says("label"));
  router.add("GET", "/ui/{rest...}", says("ui"));
  router.add("GET", "/ui/config", says("config"));
  EXPECT_EQ(get(router, "/_bulk", "POST").body, "bulk");
  EXPECT_EQ(get(router, "/payment_logs/_bulk?x=1", "POST").body, "index bulk|payment_logs");
  EXPECT_EQ(get(router, "/api/v1/label/a%2Fb/values").body, "label|a/b");
  EXPECT_EQ(get(router, "/ui/a/b.js").body, "ui|a/b.js");
  EXPECT_EQ(get(router, "/ui/").body, "ui|");
  EXPECT_EQ(get(router, "/ui/config").body, "config");
}

TEST(Router, Says404And405) {
  Router router;
  router.add("POST|PUT", "/-/reload", says("ok"));
  EXPECT_EQ(get(router, "/nothing").status, 404);
  const auto wrong = get(router, "/-/reload");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.get("Allow"), "POST, PUT");
}

TEST(Router, AnswersHeadWhereItAnswersGet) {
  Router router;
  router.add("GET", "/x", says("x"));
  EXPECT_EQ(get(router, "/x", "HEAD").status, 200);
}

}  // namespace
}  // namespace mamori::net
