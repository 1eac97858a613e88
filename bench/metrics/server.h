// bench/metrics/server.h: one of those that are measured, as a child process: start, costs, kill.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mamori::bench {

enum class Peer { Mamori, Prometheus, VictoriaMetrics };

struct Program {
  Peer peer = Peer::Mamori;
  std::string name, path;
};

struct Costs {
  double cpu_seconds = 0;
  double rss_mib = 0, peak_rss_mib = 0;
};

class Server {
 public:
  /// `folder`: data, configuration and log. `scrape`: "host:port" of a page to scrape each second, "" for none.
  Server(Program program, std::string folder, std::string scrape);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();       // returns when the process runs, which may be before it answers
  bool wait_ready();  // until an empty query answers; false after a minute
  void kill();        // -9
  void stop();        // SIGTERM, waits
  Costs costs() const;
  void wait_settled() const;  // until it uses next to no processor for three seconds
  double data_bytes() const;
  /// The immutable part of the data, by the server's own snapshot; 0 when it has none.
  double snapshot_bytes();
  std::uint16_t port() const { return port_; }
  const Program& program() const { return program_; }

 private:
  std::vector<std::string> arguments() const;

  Program program_;
  std::string folder_, scrape_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

std::uint16_t free_port();
double folder_bytes(const std::string& folder);

}  // namespace mamori::bench
