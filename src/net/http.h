// net/http.h: HTTP messages as plain values. No sockets here.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mamori::net {

/// Header fields in order; names compare without regard to case (RFC 9110 section 5.1).
class Headers {
 public:
  /// The first field of that name, or "".
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void add(std::string_view name, std::string_view value);
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Decoded name=value pairs in order, of a query string or of an application/x-www-form-urlencoded body.
class Params {
 public:
  static Params parse(std::string_view encoded);
  std::optional<std::string_view> get(std::string_view name) const;  // first of that name
  std::string_view get_or(std::string_view name, std::string_view fallback) const;
  std::vector<std::string_view> all(std::string_view name) const;
  void append(const Params& more);
  auto begin() const { return pairs_.begin(); }
  auto end() const { return pairs_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

struct Request {
  std::string method;  // upper case
  std::string target;  // as sent: "/a%20b?x=1"
  std::string path;    // percent-decoded, without the query: "/a b"
  Params query;
  Headers headers;
  std::string body;  // Content-Encoding already undone by the server
  std::string peer;  // "127.0.0.1:51234"
  /// Whether the client has closed its connection and waits for no answer. One system call, for a handler that takes
  /// long; valid while the handler runs, from any thread. Empty when there is no connection.
  std::function<bool()> client_is_gone;

  std::vector<std::string> path_params;  // what a Router pattern's {…} matched, in order

  /// Query parameters, then those of a form body if the Content-Type says it is one (Prometheus' API takes both).
  Params params() const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;

  static Response text(int status, std::string body);
  static Response json(int status, std::string body);
  static Response redirect(int status, std::string location);
};

/// 400, 404, 413, 503, 504 or 500 for an error's code.
int http_status(Code code);

std::string percent_decode(std::string_view text, bool plus_is_space);
std::string percent_encode(std::string_view text);

/// gzip (RFC 1952). gunzip's Errors: TooLarge if the result passes `bytes_max`; InvalidArgument if it is not gzip.
std::string gzip(std::string_view bytes);
Result<std::string> gunzip(std::string_view bytes, std::size_t bytes_max);

}  // namespace mamori::net
