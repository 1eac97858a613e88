// net/http_server.h: an HTTP/1.1 server on one address. Connections are coroutines on one I/O thread; handlers run on a
// pool of worker threads, so a slow query never stops other connections from being read.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/router.h"

namespace mamori::net {

struct HttpServerOptions {
  std::string listen = "127.0.0.1:9650";   // address:port; port 0 takes a free one
  std::size_t body_bytes_max = 64u << 20;  // after Content-Encoding is undone; larger is 413
  std::size_t header_bytes_max = 32u << 10;
  std::size_t connections_max = 1000;
  Seconds idle_timeout{75};
  Seconds read_timeout{60};  // a request must arrive whole in this time
  int worker_threads = 8;
};

struct HttpServerCounters {
  std::uint64_t requests = 0, responses_5xx = 0, refused_too_large = 0, refused_connections = 0, bad_requests = 0;
  std::uint64_t connections_open = 0;
};

/// True if `listen` ("address:port") names a loopback address: 127.0.0.0/8, [::1] or localhost.
bool is_loopback(const std::string& listen);

class HttpServer {
 public:
  /// Binds and starts answering. Errors: InvalidArgument for a bad address; Unavailable when the port is in use, with
  /// the remedy in the message.
  /// `handler` runs on worker threads, many at once; a thrown exception becomes a 500.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options,
                                                   std::function<Response(Request&)> handler);
  virtual ~HttpServer() = default;  // stops at once

  virtual std::uint16_t port() const = 0;
  virtual HttpServerCounters counters() const = 0;

  /// Stops accepting, lets requests under way finish for at most `grace`, then closes.
  virtual void stop(Millis grace) = 0;
};

}  // namespace mamori::net
