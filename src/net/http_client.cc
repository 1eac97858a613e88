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

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "net/name_lookup.h"

namespace mamori::net {
namespace {

constexpr std::size_t kReadBytes = 64u << 10;

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using Until = std::chrono::steady_clock::time_point;

Error failure(const Url& url, std::string_view step, const error_code& error) {
  const std::string where = url.host + ":" + url.port;
  if (error == beast::error::timeout || error == asio::error::operation_aborted) {
    return {Code::DeadlineExceeded, where + ": no answer in time (while: " + std::string(step) + ")"};
  }
  if (error == http::error::body_limit) return {Code::TooLarge, where + ": the answer is larger than allowed"};
  return {Code::Unavailable, where + ": " + std::string(step) + " failed: " + error.message()};
}

/// As in a Host header.
std::string authority_of(const Url& url, bool always_port = false) {
  const bool default_port = (url.scheme == "http" && url.port == "80") || (url.scheme == "https" && url.port == "443");
  const bool ipv6 = url.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + url.host + "]" : url.host;
  return default_port && !always_port ? host : host + ":" + url.port;
}

http::request<http::string_body> to_message(const ClientRequest& request, const Url& url) {
  http::request<http::string_body> message;
  const bool by_proxy = !request.proxy.url.empty() && url.scheme == "http";
  message.method_string(request.method);
  message.target(by_proxy ? "http://" + authority_of(url) + url.target : url.target);
  message.version(11);
  message.set(http::field::host, authority_of(url));
  message.set(http::field::user_agent, "mamori");
  if (request.accept_gzip) message.set(http::field::accept_encoding, "gzip");
  if (by_proxy && !request.proxy.authorization.empty()) {
    message.set(http::field::proxy_authorization, request.proxy.authorization);
  }
  message.keep_alive(false);
  for (const auto& [name, value] : request.headers) message.erase(name);
  for (const auto& [name, value] : request.headers) message.insert(name, value);  // a name may come more than once
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
  buffer.reserve(kReadBytes);  // else Beast reads 512 bytes at a time, each with a timer
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

using BioOwner = std::unique_ptr<BIO, decltype(&BIO_free)>;
BioOwner reading(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

/// Errors: InvalidArgument when there is none in it.
Result<void> trust(SSL_CTX* context, const std::string& pem) {
  const auto bio = reading(pem);
  int certificates = 0;
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one);
    X509_free(one);
    ++certificates;
  }
  ERR_clear_error();
  if (certificates == 0) return invalid_argument("the CA certificate is no PEM");
  return {};
}

Result<void> present(ssl::context& context, const std::string& cert, const std::string& key) {
  error_code error;
  context.use_certificate_chain(asio::buffer(cert), error);
  if (error) return invalid_argument("the client certificate is no PEM: " + error.message());
  context.use_private_key(asio::buffer(key), ssl::context::pem, error);
  if (error) return invalid_argument("the client key is no PEM or does not fit its certificate");
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    ERR_clear_error();
    return invalid_argument("the client key does not fit its certificate");
  }
  return {};
}

int tls_version(const std::string& name, int otherwise) {
  if (name == "TLS10") return TLS1_VERSION;
  if (name == "TLS11") return TLS1_1_VERSION;
  if (name == "TLS12") return TLS1_2_VERSION;
  if (name == "TLS13") return TLS1_3_VERSION;
  return otherwise;
}

}  // namespace

class TlsClient {
 public:
  mutable ssl::context context{ssl::context::tls_client};  // OpenSSL's own is made to be shared
  std::string server_name;
};

Result<std::shared_ptr<const TlsClient>> make_tls_client(const TlsSettings& settings) {
  auto made = std::make_shared<TlsClient>();
  SSL_CTX* const native = made->context.native_handle();
  made->server_name = settings.server_name;
  made->context.set_verify_mode(settings.insecure_skip_verify ? ssl::verify_none : ssl::verify_peer);
  SSL_CTX_set_min_proto_version(native, tls_version(settings.min_version, TLS1_2_VERSION));
  SSL_CTX_set_max_proto_version(native, tls_version(settings.max_version, 0));
  if (settings.ca.empty()) {
    made->context.set_default_verify_paths();
  } else {
    MAMORI_TRY_VOID(trust(native, settings.ca));
  }
  if (!settings.cert.empty()) {
    MAMORI_TRY_VOID(present(made->context, settings.cert, settings.key));
  }
  return std::shared_ptr<const TlsClient>(std::move(made));
}

namespace {

const TlsClient& default_tls() {
  static const auto made = *make_tls_client({});
  return *made;
}

/// "CONNECT host:port": from here on the proxy hands bytes through (RFC 9110 section 9.3.6).
asio::awaitable<Result<void>> open_tunnel(beast::tcp_stream& stream, const Url& url, const Proxy& proxy) {
  error_code error;
  http::request<http::empty_body> message{http::verb::connect, authority_of(url, /*always_port=*/true), 11};
  message.set(http::field::host, authority_of(url, /*always_port=*/true));
  message.set(http::field::user_agent, "mamori");
  if (!proxy.authorization.empty()) message.set(http::field::proxy_authorization, proxy.authorization);
  co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return failure(url, "asking the proxy", error);
  beast::flat_buffer buffer;
  http::response_parser<http::empty_body> parser;
  parser.skip(true);
  co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return failure(url, "asking the proxy", error);
  if (parser.get().result_int() / 100 != 2) {
    co_return Error{Code::Unavailable, url.host + ":" + url.port + ": the proxy answered with status " +
                                           std::to_string(parser.get().result_int())};
  }
  co_return Result<void>{};
}

std::vector<tcp::endpoint> endpoints_of(const Addresses& addresses, const std::string& port) {
  std::vector<tcp::endpoint> endpoints;
  for (const auto& address : addresses) {
    error_code error;
    const auto parsed = asio::ip::make_address(address, error);
    if (!error) endpoints.emplace_back(parsed, static_cast<std::uint16_t>(std::stoi(port)));
  }
  return endpoints;
}

asio::awaitable<Result<ClientResponse>> send_on(asio::io_context& io, const ClientRequest& request, const Url& url,
                                                const std::vector<tcp::endpoint>& endpoints, Until until) {
  error_code error;
  beast::tcp_stream stream(io);
  stream.expires_at(until);
  co_await stream.async_connect(endpoints, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return failure(url, "connecting", error);
  if (url.scheme == "http") co_return co_await exchange(stream, request, url);

  if (!request.proxy.url.empty()) {
    const auto tunnel = co_await open_tunnel(stream, url, request.proxy);
    if (!tunnel) co_return tunnel.error();
  }
  const TlsClient& tls = request.tls ? *request.tls : default_tls();
  const std::string name = tls.server_name.empty() ? url.host : tls.server_name;
  beast::ssl_stream<beast::tcp_stream> secure(std::move(stream), tls.context);
  error_code no_number;
  asio::ip::make_address(name, no_number);
  if (no_number) SSL_set_tlsext_host_name(secure.native_handle(), name.c_str());  // RFC 6066: names only
  if (SSL_CTX_get_verify_mode(tls.context.native_handle()) != SSL_VERIFY_NONE) {
    secure.set_verify_callback(ssl::host_name_verification(name));
  }
  secure.next_layer().expires_at(until);
  co_await secure.async_handshake(ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return failure(url, "the TLS handshake", error);
  co_return co_await exchange(secure, request, url);
}

Result<std::vector<tcp::endpoint>> find_server(const ClientRequest& request, const Url& url, Until until) {
  Url server = url;
  if (!request.proxy.url.empty()) {
    MAMORI_TRY(server, parse_url(request.proxy.url));
  }
  const auto addresses = look_up(server.host, until, request.give_up);
  if (!addresses) {
    return Error{addresses.error().code,
                 server.host + ":" + server.port + ": looking up the name failed: " + addresses.error().message};
  }
  auto endpoints = endpoints_of(*addresses, server.port);
  if (endpoints.empty()) return Error{Code::Unavailable, server.host + ": the name has no address"};
  return endpoints;
}

/// One request, no redirect.
Result<ClientResponse> send_once(const ClientRequest& request, const Url& url, Until until) {
  MAMORI_TRY(const auto endpoints, find_server(request, url, until));
  // One small io_context per call: the caller's thread drives it, and nothing outlives the call.
  asio::io_context io(1);
  Result<ClientResponse> result = Error{Code::DeadlineExceeded, url.host + ":" + url.port + ": no answer in time"};
  asio::co_spawn(io, send_on(io, request, url, endpoints, until),
                 [&](std::exception_ptr thrown, Result<ClientResponse> got) {
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
  const auto last = until + Millis{200};  // the slack lets a timed-out stream report where it was
  for (auto now = std::chrono::steady_clock::now(); now < last && !io.stopped();
       now = std::chrono::steady_clock::now()) {
    if (request.give_up && request.give_up()) break;
    io.run_until(request.give_up ? std::min(last, now + Millis{50}) : last);
  }
  return result;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool same_server(const Url& a, const Url& b) {
  return a.scheme == b.scheme && equals_ignore_case(a.host, b.host) && a.port == b.port;
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

std::string resolve_location(const Url& from, const std::string& location) {
  if (location.starts_with("http://") || location.starts_with("https://")) return location;
  if (location.starts_with("//")) return from.scheme + ":" + location;
  const std::string server = from.scheme + "://" + authority_of(from);
  if (location.starts_with('/')) return server + location;
  const auto path = from.target.substr(0, from.target.find('?'));
  if (location.starts_with('?')) return server + path + location;
  return server + path.substr(0, path.rfind('/') + 1) + location;
}

Result<ClientResponse> send(const ClientRequest& request, Millis deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  MAMORI_TRY(auto url, parse_url(request.url));
  ClientRequest hop = request;
  for (int hops = 0;; ++hops) {
    auto reply = send_once(hop, url, until);
    if (!reply || request.redirects_max == 0 || !is_redirect(reply->status)) return reply;
    const std::string location(reply->headers.get("Location"));
    if (location.empty()) return reply;
    if (hops == request.redirects_max) {
      return Error{Code::Unavailable,
                   url.host + ":" + url.port + ": stopped after " + std::to_string(hops) + " redirects"};
    }
    MAMORI_TRY(auto next, parse_url(resolve_location(url, location)));
    if (!same_server(url, next)) {
      Headers kept;
      if (hop.headers.has("Accept")) kept.set("Accept", hop.headers.get("Accept"));
      hop.headers = std::move(kept);
    }
    if (reply->status <= 303 && hop.method != "HEAD") {
      hop.method = "GET";
      hop.body.clear();
    }
    url = std::move(next);
  }
}

}  // namespace mamori::net
