#include "net/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "net/http_client.h"

namespace mamori::net {
namespace {

std::unique_ptr<HttpServer> start(std::function<Response(Request&)> handler, std::size_t body_bytes_max = 1 << 20) {
  auto server = HttpServer::start({.listen = "127.0.0.1:0", .body_bytes_max = body_bytes_max}, std::move(handler));
  EXPECT_TRUE(server) << (server ? "" : server.error().message);
  return *std::move(server);
}

std::string url(const HttpServer& server, const std::string& target) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + target;
}

/// Sends raw bytes and returns all that comes back until the server closes.
std::string raw_exchange(std::uint16_t port, const std::string& bytes) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  std::thread writer([&] {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const auto n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
  });
  std::string got;
  char buffer[4096];
  for (ssize_t n; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) got.append(buffer, static_cast<std::size_t>(n));
  writer.join();
  ::close(fd);
  return got;
}

TEST(HttpServer, AnswersWithWhatTheHandlerSays) {
  const auto server = start([](Request& request) {
    EXPECT_EQ(request.path, "/a b");
    EXPECT_EQ(request.query.get("x"), "1");
    return Response::json(201, "{\"body\":\"" + request.body + "\"}");
  });
  const auto reply = send({.method = "POST", .url = url(*server, "/a%20b?x=1"), .body = "hello"}, Seconds{5});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 201);
  EXPECT_EQ(reply->headers.get("content-type"), "application/json");
  EXPECT_EQ(reply->body, R"({"body":"hello"})");
}

TEST(HttpServer, TellsTheHandlerThatTheClientIsGone) {
  std::promise<bool> gone_at_first, gone_at_last;
  const auto server = start([&](Request& request) {
    gone_at_first.set_value(request.client_is_gone());
    for (int i = 0; i < 1000 && !request.client_is_gone(); ++i) std::this_thread::sleep_for(Millis{5});
    gone_at_last.set_value(request.client_is_gone());
    return Response::text(200, "nobody reads this");
  });
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::string request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(::send(fd, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  EXPECT_FALSE(gone_at_first.get_future().get());
  ::close(fd);
  EXPECT_TRUE(gone_at_last.get_future().get());
}

TEST(HttpServer, UndoesGzipOfTheRequestAndGzipsLongAnswers) {
  const auto server = start([](Request& request) { return Response::text(200, request.body); });
  const std::string text(5000, 'a');
  ClientRequest request{.method = "POST", .url = url(*server, "/"), .body = gzip(text)};
  request.headers.set("Content-Encoding", "gzip");
  const auto reply = send(request, Seconds{5});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, text);
  EXPECT_EQ(reply->headers.get("Content-Encoding"), "gzip");
}

TEST(HttpClient, TakesTheStatusOfAnAnswerOfAnyLengthWhenItsBodyIsNotWanted) {
  const auto server = start([](Request&) { return Response::text(202, std::string(3u << 20, 'x')); });
  const auto reply = send({.url = url(*server, "/"), .response_bytes_max = 1000, .body_wanted = false}, Seconds{5});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 202);
  EXPECT_TRUE(reply->body.empty());
}

TEST(HttpServer, RefusesABodyOverTheBoundWith413) {
  const auto server = start([](Request&) { return Response::text(200, "ok"); }, 1000);
  const auto plain = send({.method = "POST", .url = url(*server, "/"), .body = std::string(200'000, 'x')}, Seconds{5});
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->status, 413);
  ClientRequest bomb{.method = "POST", .url = url(*server, "/"), .body = gzip(std::string(100'000, 'x'))};
  bomb.headers.set("Content-Encoding", "gzip");
  const auto packed = send(bomb, Seconds{5});
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->status, 413);
}

TEST(HttpServer, KeepsTheConnectionForSeveralRequests) {
  const auto server = start([](Request& request) { return Response::text(200, request.path); });
  const auto got = raw_exchange(
      server->port(), "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("/1"), std::string::npos);
  EXPECT_NE(got.find("/2"), std::string::npos);
}

TEST(HttpServer, AnswersMalformedRequestsWith400) {
  const auto server = start([](Request&) { return Response::text(200, "ok"); });
  EXPECT_TRUE(raw_exchange(server->port(), "NONSENSE\r\n\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(raw_exchange(server->port(), "GET / HTTP/1.1\r\nX: " + std::string(70'000, 'y') + "\r\n\r\n")
                  .starts_with("HTTP/1.1 431"));
}

TEST(HttpServer, ReadsBodiesOfAnyLengthWholeHoweverTheyArrive) {
  const auto server = start([](Request& request) {
    const bool whole = request.body.find_first_not_of('x') == std::string::npos;
    return Response::text(200, "<" + std::to_string(request.body.size()) + (whole ? ">" : "!"));
  });
  std::string requests, chunked;
  // Around the size of the buffer that a request's first bytes are read to.
  for (const std::size_t size : {0, 1, 16'000, 16'384, 16'385, 40'000, 500'000}) {
    requests +=
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
  }
  for (int i = 0; i < 20; ++i) chunked += "3e8\r\n" + std::string(1000, 'x') + "\r\n";
  requests += "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked + "0\r\n\r\n";
  requests += "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const auto got = raw_exchange(server->port(), requests);
  std::size_t at = 0;
  for (const auto* want : {"<0>", "<1>", "<16000>", "<16384>", "<16385>", "<40000>", "<500000>", "<20000>", "<0>"}) {
    at = got.find(want, at);
    ASSERT_NE(at, std::string::npos) << want << " in order in " << got;
  }
}

TEST(HttpServer, BoundsAChunkedBodyToo) {
  const auto server = start([](Request&) { return Response::text(200, "ok"); }, 1000);
  std::string request = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20; ++i) request += "64\r\n" + std::string(100, 'x') + "\r\n";
  EXPECT_TRUE(raw_exchange(server->port(), request + "0\r\n\r\n").starts_with("HTTP/1.1 413"));
}

TEST(HttpServer, EndsWhatDoesNotArriveInTime) {
  auto server = *HttpServer::start({.listen = "127.0.0.1:0", .idle_timeout = Seconds{1}, .read_timeout = Seconds{1}},
                                   [](Request&) { return Response::text(200, "ok"); });
  EXPECT_TRUE(
      raw_exchange(server->port(), "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhi").starts_with("HTTP/1.1 408"));
  EXPECT_TRUE(raw_exchange(server->port(), "POST / HTTP/1.1\r\nContent-").starts_with("HTTP/1.1 408"));
  EXPECT_EQ(raw_exchange(server->port(), ""), "") << "an idle connection is closed without a word";
}

TEST(HttpServer, GivesASlowHandlerItsTime) {
  auto server = *HttpServer::start({.listen = "127.0.0.1:0", .idle_timeout = Seconds{1}, .read_timeout = Seconds{1}},
                                   [](Request&) {
                                     std::this_thread::sleep_for(Millis{1600});
                                     return Response::text(200, "slow");
                                   });
  const auto got = raw_exchange(server->port(), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("slow"), std::string::npos);
}

TEST(HttpServer, LetsNoHeaderValueBeginAnother) {
  const auto server = start([](Request& request) {
    Response response = Response::text(200, "ok");
    response.headers.set("X-Echo", request.query.get_or("x", ""));
    return response;
  });
  const auto reply = send({.url = url(*server, "/?x=a%0d%0aX-Other:%20b")}, Seconds{5});
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->headers.has("X-Other"));
  EXPECT_EQ(reply->headers.get("X-Echo"), "a  X-Other: b");
}

TEST(HttpServer, SendsNoBodyWhereThereIsNone) {
  const auto server = start([](Request& request) { return Response::text(request.path == "/no" ? 204 : 200, "body"); });
  const auto got = raw_exchange(
      server->port(), "HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /no HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(got.find("body"), std::string::npos) << got;
  EXPECT_NE(got.find("Content-Length: 4"), std::string::npos) << "of what GET would have sent";
  EXPECT_NE(got.find("HTTP/1.1 204 No Content"), std::string::npos);
}

TEST(HttpServer, SendsContinueWhenAsked) {
  const auto server = start([](Request& request) { return Response::text(200, request.body); });
  const auto got = raw_exchange(
      server->port(),
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 100 Continue")) << got;
  EXPECT_NE(got.find("200 OK"), std::string::npos);
}

TEST(HttpServer, TurnsAThrownExceptionInto500) {
  const auto server = start([](Request&) -> Response { throw std::logic_error("bug"); });
  const auto reply = send({.url = url(*server, "/")}, Seconds{5});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 500);
  EXPECT_EQ(server->counters().responses_5xx, 1u);
}

TEST(HttpServer, LetsARequestUnderWayFinishWhenItStops) {
  std::promise<void> entered;
  auto server = start([&](Request&) {
    entered.set_value();
    std::this_thread::sleep_for(Millis{200});
    return Response::text(200, "done");
  });
  auto reply = std::async(std::launch::async, [&] { return send({.url = url(*server, "/")}, Seconds{5}); });
  entered.get_future().wait();
  server->stop(Seconds{5});
  const auto got = reply.get();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "done");
}

TEST(HttpServer, NamesTheRemedyWhenThePortIsInUse) {
  const auto server = start([](Request&) { return Response::text(200, "ok"); });
  const auto second =
      HttpServer::start({.listen = "127.0.0.1:" + std::to_string(server->port())}, [](Request&) { return Response{}; });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::Unavailable);
  EXPECT_NE(second.error().message.find("--listen"), std::string::npos);
}

TEST(HttpClient, GivesUpAtItsDeadline) {
  const auto server = start([](Request&) {
    std::this_thread::sleep_for(Millis{500});
    return Response::text(200, "late");
  });
  const auto reply = send({.url = url(*server, "/")}, Millis{100});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::DeadlineExceeded);
}

TEST(HttpClient, SaysUnavailableWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    port = start([](Request&) { return Response{}; })->port();
  }
  const auto reply = send({.url = "http://127.0.0.1:" + std::to_string(port) + "/secret-path"}, Seconds{2});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::Unavailable);
  EXPECT_EQ(reply.error().message.find("secret"), std::string::npos);
}

TEST(IsLoopback, KnowsTheLoopbackRanges) {
  EXPECT_TRUE(is_loopback("127.0.0.1:1"));
  EXPECT_TRUE(is_loopback("127.9.9.9:0"));
  EXPECT_TRUE(is_loopback("[::1]:80"));
  EXPECT_TRUE(is_loopback("localhost:80"));
  EXPECT_FALSE(is_loopback("0.0.0.0:80"));
  EXPECT_FALSE(is_loopback("example.com:80"));
  EXPECT_FALSE(is_loopback("127.0.0.1"));
}

}  // namespace
}  // namespace mamori::net
