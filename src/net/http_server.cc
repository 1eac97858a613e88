#include "net/http_server.h"

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "net/detail/workers.h"

namespace mamori::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

// Below this a gzip answer saves less than its own framing and time.
constexpr std::size_t kGzipBytesMin = 1024;
// Read at once where a request begins: its header and the first of its body, or the whole of a small one. The rest of a
// body is read to where it stays.
constexpr std::size_t kReadBytes = 16 << 10;
// How late a deadline may be noticed. Looking at all of them now and then costs less than a timer for each wait.
constexpr Millis kWatchEvery{1000};

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

bool has_body(const Request& request, const Response& response) {
  return request.method != "HEAD" && response.status >= 200 && response.status != 204 && response.status != 304;
}

/// Whether the peer has closed its side. Go's server, and with it Prometheus, takes that for a cancelled request, too.
bool has_ended(int socket) {
  char byte = 0;
  const auto read = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return read == 0 || (read < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/// The answer's bytes up to and with the empty line.
std::string head_of(const Response& response, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += std::string_view(http::obsolete_reason(static_cast<http::status>(response.status)));
  head += "\r\n";
  const auto field = [&](std::string_view name, std::string_view value) {
    head += name;
    head += ": ";
    // A line break in a value would begin another field, or the body.
    for (const char c : value) head += c == '\r' || c == '\n' ? ' ' : c;
    head += "\r\n";
  };
  for (const auto& [name, value] : response.headers) field(name, value);
  const bool never_a_body = response.status < 200 || response.status == 204 || response.status == 304;
  if (!never_a_body) field("Content-Length", std::to_string(response.body.size()));
  if (!keep_alive) field("Connection", "close");
  return head += "\r\n";
}

struct Session {
  explicit Session(tcp::socket connected) : socket(std::move(connected)) { buffer.reserve(kReadBytes); }
  void wait_at_most(Nanos time) { deadline = std::chrono::steady_clock::now() + time; }

  tcp::socket socket;
  beast::flat_buffer buffer;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  bool timed_out = false;
  bool busy = false;  // between a request's first byte and its answer's last
};

class BeastServer final : public HttpServer {
 public:
  BeastServer(HttpServerOptions options, std::function<Response(Request&)> handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        io_(1),
        keep_running_(io_.get_executor()),
        acceptor_(io_),
        workers_(options_.worker_threads) {}

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
    asio::co_spawn(io_, watch_deadlines(), asio::detached);
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
        if (!session->busy) session->socket.cancel(ignored);
      }
    });
    {
      std::unique_lock lock(mutex_);
      idle_.wait_for(lock, grace, [this] { return open_ == 0; });
    }
    // Whoever is still here has used up the grace. Workers are joined first: their coroutines resume on io_.
    workers_.stop();
    io_.stop();
    thread_.join();
  }

 private:
  using Head = http::request_parser<http::empty_body>;

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

  /// Cuts short what waits too long: its operation ends with an error, and the session finds timed_out set.
  asio::awaitable<void> watch_deadlines() {
    asio::steady_timer timer(io_);
    error_code error;
    while (!stopping_) {
      timer.expires_after(std::min<Nanos>({kWatchEvery, options_.idle_timeout / 4, options_.read_timeout / 4}));
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      const auto now = std::chrono::steady_clock::now();
      for (auto& session : sessions_) {
        if (session->deadline > now) continue;
        session->deadline = std::chrono::steady_clock::time_point::max();
        session->timed_out = true;
        session->socket.cancel(error);
      }
    }
  }

  /// Calls the handler on a worker thread and completes on the I/O thread.
  template <typename Token>
  auto answer(Request& request, Token&& token) {
    return asio::async_initiate<Token, void(Response)>(
        [this](auto done, Request* asked) {
          workers_.post([this, asked, done = std::move(done)]() mutable {
            auto response = answer_now(*asked);
            asio::post(io_, [done = std::move(done), response = std::move(response)]() mutable {
              std::move(done)(std::move(response));
            });
          });
        },
        token, &request);
  }

  asio::awaitable<void> serve_requests(Session& session) {
    error_code error;
    const auto endpoint = session.socket.remote_endpoint(error);
    const auto peer = endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
    while (!stopping_) {
      Head head;
      head.header_limit(static_cast<std::uint32_t>(options_.header_bytes_max));
      head.body_limit(options_.body_bytes_max);
      error = {};
      session.busy = session.buffer.size() > 0;
      session.wait_at_most(options_.idle_timeout);
      co_await http::async_read_header(session.socket, session.buffer, head,
                                       asio::redirect_error(asio::use_awaitable, error));
      session.wait_at_most(options_.read_timeout);
      Request request;
      bool keep_alive = false;
      if (!error) {
        session.busy = true;
        keep_alive = head.keep_alive();
        request = to_request(head.get(), peer);
        error = co_await read_body(session, head, request.body);
      }
      if (error) {
        co_await refuse(session, error);
        co_return;
      }
      ++requests_;
      // The socket stays open, and is not read, until the handler is done.
      request.client_is_gone = [handle = session.socket.native_handle()] { return has_ended(handle); };
      keep_alive = keep_alive && !stopping_;
      // The handler may block: it runs among the workers, this coroutine goes on when it is done.
      session.deadline = std::chrono::steady_clock::time_point::max();
      const Response response = co_await answer(request, asio::use_awaitable);
      if (response.status >= 500) ++responses_5xx_;
      session.wait_at_most(options_.read_timeout);
      error = co_await write(session, response, has_body(request, response), keep_alive);
      if (error) co_return;
      if (!keep_alive) {
        session.socket.shutdown(tcp::socket::shutdown_send, error);
        co_return;
      }
    }
  }

  /// Straight to where it stays, when its length is known.
  asio::awaitable<error_code> read_body(Session& session, Head& head, std::string& body) {
    error_code error;
    if (head.get()[http::field::expect] == "100-continue") {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(session.socket, asio::buffer(kContinue),
                                 asio::redirect_error(asio::use_awaitable, error));
    }
    if (head.chunked()) {
      http::request_parser<http::string_body> whole(std::move(head));
      co_await http::async_read(session.socket, session.buffer, whole,
                                asio::redirect_error(asio::use_awaitable, error));
      body = std::move(whole.get().body());
      co_return error;
    }
    const auto length = static_cast<std::size_t>(head.content_length().value_or(0));
    const auto here = std::min(length, session.buffer.size());
    // Not filled with zeros first: a length that is announced and never sent costs no memory.
    body.resize_and_overwrite(length, [&](char* bytes, std::size_t) {
      std::memcpy(bytes, session.buffer.data().data(), here);
      return length;
    });
    session.buffer.consume(here);
    if (here < length) {
      co_await asio::async_read(session.socket, asio::buffer(body.data() + here, length - here),
                                asio::redirect_error(asio::use_awaitable, error));
    }
    co_return error;
  }

  static asio::awaitable<error_code> write(Session& session, const Response& response, bool with_body,
                                           bool keep_alive) {
    error_code error;
    const auto head = head_of(response, keep_alive);
    const std::array<asio::const_buffer, 2> parts = {asio::buffer(head),
                                                     with_body ? asio::buffer(response.body) : asio::const_buffer()};
    co_await asio::async_write(session.socket, parts, asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  static Request to_request(const http::request_header<>& head, const std::string& peer) {
    Request request;
    request.method = head.method_string();
    request.target = head.target();
    const auto question = request.target.find('?');
    request.path = percent_decode(std::string_view(request.target).substr(0, question), false);
    if (question != std::string::npos)
      request.query = Params::parse(std::string_view(request.target).substr(question + 1));
    for (const auto& field : head) request.headers.add(field.name_string(), field.value());
    request.peer = peer;
    return request;
  }

  Response answer_now(Request& request) {
    try {
      return handle(request);
    } catch (const std::exception& e) {
      log_error("a request failed by an exception", {{"path", request.path}, {"error", e.what()}});
      return Response::text(500, "internal error; the server's log says more\n");
    }
  }

  /// Undoes the body's encoding, calls the handler, encodes its answer.
  Response handle(Request& request) {
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
    Response response = handler_(request);
    if (response.body.size() >= kGzipBytesMin && !response.headers.has("Content-Encoding") && accepts_gzip(request)) {
      response.body = gzip(response.body);
      response.headers.set("Content-Encoding", "gzip");
      response.headers.add("Vary", "Accept-Encoding");
    }
    return response;
  }

  /// Answers a request that could not be read, where it makes sense, and lets the peer read the answer: a close with
  /// unread bytes in the socket would be a reset that destroys it.
  asio::awaitable<void> refuse(Session& session, error_code error) {
    Response response;
    if (error == http::error::body_limit) {
      ++refused_too_large_;
      response = Response::text(
          413, "the body is larger than " + std::to_string(options_.body_bytes_max) + " bytes; send it in parts\n");
    } else if (error == http::error::header_limit) {
      ++bad_requests_;
      response =
          Response::text(431, "the header is larger than " + std::to_string(options_.header_bytes_max) + " bytes\n");
    } else if (session.timed_out && (session.busy || session.buffer.size() > 0)) {
      response = Response::text(408, "the request did not arrive in time\n");
    } else if (error.category() == http::make_error_code(http::error::end_of_stream).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      ++bad_requests_;
      response = Response::text(400, "not a well-formed HTTP/1.1 request: " + error.message() + "\n");
    } else {
      co_return;
    }
    session.wait_at_most(Seconds{5});
    error = co_await write(session, response, /*with_body=*/true, /*keep_alive=*/false);
    if (error) co_return;
    session.socket.shutdown(tcp::socket::shutdown_send, error);
    std::array<char, 16 << 10> discard;
    for (std::size_t read = 0; !error && read < options_.body_bytes_max;) {
      read += co_await session.socket.async_read_some(asio::buffer(discard),
                                                      asio::redirect_error(asio::use_awaitable, error));
    }
  }

  const HttpServerOptions options_;
  const std::function<Response(Request&)> handler_;
  asio::io_context io_;  // outlives the sessions' sockets and what the workers hold
  asio::executor_work_guard<asio::io_context::executor_type> keep_running_;  // while only workers are at work
  tcp::acceptor acceptor_;
  std::list<std::unique_ptr<Session>> sessions_;  // touched on the I/O thread only
  Workers workers_;
  std::thread thread_;
  std::uint16_t port_ = 0;
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
