#include "net/http_client.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <thread>

#include "net/http_server.h"
#include "net/tls_test_server.h"

namespace mamori::net {
namespace {

std::unique_ptr<HttpServer> start(std::function<Response(Request&)> handler) {
  return *HttpServer::start({.listen = "127.0.0.1:0"}, std::move(handler));
}
std::string url(const HttpServer& server, const std::string& target) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + target;
}

class TlsClientTest : public testing::Test {
 protected:
  Result<ClientResponse> ask(const TlsTestServer& server, const TlsSettings& settings) {
    const auto tls = make_tls_client(settings);
    if (!tls) return tls.error();
    return send({.url = server.url(), .tls = *tls}, Seconds{5});
  }
  const TestCertificate own_ = make_certificate("exporter.example");
  const TestCertificate other_ = make_certificate("other.example");
};

TEST_F(TlsClientTest, TrustsTheGivenCaAndAsksForTheGivenName) {
  const TlsTestServer server(own_);
  const auto reply = ask(server, {.ca = own_.cert, .server_name = "exporter.example"});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "a 1\n");
  EXPECT_EQ(ask(server, {.ca = own_.cert}).error().code, Code::Unavailable) << "127.0.0.1 is not in the certificate";
  EXPECT_EQ(ask(server, {.ca = other_.cert, .server_name = "exporter.example"}).error().code, Code::Unavailable);
  EXPECT_EQ(ask(server, {.server_name = "exporter.example"}).error().code, Code::Unavailable);
  EXPECT_FALSE(send({.url = server.url()}, Seconds{5}));
}

TEST_F(TlsClientTest, VerifiesNothingWhenToldSo) {
  const TlsTestServer server(own_);
  EXPECT_TRUE(ask(server, {.insecure_skip_verify = true}));
}

TEST_F(TlsClientTest, ShowsItsOwnCertificate) {
  const TlsTestServer server(own_, other_.cert);
  TlsSettings settings{.ca = own_.cert, .cert = other_.cert, .key = other_.key, .server_name = "exporter.example"};
  const auto reply = ask(server, settings);
  EXPECT_TRUE(reply) << reply.error().message;
  settings.cert = settings.key = "";
  EXPECT_FALSE(ask(server, settings));
}

TEST_F(TlsClientTest, KeepsToTheVersions) {
  TlsTestServer server(own_);
  server.use_only(TLS1_2_VERSION);
  EXPECT_TRUE(ask(server, {.insecure_skip_verify = true, .max_version = "TLS12"}));
  EXPECT_FALSE(ask(server, {.insecure_skip_verify = true, .min_version = "TLS13"}));
}

TEST_F(TlsClientTest, RefusesWhatIsNoPemAndAKeyThatDoesNotFit) {
  EXPECT_EQ(make_tls_client({.ca = "x"}).error().code, Code::InvalidArgument);
  EXPECT_EQ(make_tls_client({.cert = "x", .key = own_.key}).error().code, Code::InvalidArgument);
  EXPECT_EQ(make_tls_client({.cert = own_.cert, .key = "x"}).error().code, Code::InvalidArgument);
  EXPECT_EQ(make_tls_client({.cert = own_.cert, .key = other_.key}).error().code, Code::InvalidArgument);
}

TEST(HttpClient, FollowsRedirectsOnlyWhenToldAndOnlySoFar) {
  const auto server = start([](Request& request) {
    if (request.path == "/there")
      return Response::text(200, "found " + std::string(request.headers.get("Authorization")));
    return Response::redirect(302, request.path == "/loop" ? "/loop" : "there?x=1");
  });
  ClientRequest request{.url = url(*server, "/a")};
  request.headers.set("Authorization", "Bearer t");
  EXPECT_EQ(send(request, Seconds{5})->status, 302);
  request.redirects_max = 10;
  EXPECT_EQ(send(request, Seconds{5})->body, "found Bearer t");
  request.url = url(*server, "/loop");
  EXPECT_NE(send(request, Seconds{5}).error().message.find("stopped after 10 redirects"), std::string::npos);
}

TEST(HttpClient, TakesNoSecretToAnotherServer) {
  const auto other = start([](Request& request) {
    return Response::text(200, "[" + std::string(request.headers.get("Authorization")) + "]" +
                                   std::string(request.headers.get("Accept")));
  });
  const auto server = start([&](Request&) { return Response::redirect(307, url(*other, "/")); });
  ClientRequest request{.url = url(*server, "/"), .redirects_max = 1};
  request.headers.set("Authorization", "Bearer t");
  request.headers.set("Accept", "text/plain");
  EXPECT_EQ(send(request, Seconds{5})->body, "[]text/plain");
}

TEST(HttpClient, ResolvesLocations) {
  const auto from = *parse_url("https://h:8443/a/b?x=1");
  const auto check = [&](const char* location, const char* want) {
    EXPECT_EQ(resolve_location(from, location), want) << location;
  };
  check("http://o/x", "http://o/x");
  check("//o/x", "https://o/x");
  check("/x", "https://h:8443/x");
  check("x?y", "https://h:8443/a/x?y");
  check("?y", "https://h:8443/a/b?y");
}

TEST(HttpClient, AsksForGzipUnlessToldNotTo) {
  const auto server = start([](Request& request) {
    return Response::text(200, "[" + std::string(request.headers.get("Accept-Encoding")) + "]");
  });
  EXPECT_EQ(send({.url = url(*server, "/")}, Seconds{5})->body, "[gzip]");
  EXPECT_EQ(send({.url = url(*server, "/"), .accept_gzip = false}, Seconds{5})->body, "[]");
}

TEST(HttpClient, AsksAProxyForTheWholeUrl) {
  const auto proxy = start([](Request& request) {
    return Response::text(200, request.target + " " + std::string(request.headers.get("Host")) + " " +
                                   std::string(request.headers.get("Proxy-Authorization")));
  });
  const ClientRequest request{.url = "http://exporter.example:9100/metrics",
                              .proxy = {.url = url(*proxy, ""), .authorization = "Basic x"}};
  const auto reply = send(request, Seconds{5});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "http://exporter.example:9100/metrics exporter.example:9100 Basic x");
}

TEST(HttpClient, GivesUpWhenTold) {
  std::atomic<bool> over{false};
  const auto server = start([&](Request&) {
    while (!over) std::this_thread::sleep_for(Millis{1});
    return Response::text(200, "late");
  });
  const auto began = std::chrono::steady_clock::now();
  ClientRequest request{.url = url(*server, "/")};
  request.give_up = [&] { return std::chrono::steady_clock::now() - began > Millis{60}; };
  EXPECT_EQ(send(request, Seconds{60}).error().code, Code::DeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds{10});
  over = true;
}

}  // namespace
}  // namespace mamori::net
