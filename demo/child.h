// demo/child.h: one program that the demo runs: started in a process group of its own, its output kept, ended by its
// process id. Invariants: it does not outlive this process, even one that is killed; its id is not reaped before what
// is left of its group has been killed, so no signal ever meets a stranger.
#pragma once
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "base/time.h"
#include "demo/rolling_file.h"

namespace mamori::demo {

/// The environment variable that tells a child how often it was started before: "0", "1", …
inline constexpr const char* kStartsVariable = "MAMORI_DEMO_STARTS";

struct ChildSpec {
  std::string name;
  std::vector<std::string> argv;         // argv[0]: full path
  std::vector<std::string> environment;  // NAME=value, added to ours
  std::string output_path;               // what it prints, at most about 2 x 4 MiB
  int death_signal = SIGKILL;            // what the kernel sends it when this process dies
  Millis grace{3000};                    // between SIGTERM and SIGKILL
};

/// Single-threaded. REQUIRES: start() is called from the main thread (the kernel's death signal follows the thread).
class Child {
 public:
  explicit Child(ChildSpec spec) : spec_(std::move(spec)) {}
  ~Child();  // kills what still runs
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Errors: Io when no process or file can be made. A program that cannot be executed ends with exit code 127.
  Result<void> start();

  /// Reads what it printed, without waiting.
  void drain();
  /// "exit code 1" or "signal 9" once it has ended since the last call; kills the rest of its group.
  std::optional<std::string> take_exit();
  void signal(int number) const;
  /// SIGTERM, then SIGKILL after the grace; returns when it is gone.
  void stop();

  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  int output_fd() const { return output_fd_; }
  const std::string& name() const { return spec_.name; }
  /// The last lines printed, oldest first.
  std::vector<std::string> last_lines(std::size_t lines_max) const;

 private:
  void keep(std::string_view text);
  void close_output();

  ChildSpec spec_;
  pid_t pid_ = -1;
  int output_fd_ = -1;
  int starts_ = 0;
  std::unique_ptr<RollingFile> output_;
  std::string partial_;
  std::vector<std::string> lines_;  // newest last, bounded
};

}  // namespace mamori::demo
