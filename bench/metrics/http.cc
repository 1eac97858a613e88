#include "metrics/http.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mamori::bench {
namespace {

/// A header's value in a head; "" when it is not there.
std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const auto line = head.substr(at + 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    auto value = line.substr(name.size() + 1, line.find("\r\n") - name.size() - 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

}  // namespace

Connection::~Connection() { close(); }

void Connection::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  buffer_.clear();
}

bool Connection::open() {
  if (fd_ >= 0) return true;
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  close();
  return false;
}

bool Connection::fill() {
  char bytes[65536];
  const auto n = ::recv(fd_, bytes, sizeof bytes, 0);
  if (n <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

int Connection::post(std::string_view target, std::string_view headers, std::string_view body) {
  return exchange("POST", target, headers, body);
}

int Connection::exchange(std::string_view method, std::string_view target, std::string_view headers,
                         std::string_view body) {
  if (!open()) return 0;
  head_.assign(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n").append(headers);
  if (method == "POST") head_.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  head_.append("\r\n");
  iovec parts[2] = {{head_.data(), head_.size()}, {const_cast<char*>(body.data()), body.size()}};
  std::size_t left = head_.size() + body.size();
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  while (left > 0) {
    const auto n = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (n <= 0) {
      close();
      return 0;
    }
    left -= static_cast<std::size_t>(n);
    auto sent = static_cast<std::size_t>(n);
    for (auto& part : parts) {
      const auto gone = std::min(sent, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + gone;
      part.iov_len -= gone;
      sent -= gone;
    }
  }
  const int status = read_answer();
  if (status == 0) close();
  return status;
}

int Connection::read_answer() {
  body_.clear();
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return 0;
  }
  const std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  const int status = std::atoi(head.c_str() + 9);
  if (header(head, "Transfer-Encoding") == "chunked") {
    while (true) {
      std::size_t line = 0;
      while ((line = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) return 0;
      }
      const auto size = std::strtoul(buffer_.c_str(), nullptr, 16);
      buffer_.erase(0, line + 2);
      while (buffer_.size() < size + 2) {
        if (!fill()) return 0;
      }
      body_.append(buffer_, 0, size);
      buffer_.erase(0, size + 2);
      if (size == 0) break;
    }
  } else if (status != 204) {
    const auto length = std::strtoul(std::string(header(head, "Content-Length")).c_str(), nullptr, 10);
    while (buffer_.size() < length) {
      if (!fill()) return 0;
    }
    body_ = buffer_.substr(0, length);
    buffer_.erase(0, length);
  }
  if (header(head, "Connection") == "close") close();
  return status;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      out += c;
    } else {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
      out += hex;
    }
  }
  return out;
}

}  // namespace mamori::bench
