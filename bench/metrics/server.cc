#include "metrics/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "metrics/http.h"

namespace mamori::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

double status_mib(pid_t pid, const std::string& key) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with(key)) return std::strtod(line.c_str() + key.size(), nullptr) / 1024;
  }
  return 0;
}

double cpu_seconds(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::perror("bind"), std::exit(2);
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

double folder_bytes(const std::string& folder) {
  double bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) bytes += static_cast<double>(it->file_size(ignored));
  }
  return bytes;
}

Server::Server(Program program, std::string folder, std::string scrape)
    : program_(std::move(program)), folder_(std::move(folder)), scrape_(std::move(scrape)), port_(free_port()) {
  fs::create_directories(folder_ + "/data");
  std::ofstream config(folder_ + "/prometheus.yml");
  config << "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n";
  if (!scrape_.empty()) {
    config << "scrape_configs:\n  - job_name: bench\n    static_configs:\n      - targets: ['" << scrape_ << "']\n";
  }
}

Server::~Server() {
  if (pid_ > 0) kill();
}

std::vector<std::string> Server::arguments() const {
  const auto address = "127.0.0.1:" + std::to_string(port_);
  const auto config = folder_ + "/prometheus.yml", data = folder_ + "/data";
  switch (program_.peer) {
    case Peer::Mamori: {
      std::vector<std::string> arguments = {program_.path,        "serve",       "--data", data, "--listen", address,
                                            "--enable-admin-api", "--log-level", "warn"};
      if (!scrape_.empty()) arguments.insert(arguments.end(), {"--config", config});
      return arguments;
    }
    case Peer::Prometheus:
      return {program_.path,
              "--config.file=" + config,
              "--storage.tsdb.path=" + data,
              "--web.listen-address=" + address,
              "--web.enable-remote-write-receiver",
              "--web.enable-admin-api",
              "--log.level=error"};
    case Peer::VictoriaMetrics:
      return {program_.path,          "-storageDataPath=" + data,    "-httpListenAddr=" + address,
              "-retentionPeriod=10y", "-search.latencyOffset=0s",    "-search.maxUniqueTimeseries=1000000",
              "-loggerLevel=ERROR",   "-promscrape.config=" + config};
  }
  return {};
}

void Server::start() {
  const auto arguments = this->arguments();
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ != 0) return;
  const int log = ::open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(log, 1);
  ::dup2(log, 2);
  ::execv(argv[0], argv.data());
  std::perror(argv[0]);
  ::_exit(127);
}

bool Server::wait_ready() {
  for (int i = 0; i < 30'000; ++i) {
    Connection connection(port_);
    if (connection.get("/api/v1/query?query=1") == 200) return true;
    std::this_thread::sleep_for(2ms);
  }
  std::fprintf(stderr, "%s does not answer, see %s/log\n", program_.name.c_str(), folder_.c_str());
  return false;
}

void Server::kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void Server::stop() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Costs Server::costs() const {
  return {.cpu_seconds = cpu_seconds(pid_),
          .rss_mib = status_mib(pid_, "VmRSS:"),
          .peak_rss_mib = status_mib(pid_, "VmHWM:")};
}

void Server::wait_settled() const {
  double before = cpu_seconds(pid_);
  for (int quiet = 0, waited = 0; quiet < 3 && waited < 90; ++waited) {
    std::this_thread::sleep_for(1s);
    const double now = cpu_seconds(pid_);
    quiet = now - before < 0.03 ? quiet + 1 : 0;
    before = now;
  }
}

double Server::data_bytes() const { return folder_bytes(folder_ + "/data"); }

double Server::snapshot_bytes() {
  Connection connection(port_);
  if (program_.peer == Peer::VictoriaMetrics) return 0;
  if (connection.post("/api/v1/admin/tsdb/snapshot", "", "") != 200) return 0;
  const auto name_at = connection.body().find("\"name\":\"");
  if (name_at == std::string::npos) return 0;
  const auto name = connection.body().substr(name_at + 8, connection.body().find('"', name_at + 8) - name_at - 8);
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder_ + "/data", error), end; !error && it != end; it.increment(error)) {
    if (it->is_directory() && it->path().filename() == name) return folder_bytes(it->path().string());
  }
  return 0;
}

}  // namespace mamori::bench
