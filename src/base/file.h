// base/file.h: the few file operations that several stores need, done the one safe way.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace mamori {

/// A file descriptor that closes itself.
class File {
 public:
  explicit File(int fd = -1) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~File();
  int fd() const { return fd_; }

 private:
  int fd_;
};

/// The error of a call that has just failed, by errno: "write /data/x: No space left on device". Unavailable for what
/// may pass by itself (disk full, too many open files, an I/O error), Io for the rest.
Error io_error(std::string_view call, const std::string& path);

/// Writes all of `bytes`. `path`: for the message.
Result<void> write_all(int fd, std::string_view bytes, const std::string& path);

/// fsyncs a folder, so that a file made, renamed or deleted in it stays so.
Result<void> sync_dir(const std::string& dir);

/// The file is the old or the new text, whatever happens in between: writes beside it (`path`.tmp), syncs, renames,
/// syncs the folder. On failure nothing is left behind. Errors: as io_error.
Result<void> write_atomically(const std::string& path, std::string_view bytes);

/// Nothing when there is no such file. Errors: as io_error.
Result<std::optional<std::string>> read_if_there(const std::string& path);

/// Renames a file that makes no sense to `path`.damaged, so that it can be looked at; a sentence that says so.
std::string set_aside(const std::string& path, const Error& why);

}  // namespace mamori
