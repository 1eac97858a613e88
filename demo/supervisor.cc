#include "demo/supervisor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "demo/child.h"
#include "demo/control.h"
#include "demo/history.h"
#include "demo/kit.h"
#include "demo/state_file.h"
#include "demo/workdir.h"
#include "net/http_client.h"

namespace mamori::demo {
namespace {

using Steady = std::chrono::steady_clock;

constexpr Millis kStartPatience{8'000};
constexpr Seconds kHistoryPatience{6};  // after that the demo is called ready and the history goes on behind it
constexpr Millis kFirstPause{500}, kLongestPause{10'000};
constexpr Seconds kHealthyAfter{30};
constexpr std::uint64_t kAccessLogBytesMax = 32u << 20;
// At the default rate about 1 to 2 GB a day: a demo forgotten over a weekend stops making data, and says so.
constexpr std::uint64_t kDirBytesMax = 4ull << 30;

struct Address {
  std::string host;
  int port = 0;
};

Address split_address(const std::string& text) {
  const auto colon = text.rfind(':');
  Address address{.host = text.substr(0, colon)};
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), address.port);
  return address;
}

/// Sockets on ports of 127/8, held until all are chosen so that no port is given out twice.
class PortPicker {
 public:
  ~PortPicker() {
    for (const int fd : held_) ::close(fd);
  }
  /// `wanted` 0 takes a free one. Errors: Unavailable when the port is in use; InvalidArgument for a bad address.
  Result<int> take(const std::string& host, int wanted, const std::string& flag) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(wanted));
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
      return invalid_argument(flag + ": bad address " + host);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return Error{Code::Io, "socket: " + std::string(std::strerror(errno))};
    held_.push_back(fd);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 1) != 0) {
      return Error{Code::Unavailable, "port " + std::to_string(wanted) + " of " + host +
                                          " is in use: choose another with " + flag + ", such as " + flag + " " + host +
                                          ":0 for a free one"};
    }
    socklen_t length = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    return static_cast<int>(ntohs(address.sin_port));
  }

 private:
  std::vector<int> held_;
};

std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : "root";
}

std::uint64_t bytes_below(const std::string& dir) {
  namespace fs = std::filesystem;
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(dir, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (at->is_regular_file(gone)) bytes += at->file_size(gone);
    if (gone) continue;  // rotated away meanwhile
  }
  return bytes;
}

void say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

void complain(const std::string& line) {
  std::fputs(("mamori demo: " + line + "\n").c_str(), stderr);
  std::fflush(stderr);
}

struct Managed {
  Managed(ChildSpec spec, std::string address_, std::string ready_url_)
      : child(std::move(spec)), address(std::move(address_)), ready_url(std::move(ready_url_)) {}
  Child child;
  std::string address, ready_url;  // ready_url: answers 200 once it works; "" when nothing can be asked
  int restarts = 0, deaths_in_row = 0;
  Steady::time_point started, again_at;
  bool wanted = false;  // false before its start and once it is meant to stay away
};

class Supervisor {
 public:
  Supervisor(const Options& options, std::string self_exe, Workdir workdir, Programs programs, Ports ports)
      : options_(options),
        self_(std::move(self_exe)),
        workdir_(std::move(workdir)),
        programs_(std::move(programs)),
        dir_(workdir_.path()),
        token_(make_token()),
        seed_(options.seed ? *options.seed : random_seed()) {
    kit_ = {.dir = dir_,
            .mamori_host = split_address(options.listen).host,
            .front_host = split_address(options.shop_listen).host,
            .ports = ports,
            .notify = options.notify,
            .worker_user = ::geteuid() == 0 ? user_name() : ""};
  }

  ~Supervisor() {
    if (signal_fd_ >= 0) ::close(signal_fd_);
  }

  int run() {
    const auto started = start();
    if (!started) complain(started.error().message);
    if (started && !stopping_) watch();
    say("Stopping.");
    stop_all();
    return started ? 0 : 1;
  }

 private:
  std::string at(int port) const { return "127.0.0.1:" + std::to_string(port); }
  std::string page_address() const { return kit_.mamori_host + ":" + std::to_string(kit_.ports.mamori); }
  std::string front_url() const { return "http://" + kit_.front_host + ":" + std::to_string(kit_.ports.front); }

  Result<void> start() {
    const auto begin = Steady::now();
    MAMORI_TRY_VOID(open_signals());
    MAMORI_TRY(control_, start_control(control_state_, token_));
    control_url_ = "http://" + at(control_->port());
    MAMORI_TRY_VOID(write_kit());
    MAMORI_TRY_VOID(write_state(dir_, {.pid = ::getpid(),
                                       .token = token_,
                                       .control_url = control_url_,
                                       .page_url = "http://" + page_address() + "/ui/",
                                       .shop_url = front_url() + "/"}));
    say("mamori demo: working in " + dir_);
    add_children();
    MAMORI_TRY_VOID(start_children({"mamori", "provider", "shop", "node-exporter"}));
    start_history();
    MAMORI_TRY_VOID(start_children({"nginx", "rsyslog"}));
    MAMORI_TRY_VOID(start_children({"traffic"}));
    await_history(begin);
    if (stopping_) return {};
    ready_ = true;
    control_state_.set_ready(true);
    greet(begin);
    return {};
  }

  Result<void> open_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, number);
    signal_fd_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd_ < 0) return Error{Code::Io, "signalfd failed"};
    return {};
  }

  Result<void> write_kit() {
    MAMORI_TRY_VOID(write_private_file(dir_ + "/nginx.conf", nginx_conf(kit_)));
    MAMORI_TRY_VOID(write_private_file(dir_ + "/rsyslog.conf", rsyslog_conf(kit_)));
    return write_private_file(dir_ + "/demo.yaml", spec_yaml(kit_));
  }

  void add_children() {
    const auto& ports = kit_.ports;
    const std::string front = front_url();
    add("mamori",
        {self_, "serve", "--config", dir_ + "/demo.yaml", "--data", dir_ + "/data", "--listen", page_address()},
        page_address(), "http://" + page_address() + "/-/ready", SIGTERM);
    add("provider", role("provider", {"--listen", at(ports.provider), "--front", front, "--control", control_url_}, 1),
        at(ports.provider), "http://" + at(ports.provider) + "/healthz", SIGKILL);
    add("shop",
        role("shop",
             {"--listen", at(ports.shop), "--provider", "http://" + at(ports.provider), "--log-dir", dir_ + "/shop"},
             2),
        at(ports.shop), "http://" + at(ports.shop) + "/healthz", SIGKILL);
    add("node-exporter",
        {programs_.node_exporter, "--web.listen-address=" + at(ports.exporter), "--no-collector.systemd",
         "--log.level=warn"},
        at(ports.exporter), "http://" + at(ports.exporter) + "/", SIGKILL);
    add("nginx", {programs_.nginx, "-p", dir_ + "/nginx", "-e", "stderr", "-c", dir_ + "/nginx.conf"},
        kit_.front_host + ":" + std::to_string(ports.front), front + "/", SIGTERM);
    add("rsyslog", {programs_.rsyslogd, "-n", "-f", dir_ + "/rsyslog.conf", "-i", dir_ + "/rsyslog/rsyslogd.pid"}, "",
        "", SIGTERM);
    add("traffic",
        role("traffic", {"--front", front, "--control", control_url_, "--rate", std::to_string(options_.rate)}, 3), "",
        "", SIGKILL);
  }

  std::vector<std::string> role(const std::string& name, const std::vector<std::string>& flags, std::uint64_t stream) {
    std::vector<std::string> argv{self_, "demo", name};
    argv.insert(argv.end(), flags.begin(), flags.end());
    argv.insert(argv.end(), {"--seed", std::to_string(seed_ + stream)});  // a stream of its own for each process
    return argv;
  }

  void add(const std::string& name, std::vector<std::string> argv, std::string address, std::string ready_url,
           int death) {
    ChildSpec spec{
        .name = name, .argv = std::move(argv), .output_path = dir_ + "/logs/" + name + ".log", .death_signal = death};
    if (spec.argv[1] == "demo") spec.environment = {std::string(kTokenVariable) + "=" + token_};
    children_.push_back(std::make_unique<Managed>(std::move(spec), std::move(address), std::move(ready_url)));
  }

  Managed& child(std::string_view name) {
    return **std::ranges::find_if(children_, [&](const auto& managed) { return managed->child.name() == name; });
  }

  Result<void> start_children(const std::vector<std::string_view>& names) {
    const auto begin = Steady::now();
    for (const auto name : names) {
      auto& managed = child(name);
      managed.wanted = true;
      managed.started = Steady::now();
      MAMORI_TRY_VOID(managed.child.start());
    }
    for (const auto name : names) {
      MAMORI_TRY_VOID(await(child(name), begin));
      if (stopping_) return {};
    }
    return {};
  }

  Result<void> await(Managed& managed, Steady::time_point begin) {
    const auto& name = managed.child.name();
    // A program that cannot be asked is taken to work if it has not died after a moment.
    const auto settled = Steady::now() + Millis{300};
    while (!stopping_) {
      pump(Millis{20});
      if (!managed.child.running()) return Error{Code::Unavailable, name + " could not start" + fatal_lines(managed)};
      if (managed.ready_url.empty() ? Steady::now() >= settled : answers(managed.ready_url)) break;
      if (Steady::now() - begin > kStartPatience) {
        return Error{Code::DeadlineExceeded, name + " does not answer after 8 s" + fatal_lines(managed)};
      }
    }
    if (stopping_) return {};
    const auto took = std::chrono::duration<double>(Steady::now() - begin).count();
    std::array<char, 160> line{};
    std::snprintf(line.data(), line.size(), "  %-14s %-22s pid %-8d ready after %.1f s", name.c_str(),
                  managed.address.c_str(), managed.child.pid(), took);
    say(line.data());
    return {};
  }

  static bool answers(const std::string& url) {
    const auto reply = net::send({.url = url}, Millis{500});
    return reply && reply->status == 200;
  }

  std::string fatal_lines(const Managed& managed) const {
    std::string text;
    for (const auto& line : managed.child.last_lines(5)) text += "\n    " + line;
    return text.empty() ? ", and it printed nothing" : "; its last lines:" + text;
  }

  void start_history() {
    if (options_.history == Nanos{0}) return;
    const HistorySpan span{
        .begin = SystemClock{}.now() - options_.history, .end = SystemClock{}.now(), .rate = options_.rate};
    history_ = std::jthread([this, span](const std::stop_token& stop) {
      Random random(seed_);
      const auto count = generate_history(span, random, [&](std::string body) -> Result<void> {
        if (stop.stop_requested()) return Error{Code::Unavailable, "the demo ends"};
        return send_bulk("http://" + page_address(), std::move(body));
      });
      if (count) {
        say("  history        " + std::to_string(count->payments) + " generated payments of the last " +
            format_duration(options_.history) + " (" + std::to_string(count->lines) + " lines)");
      } else if (!stop.stop_requested()) {
        complain("the history could not be written: " + count.error().message);
      }
      history_done_ = true;
    });
  }

  void await_history(Steady::time_point begin) {
    if (!history_.joinable()) return;
    while (!stopping_ && !history_done_ && Steady::now() - begin < kHistoryPatience) pump(Millis{20});
  }

  void greet(Steady::time_point begin) const {
    const bool default_dir = options_.dir.empty();
    const std::string command = command_name() + " demo fault" + (default_dir ? std::string{} : " --dir " + dir_);
    const auto took = std::chrono::duration<double>(Steady::now() - begin).count();
    std::array<char, 64> ready{};
    std::snprintf(ready.data(), ready.size(), "Ready after %.1f s.", took);
    say(std::string(ready.data()) + " All data is generated; nothing here is a real payment.");
    say("");
    say("  The page        http://" + page_address() + "/ui/");
    say("  The shop        " + front_url() + "/");
    say("  Break something " + command + " provider-errors on     (then: off)");
    say("                  " + command + "                        (lists what can be broken)");
    say("  Notifications   " +
        (options_.notify.empty() ? "on the page; --notify URL sends them somewhere" : options_.notify));
    say("  Files           " + dir_ + "  (demo.yaml is the spec, logs/ what each program prints)");
    say(options_.duration ? "  Ends            after " + format_duration(*options_.duration) + ", or with Ctrl-C"
                          : "  Ends            with Ctrl-C");
    say("");
  }

  /// What the user types to run this program: its path, from here if it lies below, unless a PATH search finds it.
  std::string command_name() const {
    namespace fs = std::filesystem;
    std::error_code error;
    if (fs::equivalent(find_program("mamori"), self_, error)) return "mamori";
    const std::string near = fs::relative(self_, error).string();
    return error || near.empty() || near.starts_with("..") ? self_ : near;
  }

  void watch() {
    const auto end = options_.duration ? Steady::now() + *options_.duration : Steady::time_point::max();
    auto next_look = Steady::now();
    auto next_sizing = Steady::now() + Seconds{30};
    while (!stopping_ && Steady::now() < end) {
      pump(Millis{200});
      if (Steady::now() >= next_look) {
        rotate_access_log();
        next_look = Steady::now() + Seconds{5};
      }
      if (Steady::now() >= next_sizing) {
        bound_disk();
        next_sizing = Steady::now() + Seconds{30};
      }
    }
  }

  /// One turn: signals, output, deaths, restarts that are due.
  void pump(Millis wait) {
    std::vector<pollfd> fds{{.fd = signal_fd_, .events = POLLIN}};
    for (const auto& managed : children_) {
      if (managed->child.output_fd() >= 0) fds.push_back({.fd = managed->child.output_fd(), .events = POLLIN});
    }
    ::poll(fds.data(), fds.size(), static_cast<int>(wait.count()));
    signalfd_siginfo info{};
    while (::read(signal_fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      if (info.ssi_signo != SIGCHLD) stopping_ = true;
    }
    for (const auto& managed : children_) {
      managed->child.drain();
      if (const auto how = managed->child.take_exit()) note_death(*managed, *how);
      if (ready_) restart_if_due(*managed);
    }
    publish();
  }

  void note_death(Managed& managed, const std::string& how) {
    if (!managed.wanted) return;
    const auto now = Steady::now();
    managed.deaths_in_row = now - managed.started > kHealthyAfter ? 1 : managed.deaths_in_row + 1;
    const auto pause = std::min(kFirstPause * (1 << std::min(managed.deaths_in_row - 1, 8)), kLongestPause);
    managed.again_at = now + pause;
    if (!ready_) return;  // await() reports it
    complain(managed.child.name() + " ended (" + how + "), starting it again in " + std::to_string(pause.count()) +
             " ms" + fatal_lines(managed));
  }

  void restart_if_due(Managed& managed) {
    if (stopping_ || !managed.wanted || managed.child.running() || Steady::now() < managed.again_at) return;
    managed.started = Steady::now();
    ++managed.restarts;
    if (const auto started = managed.child.start(); !started) {
      managed.again_at = Steady::now() + kLongestPause;
      complain(managed.child.name() + " could not be started again: " + started.error().message);
    }
  }

  void publish() {
    std::vector<ProcessStatus> processes;
    for (const auto& managed : children_) {
      processes.push_back({.name = managed->child.name(),
                           .pid = managed->child.running() ? managed->child.pid() : 0,
                           .restarts = managed->restarts,
                           .address = managed->address});
    }
    control_state_.set_processes(std::move(processes));
  }

  void rotate_access_log() {
    const std::string path = dir_ + "/nginx/access.jsonl";
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || static_cast<std::uint64_t>(status.st_size) < kAccessLogBytesMax) return;
    ::rename(path.c_str(), (path + ".1").c_str());
    child("nginx").child.signal(SIGUSR1);  // nginx opens its logs anew
  }

  void bound_disk() {
    auto& traffic = child("traffic");
    if (!traffic.wanted || bytes_below(dir_) < kDirBytesMax) return;
    complain("the demo's files have reached 4 GiB, so its traffic ends; start the demo again to empty them");
    traffic.wanted = false;
    traffic.child.stop();
  }

  /// Those who make data first, those who keep it last.
  void stop_all() {
    history_.request_stop();
    for (const auto name : {"traffic", "nginx", "shop", "provider", "rsyslog", "node-exporter", "mamori"}) {
      const auto found = std::ranges::find_if(children_, [&](const auto& one) { return one->child.name() == name; });
      if (found == children_.end()) continue;
      (*found)->wanted = false;
      (*found)->child.stop();
    }
    if (history_.joinable()) history_.join();
    if (control_) control_->stop(Millis{200});
    remove_state(dir_);
  }

  const Options& options_;
  const std::string self_;
  Workdir workdir_;
  const Programs programs_;
  const std::string dir_, token_;
  const std::uint64_t seed_;
  KitInput kit_;
  std::string control_url_;
  ControlState control_state_;
  std::unique_ptr<net::HttpServer> control_;
  std::vector<std::unique_ptr<Managed>> children_;
  std::atomic<bool> history_done_{false};
  std::jthread history_;
  int signal_fd_ = -1;
  bool ready_ = false, stopping_ = false;
};

Result<Ports> pick_ports(const Options& options) {
  PortPicker picker;
  Ports ports;
  const auto page = split_address(options.listen);
  const auto front = split_address(options.shop_listen);
  MAMORI_TRY(ports.mamori, picker.take(page.host, page.port, "--listen"));
  MAMORI_TRY(ports.front, picker.take(front.host, front.port, "--shop-listen"));
  MAMORI_TRY(ports.shop, picker.take("127.0.0.1", 0, "--listen"));
  MAMORI_TRY(ports.provider, picker.take("127.0.0.1", 0, "--listen"));
  MAMORI_TRY(ports.exporter, picker.take("127.0.0.1", 0, "--listen"));
  return ports;
}

}  // namespace

int run_supervisor(const Options& options, const std::string& self_exe) {
  const auto refuse = [](const Error& error) {
    complain(error.message);
    return 2;
  };
  auto programs = find_programs();
  if (!programs) return refuse(programs.error());
  auto workdir = Workdir::make(options.dir.empty() ? default_workdir() : options.dir);
  if (!workdir) return refuse(workdir.error());
  const auto ports = pick_ports(options);
  if (!ports) return refuse(ports.error());
  return Supervisor(options, self_exe, *std::move(workdir), *std::move(programs), *ports).run();
}

}  // namespace mamori::demo
