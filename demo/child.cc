#include "demo/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

extern char** environ;

namespace mamori::demo {
namespace {

constexpr std::uint64_t kOutputBytesMax = 4u << 20;
constexpr std::size_t kLinesKept = 40;
constexpr std::size_t kLineBytesMax = 2'000;

Error io(const std::string& what) { return {Code::Io, what + ": " + std::strerror(errno)}; }

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> with_ours(const std::vector<std::string>& extra) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  all.insert(all.end(), extra.begin(), extra.end());
  return all;
}

/// In the new process, between fork and exec: only calls that are safe there (signal-safety(7)).
[[noreturn]] void become(char* const* argv, char* const* environment, int output, int death_signal, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, death_signal);
  if (::getppid() != parent) ::_exit(127);  // the parent died before prctl
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execve(argv[0], argv, environment);
  constexpr std::string_view kFailed = "cannot be executed\n";
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, kFailed.data(), kFailed.size());
  ::_exit(127);
}

std::string describe(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return "exit code " + std::to_string(info.si_status);
  return "signal " + std::to_string(info.si_status);
}

}  // namespace

Child::~Child() {
  if (!running()) return;
  signal(SIGKILL);
  spec_.grace = Millis{0};
  stop();
}

Result<void> Child::start() {
  MAMORI_TRY(output_, RollingFile::open(spec_.output_path, kOutputBytesMax));
  std::array<int, 2> pipe_fds{};
  if (::pipe2(pipe_fds.data(), O_CLOEXEC) != 0) return io("pipe");
  auto environment_texts = with_ours(spec_.environment);
  environment_texts.push_back(std::string(kStartsVariable) + "=" + std::to_string(starts_++));
  const auto argv = pointers(spec_.argv);
  const auto environment = pointers(environment_texts);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(argv.data(), environment.data(), pipe_fds[1], spec_.death_signal, parent);
  ::close(pipe_fds[1]);
  if (pid < 0) {
    ::close(pipe_fds[0]);
    return io("fork");
  }
  ::setpgid(pid, pid);  // here too: whoever is first
  ::fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
  close_output();
  output_fd_ = pipe_fds[0];
  pid_ = pid;
  partial_.clear();
  lines_.clear();
  return {};
}

void Child::drain() {
  if (output_fd_ < 0) return;
  std::array<char, 16'384> buffer{};
  for (int i = 0; i < 16; ++i) {  // bounded: a child that prints without end must not hold up the others
    const auto count = ::read(output_fd_, buffer.data(), buffer.size());
    if (count > 0) {
      keep({buffer.data(), static_cast<std::size_t>(count)});
      continue;
    }
    if (count == 0) close_output();  // everybody who could write is gone
    return;
  }
}

void Child::keep(std::string_view text) {
  for (const char c : text) {
    if (c != '\n' && partial_.size() < kLineBytesMax) {
      partial_ += c;
      continue;
    }
    output_->append(partial_);
    lines_.push_back(std::exchange(partial_, {}));
    if (lines_.size() > kLinesKept) lines_.erase(lines_.begin());
  }
}

std::vector<std::string> Child::last_lines(std::size_t lines_max) const {
  auto lines = lines_;
  if (!partial_.empty()) lines.push_back(partial_);
  if (lines.size() > lines_max) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(lines_max));
  return lines;
}

std::optional<std::string> Child::take_exit() {
  if (!running()) return std::nullopt;
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
    return std::nullopt;
  }
  // The dead leader still holds the number, so the group is certainly ours: nginx' workers after their master's death.
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
  drain();
  return describe(info);
}

void Child::signal(int number) const {
  if (running()) ::kill(pid_, number);
}

void Child::stop() {
  signal(SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + spec_.grace;
  bool killed = false;
  while (running() && !take_exit()) {
    drain();  // or it would block on a full pipe
    if (!killed && std::chrono::steady_clock::now() >= deadline) {
      signal(SIGKILL);
      killed = true;
    }
    std::this_thread::sleep_for(Millis{10});
  }
  close_output();
}

void Child::close_output() {
  if (output_fd_ >= 0) ::close(output_fd_);
  output_fd_ = -1;
}

}  // namespace mamori::demo
