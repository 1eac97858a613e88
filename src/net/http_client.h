// net/http_client.h: one HTTP/1.1 request with a deadline, over TCP or TLS (certificate and host name verified).
#pragma once
#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace mamori::net {

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // "http://127.0.0.1:9100/metrics", "https://…"
  Headers headers;
  std::string body;
  std::size_t response_bytes_max = 64u << 20;
  bool body_wanted = true;  // false: status and headers answer; what follows them is left unread, however long
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

/// Sends and waits, at most `deadline` from call to last byte. Thread-safe; a connection per call.
/// Errors: InvalidArgument (URL), Unavailable (connect, TLS, reset), DeadlineExceeded, TooLarge (body).
/// A URL's path and query, which may hold a secret, are not part of the message.
Result<ClientResponse> send(const ClientRequest& request, Millis deadline);

}  // namespace mamori::net
