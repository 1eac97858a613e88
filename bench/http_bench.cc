// What an HTTP request costs the server beside its handler: CPU time of this process, which serves, while two others
// send bodies of 35 kB over kept-alive connections, as a remote-write sender does.
//   ninja -C build/release http_bench && build/release/http_bench [REQUESTS] [BODY_BYTES]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "net/router.h"

namespace {

using namespace mamori;

constexpr int kConnections = 2;

double cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

/// Sends `requests` one after another, waiting for each answer. Runs in a child process: no allocation after the fork.
[[noreturn]] void send_requests(std::uint16_t port, const std::string& request, int requests) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ::_exit(1);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  char answer[4096];
  for (int i = 0; i < requests; ++i) {
    for (std::size_t sent = 0; sent < request.size();) {
      const auto wrote = ::write(fd, request.data() + sent, request.size() - sent);
      if (wrote <= 0) ::_exit(1);
      sent += static_cast<std::size_t>(wrote);
    }
    // An answer of 204 has no body: it ends with its header.
    std::size_t got = 0;
    while (got < 4 || std::string_view(answer + got - 4, 4) != "\r\n\r\n") {
      const auto read = ::read(fd, answer + got, sizeof answer - got);
      if (read <= 0) ::_exit(1);
      got += static_cast<std::size_t>(read);
    }
    if (std::string_view(answer, 12) != "HTTP/1.1 204") ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  const int requests = argc > 1 ? std::atoi(argv[1]) : 20'000;
  const std::size_t body_bytes = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 35'000;
  net::Router router;
  router.add("POST", "/api/v1/write",
             [](const net::Request& request) { return net::Response{.status = request.body.empty() ? 400 : 204}; });
  auto server =
      net::HttpServer::start({.listen = "127.0.0.1:0"}, [&](net::Request& request) { return router.handle(request); });
  if (!server) return 1;
  const std::string request =
      "POST /api/v1/write HTTP/1.1\r\nHost: 127.0.0.1:9650\r\nUser-Agent: Prometheus/3.5.0\r\nContent-Length: " +
      std::to_string(body_bytes) +
      "\r\nContent-Encoding: snappy\r\nContent-Type: application/x-protobuf\r\n"
      "X-Prometheus-Remote-Write-Version: 0.1.0\r\n\r\n" +
      std::string(body_bytes, 'x');
  for (int run = 0; run < 5; ++run) {
    const double before = cpu_us();
    const auto start = std::chrono::steady_clock::now();
    std::vector<pid_t> children;
    for (int i = 0; i < kConnections; ++i) {
      const auto child = ::fork();
      if (child == 0) send_requests((*server)->port(), request, requests / kConnections);
      children.push_back(child);
    }
    bool failed = false;
    for (const auto child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      failed = failed || status != 0;
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::printf("%s%.1f us CPU a request, %.0f requests/s\n", failed ? "FAILED: " : "", (cpu_us() - before) / requests,
                requests / wall.count());
  }
  (*server)->stop(Millis{1000});
}
