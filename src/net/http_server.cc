#include "net/http_server.h"

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/text.h"

namespace mamori::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

// Below this a gzip answer saves less than its own framing and time.
constexpr std::size_t kGzipBytesMin = 1024;

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

Result<Address> parse_address(const std::string& listen) {
  const auto bad = [&] {
    return invalid_argument("\"" + listen +
                            "\" is not an address to listen on: write ADDRESS:PORT, such as 127.0.0.1:9650");
  };
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos || colon + 1 == listen.size() || listen.size() - colon > 6) return bad();
  Address address{.host = listen.substr(0, colon)};
  int port = 0;
  for (const char c : listen.substr(colon + 1)) {
    if (c < '0' || c > '9') return bad();
    port = port * 10 + (c - '0');
  }
  if (port > 65535) return bad();
  address.port = static_cast<std::uint16_t>(port);
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (address.host == "localhost") address.host = "127.0.0.1";
  return address;
}

bool accepts_gzip(const Request& request) {
  for (const auto part : split(request.headers.get("Accept-Encoding"), ',')) {
    const auto coding = trim(part.substr(0, part.find(';')));
    if (coding != "gzip" && coding != "*") continue;
    const auto q = part.find("q=");
    return q == std::string_view::npos || trim(part.substr(q + 2)).find_first_not_of("0.") != std::string_view::npos;
  }
  return false;
}

http::response<http::string_body> to_beast(const Request& request, Response&& response, bool keep_alive) {
  http::response<http::string_body> message{static_cast<http::status>(response.status), 11};
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  message.keep_alive(keep_alive);
  const auto body_size = response.body.size();
  if (request.method != "HEAD") message.body() = std::move(response.body);
  const bool no_body = response.status == 204 || response.status == 304 || response.status < 200;
  if (!no_body) message.content_length(body_size);
  return message;
}

class BeastServer;

struct Session {
  explicit Session(tcp::socket socket) : stream(std::move(socket)) {}
  beast::tcp_stream stream;
  bool busy = false;  // between a request's first byte and its answer's last
};

class BeastServer final : public HttpServer {
 public:
  BeastServer(HttpServerOptions options, std::function<Response(Request&)> handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        io_(1),
        acceptor_(io_),
        workers_(static_cast<std::size_t>(options_.worker_threads)) {}

  ~BeastServer() override { stop(Millis{0}); }

  Result<void> bind() {
    MAMORI_TRY(const auto address, parse_address(options_.listen));
    error_code error;
    const auto ip = asio::ip::make_address(address.host, error);
    if (error) {
      return invalid_argument("\"" + address.host +
                              "\" is not an IP address: write ADDRESS:PORT, such as 127.0.0.1:9650");
    }
    const tcp::endpoint endpoint{ip, address.port};
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use) {
      return Error{Code::Unavailable, options_.listen +
                                          " is in use by another program: stop it, or choose another address with "
                                          "--listen (port 0 takes a free one)"};
    }
    if (error) return Error{Code::Io, "cannot listen on " + options_.listen + ": " + error.message()};
    port_ = acceptor_.local_endpoint().port();
    return {};
  }

  void run() {
    asio::co_spawn(io_, accept_loop(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }

  std::uint16_t port() const override { return port_; }

  HttpServerCounters counters() const override {
    return {.requests = requests_,
            .responses_5xx = responses_5xx_,
            .refused_too_large = refused_too_large_,
            .refused_connections = refused_connections_,
            .bad_requests = bad_requests_,
            .connections_open = open_};
  }

  void stop(Millis grace) override {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
      stopping_ = true;
      error_code ignored;
      acceptor_.close(ignored);
      for (auto& session : sessions_) {
        if (!session->busy) session->stream.cancel();
      }
    });
    {
      std::unique_lock lock(mutex_);
      idle_.wait_for(lock, grace, [this] { return open_ == 0; });
    }
    // Whoever is still here has used up the grace. Workers are joined first: their coroutines resume on io_.
    workers_.stop();
    workers_.join();
    io_.stop();
    thread_.join();
  }

 private:
  asio::awaitable<void> accept_loop() {
    while (!stopping_) {
      error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || stopping_) co_return;
      if (error) {
        // Out of file descriptors, most likely: wait for some to come free instead of spinning.
        log_warn("cannot accept a connection", {{"error", error.message()}});
        asio::steady_timer timer(io_, Millis{100});
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      socket.set_option(tcp::no_delay(true), error);
      if (open_ >= options_.connections_max) {
        ++refused_connections_;
        continue;  // the socket closes here
      }
      asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    ++open_;
    const auto session = sessions_.insert(sessions_.end(), std::make_unique<Session>(std::move(socket)));
    try {
      co_await serve_requests(**session);
    } catch (const std::exception& e) {
      log_warn("a connection ended by an exception", {{"error", e.what()}});
    }
    sessions_.erase(session);
    --open_;
    const std::lock_guard lock(mutex_);
    idle_.notify_all();
  }

  asio::awaitable<void> serve_requests(Session& session) {
    error_code peer_error;
    const auto peer = session.stream.socket().remote_endpoint(peer_error);
    beast::flat_buffer buffer;
    while (!stopping_) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(static_cast<std::uint32_t>(options_.header_bytes_max));
      parser.body_limit(options_.body_bytes_max);
      error_code error;
      session.busy = buffer.size() > 0;
      session.stream.expires_after(options_.idle_timeout);
      co_await http::async_read_header(session.stream, buffer, parser,
                                       asio::redirect_error(asio::use_awaitable, error));
      session.busy = true;
      session.stream.expires_after(options_.read_timeout);
      if (!error && parser.get()[http::field::expect] == "100-continue") co_await write_continue(session);
      if (!error) {
        co_await http::async_read(session.stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      }
      if (error) {
        co_await refuse(session, buffer, error);
        co_return;
      }
      ++requests_;
      auto message = parser.release();
      const bool keep_alive = message.keep_alive() && !stopping_;
      Request request = to_request(message, peer_error ? tcp::endpoint{} : peer);
      // The handler may block: it runs among the workers, this coroutine goes on when it is done.
      auto work = asio::co_spawn(workers_, answer(request), asio::use_awaitable);
      session.stream.expires_never();
      Response response = co_await std::move(work);
      if (response.status >= 500) ++responses_5xx_;
      auto reply = to_beast(request, std::move(response), keep_alive);
      session.stream.expires_after(options_.read_timeout);
      http::response_serializer<http::string_body> serializer{reply};
      if (request.method == "HEAD") {
        co_await http::async_write_header(session.stream, serializer, asio::redirect_error(asio::use_awaitable, error));
      } else {
        co_await http::async_write(session.stream, serializer, asio::redirect_error(asio::use_awaitable, error));
      }
      if (error) co_return;
      if (!keep_alive) {
        session.stream.socket().shutdown(tcp::socket::shutdown_send, error);
        co_return;
      }
    }
  }

  static Request to_request(http::request<http::string_body>& message, const tcp::endpoint& peer) {
    Request request;
    request.method = message.method_string();
    request.target = message.target();
    const auto question = request.target.find('?');
    request.path = percent_decode(std::string_view(request.target).substr(0, question), false);
    if (question != std::string::npos)
      request.query = Params::parse(std::string_view(request.target).substr(question + 1));
    for (const auto& field : message) request.headers.add(field.name_string(), field.value());
    request.body = std::move(message.body());
    request.peer = peer.address().to_string() + ":" + std::to_string(peer.port());
    return request;
  }

  /// Undoes the body's encoding, calls the handler, encodes its answer.
  asio::awaitable<Response> answer(Request& request) { co_return answer_now(request); }

  Response answer_now(Request& request) {
    const auto encoding = to_lower(request.headers.get("Content-Encoding"));
    if (encoding == "gzip" || encoding == "x-gzip") {
      auto body = gunzip(request.body, options_.body_bytes_max);
      if (!body) {
        if (body.error().code == Code::TooLarge) ++refused_too_large_;
        return Response::text(http_status(body.error().code), body.error().message + "\n");
      }
      request.body = *std::move(body);
    } else if (!encoding.empty() && encoding != "identity" && encoding != "snappy") {
      // snappy stays for remote write's own reader.
      return Response::text(415, "Content-Encoding: " + encoding + " is not understood; send gzip or none\n");
    }
    Response response;
    try {
      response = handler_(request);
    } catch (const std::exception& e) {
      log_error("a request failed by an exception", {{"path", request.path}, {"error", e.what()}});
      response = Response::text(500, "internal error; the server's log says more\n");
    }
    if (response.body.size() >= kGzipBytesMin && !response.headers.has("Content-Encoding") && accepts_gzip(request)) {
      response.body = gzip(response.body);
      response.headers.set("Content-Encoding", "gzip");
      response.headers.add("Vary", "Accept-Encoding");
    }
    return response;
  }

  static asio::awaitable<void> write_continue(Session& session) {
    http::response<http::empty_body> message{http::status::continue_, 11};
    error_code error;
    co_await http::async_write(session.stream, message, asio::redirect_error(asio::use_awaitable, error));
  }

  /// Answers a request that could not be read, where it makes sense, and lets the peer read the answer: a close with
  /// unread bytes in the socket would be a reset that destroys it.
  asio::awaitable<void> refuse(Session& session, beast::flat_buffer& buffer, error_code error) {
    Response response;
    if (error == http::error::body_limit) {
      ++refused_too_large_;
      response = Response::text(
          413, "the body is larger than " + std::to_string(options_.body_bytes_max) + " bytes; send it in parts\n");
    } else if (error == http::error::header_limit) {
      ++bad_requests_;
      response =
          Response::text(431, "the header is larger than " + std::to_string(options_.header_bytes_max) + " bytes\n");
    } else if (error == beast::error::timeout && buffer.size() > 0) {
      response = Response::text(408, "the request did not arrive in time\n");
    } else if (error.category() == http::make_error_code(http::error::end_of_stream).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      ++bad_requests_;
      response = Response::text(400, "not a well-formed HTTP/1.1 request: " + error.message() + "\n");
    } else {
      co_return;
    }
    auto reply = to_beast(Request{}, std::move(response), false);
    session.stream.expires_after(Seconds{5});
    co_await http::async_write(session.stream, reply, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    session.stream.socket().shutdown(tcp::socket::shutdown_send, error);
    std::array<char, 16 << 10> discard;
    for (std::size_t read = 0; !error && read < options_.body_bytes_max;) {
      read += co_await session.stream.async_read_some(asio::buffer(discard),
                                                      asio::redirect_error(asio::use_awaitable, error));
    }
  }

  const HttpServerOptions options_;
  const std::function<Response(Request&)> handler_;
  asio::io_context io_;
  tcp::acceptor acceptor_;
  asio::thread_pool workers_;
  std::thread thread_;
  std::uint16_t port_ = 0;
  std::list<std::unique_ptr<Session>> sessions_;  // touched on the I/O thread only
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable idle_;
  std::atomic<std::uint64_t> requests_{0}, responses_5xx_{0}, refused_too_large_{0}, refused_connections_{0},
      bad_requests_{0}, open_{0};
};

}  // namespace

bool is_loopback(const std::string& listen) {
  const auto address = parse_address(listen);
  if (!address) return false;
  error_code error;
  const auto ip = asio::ip::make_address(address->host, error);
  return !error && ip.is_loopback();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options,
                                                      std::function<Response(Request&)> handler) {
  auto server = std::make_unique<BeastServer>(std::move(options), std::move(handler));
  MAMORI_TRY_VOID(server->bind());
  server->run();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace mamori::net
