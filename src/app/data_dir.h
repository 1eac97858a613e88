// app/data_dir.h: the directory that holds all that must survive: made private, checked, and locked to one process.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"

namespace mamori::app {

/// Holds the lock as long as it lives.
class DataDir {
 public:
  /// Creates `path` (mode 0700) if it is missing. Errors: Io when it cannot be made or written, Unavailable when
  /// another process has it; each with the remedy.
  static Result<DataDir> open(const std::string& path);
  DataDir(DataDir&& other) noexcept : path_(std::move(other.path_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}
  DataDir& operator=(DataDir&&) = delete;
  ~DataDir();
  const std::string& path() const { return path_; }

 private:
  DataDir(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}
  std::string path_;
  int lock_fd_ = -1;
};

}  // namespace mamori::app
