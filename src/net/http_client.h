// net/http_client.h: one HTTP/1.1 request with a deadline, over TCP or TLS (certificate and host name verified).
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace mamori::net {

/// How a server proves who it is, and how we do. Texts are PEM; "": the system's certificates, no client certificate.
struct TlsSettings {
  std::string ca, cert, key;
  std::string server_name;  // asked for, and must be in the certificate; "": the URL's host
  bool insecure_skip_verify = false;
  std::string min_version, max_version;  // "TLS10" to "TLS13"; "": TLS12, and the newest
};

class TlsClient;  // settings, read once. Thread-safe.
/// Errors: InvalidArgument when a text is no PEM, or the key does not fit the certificate.
Result<std::shared_ptr<const TlsClient>> make_tls_client(const TlsSettings& settings);

struct Proxy {
  std::string url;            // "http://127.0.0.1:3128"; "": none
  std::string authorization;  // "Basic …"; "": none
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // "http://127.0.0.1:9100/metrics", "https://…"
  Headers headers;
  std::string body;
  std::size_t response_bytes_max = 64u << 20;
  bool body_wanted = true;  // false: status and headers answer; what follows them is left unread, however long
  bool accept_gzip = true;
  int redirects_max = 0;  // 0: a redirect is the answer. To another server only the Accept header goes along.
  std::shared_ptr<const TlsClient> tls;  // null: TlsSettings{}
  Proxy proxy;                           // https goes through it by CONNECT
  std::function<bool()> give_up;         // asked every 50 ms, on the calling thread
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;  // Content-Encoding: gzip already undone
};

struct Url {
  std::string scheme, host, port, target;  // target: path and query, at least "/"
};
/// Errors: InvalidArgument naming what is wrong. The error never repeats a user:password part.
Result<Url> parse_url(const std::string& url);

/// Where a Location header leads, seen from `from` (RFC 3986 section 5.2, without dot segments).
std::string resolve_location(const Url& from, const std::string& location);

/// Sends and waits, at most `deadline` from call to last byte, name look-up and redirects included. Thread-safe; a
/// connection per call.
/// Errors: InvalidArgument (URL), Unavailable (connect, TLS, reset, too many redirects), DeadlineExceeded (also when to
/// give up), TooLarge (body).
/// A URL's path and query, which may hold a secret, are not part of the message.
Result<ClientResponse> send(const ClientRequest& request, Millis deadline);

}  // namespace mamori::net
