#include "net/http_client.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "base/text.h"

namespace mamori::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using tcp = asio::ip::tcp;
using boost::system::error_code;

Error failure(const Url& url, std::string_view step, const error_code& error) {
  const std::string where = url.host + ":" + url.port;
  if (error == beast::error::timeout || error == asio::error::operation_aborted) {
    return {Code::DeadlineExceeded, where + ": no answer in time (while: " + std::string(step) + ")"};
  }
  if (error == http::error::body_limit) return {Code::TooLarge, where + ": the answer is larger than allowed"};
  return {Code::Unavailable, where + ": " + std::string(step) + " failed: " + error.message()};
}

http::request<http::string_body> to_message(const ClientRequest& request, const Url& url) {
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(url.target);
  message.version(11);
  const bool default_port = (url.scheme == "http" && url.port == "80") || (url.scheme == "https" && url.port == "443");
  const bool ipv6 = url.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + url.host + "]" : url.host;
  message.set(http::field::host, default_port ? host : host + ":" + url.port);
  message.set(http::field::user_agent, "mamori");
  message.set(http::field::accept_encoding, "gzip");
  message.keep_alive(false);
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = request.body;
  message.prepare_payload();
  return message;
}

template <typename Stream>
asio::awaitable<Result<ClientResponse>> exchange(Stream& stream, const ClientRequest& request, const Url& url) {
  auto message = to_message(request, url);
  error_code error;
  co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return failure(url, "sending", error);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(request.response_bytes_max);
  if (request.method == "HEAD") parser.skip(true);
  if (request.body_wanted) {
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  } else {
    parser.body_limit(boost::none);  // also counts what a Content-Length promises
    co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  }
  // A TLS peer that closes without a goodbye after the whole answer has done no harm.
  if (error && !(error == ssl::error::stream_truncated && parser.is_done()))
    co_return failure(url, "reading the answer", error);
  auto reply = parser.release();
  ClientResponse response;
  response.status = reply.result_int();
  for (const auto& field : reply) response.headers.add(field.name_string(), field.value());
  if (!request.body_wanted) co_return response;
  response.body = std::move(reply.body());
  if (equals_ignore_case(response.headers.get("Content-Encoding"), "gzip") && !response.body.empty()) {
    auto body = gunzip(response.body, request.response_bytes_max);
    if (!body) co_return body.error();
    response.body = *std::move(body);
  }
  co_return response;
}

ssl::context& tls_context() {
  static ssl::context context = [] {
    ssl::context made(ssl::context::tls_client);
    made.set_default_verify_paths();
    made.set_verify_mode(ssl::verify_peer);
    SSL_CTX_set_min_proto_version(made.native_handle(), TLS1_2_VERSION);
    return made;
  }();
  return context;
}

asio::awaitable<Result<ClientResponse>> send_on(asio::io_context& io, const ClientRequest& request, const Url& url,
                                                std::chrono::steady_clock::time_point until) {
  error_code error;
  tcp::resolver resolver(io);
  const auto addresses =
      co_await resolver.async_resolve(url.host, url.port, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return failure(url, "looking up the name", error);
  beast::tcp_stream stream(io);
  stream.expires_at(until);
  co_await stream.async_connect(addresses, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return failure(url, "connecting", error);
  if (url.scheme == "http") co_return co_await exchange(stream, request, url);

  beast::ssl_stream<beast::tcp_stream> secure(std::move(stream), tls_context());
  SSL_set_tlsext_host_name(secure.native_handle(), url.host.c_str());
  secure.set_verify_callback(ssl::host_name_verification(url.host));
  secure.next_layer().expires_at(until);
  co_await secure.async_handshake(ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return failure(url, "the TLS handshake", error);
  co_return co_await exchange(secure, request, url);
}

}  // namespace

Result<Url> parse_url(const std::string& text) {
  Url url;
  std::string_view rest = text;
  for (const std::string_view scheme : {"http", "https"}) {
    if (rest.starts_with(std::string(scheme) + "://")) url.scheme = scheme;
  }
  if (url.scheme.empty()) return invalid_argument("a URL must begin with http:// or https://");
  rest.remove_prefix(url.scheme.size() + 3);
  const auto end = rest.find_first_of("/?#");
  auto authority = rest.substr(0, end);
  url.target = end == std::string_view::npos ? "/" : std::string(rest.substr(end));
  url.target = url.target.substr(0, url.target.find('#'));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F)
      return invalid_argument("a URL must not hold spaces or control characters");
  }
  if (authority.find('@') != std::string_view::npos) {
    return invalid_argument("a URL must not hold a user name or password; use an Authorization header");
  }
  const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.host = bracket == std::string_view::npos ? std::string(authority.substr(0, colon))
                                               : std::string(authority.substr(1, bracket - 1));
  url.port = colon == std::string_view::npos ? (url.scheme == "https" ? "443" : "80")
                                             : std::string(authority.substr(colon + 1));
  if (url.host.empty()) return invalid_argument("the URL names no host");
  if (url.port.empty() || url.port.size() > 5 || url.port.find_first_not_of("0123456789") != std::string::npos ||
      std::stoi(url.port) > 65535) {
    return invalid_argument("the URL's port must be a number from 0 to 65535");
  }
  return url;
}

Result<ClientResponse> send(const ClientRequest& request, Millis deadline) {
  MAMORI_TRY(const auto url, parse_url(request.url));
  // One small io_context per call: the caller's thread drives it, and nothing outlives the call.
  asio::io_context io(1);
  Result<ClientResponse> result = Error{Code::DeadlineExceeded, url.host + ":" + url.port + ": no answer in time"};
  const auto until = std::chrono::steady_clock::now() + deadline;
  asio::co_spawn(io, send_on(io, request, url, until), [&](std::exception_ptr thrown, Result<ClientResponse> got) {
    if (!thrown) {
      result = std::move(got);
      return;
    }
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      result = Error{Code::Internal, url.host + ":" + url.port + ": " + e.what()};
    }
  });
  // Name look-up has no deadline of its own; the slack lets a timed-out stream report where it was.
  io.run_until(until + Millis{200});
  return result;
}

}  // namespace mamori::net
