// demo/workdir.h: the demo's working directory: private to the user, one demo at a time, emptied at each start.
// Invariant: nothing is deleted in a directory that the demo did not make.
#pragma once
#include <string>

#include "base/result.h"

namespace mamori::demo {

/// $XDG_RUNTIME_DIR/mamori-demo, or /tmp/mamori-demo-UID.
std::string default_workdir();

/// Holds the directory's lock while it lives.
class Workdir {
 public:
  /// Makes `path` (0700) with its subdirectories data, logs, nginx, rsyslog and shop, all empty.
  /// Errors: InvalidArgument when `path` is a file, is somebody else's, may be written by others, is too long, or holds
  /// something but no demo; Unavailable when a demo runs in it; Io.
  static Result<Workdir> make(const std::string& path);
  Workdir(Workdir&& other) noexcept;
  Workdir& operator=(Workdir&&) = delete;
  ~Workdir();

  const std::string& path() const { return path_; }

 private:
  Workdir(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}
  std::string path_;
  int lock_fd_ = -1;
};

/// Replaces the file at once, readable by its owner only. Errors: Io.
Result<void> write_private_file(const std::string& path, const std::string& text);
/// Errors: NotFound; Io.
Result<std::string> read_file(const std::string& path);

}  // namespace mamori::demo
