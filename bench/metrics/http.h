// bench/metrics/http.h: the smallest HTTP/1.1 client that keeps a connection, so that the measuring costs little.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mamori::bench {

class Connection {
 public:
  explicit Connection(std::uint16_t port) : port_(port) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The status, 0 when there was no answer; the body in body().
  int post(std::string_view target, std::string_view headers, std::string_view body);
  int get(std::string_view target) { return exchange("GET", target, "", ""); }
  const std::string& body() const { return body_; }

 private:
  int exchange(std::string_view method, std::string_view target, std::string_view headers, std::string_view body);
  int read_answer();
  bool open();
  void close();
  bool fill();

  std::uint16_t port_;
  int fd_ = -1;
  std::string buffer_, body_, head_;
};

std::string percent_encode(std::string_view text);

}  // namespace mamori::bench
