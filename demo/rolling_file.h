// demo/rolling_file.h: an append-only text file of bounded size. When full it becomes NAME.1 (replacing the previous
// one) and a new one begins, so a demo left running overnight does not fill the disk.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mamori::demo {

/// Thread-safe.
class RollingFile {
 public:
  /// At most about 2 * `bytes_max` lie on disk. Errors: Io.
  static Result<std::unique_ptr<RollingFile>> open(std::string path, std::uint64_t bytes_max);
  ~RollingFile();
  RollingFile(const RollingFile&) = delete;
  RollingFile& operator=(const RollingFile&) = delete;

  /// Appends `line` and a newline in one write, so that a reader never sees half a line of two writers.
  /// A failed write (disk full) loses the line and is counted.
  void append(std::string_view line);
  std::uint64_t lost() const;

 private:
  RollingFile(std::string path, std::uint64_t bytes_max) : path_(std::move(path)), bytes_max_(bytes_max) {}
  Result<void> reopen();

  const std::string path_;
  const std::uint64_t bytes_max_;
  mutable std::mutex mutex_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0, lost_ = 0;
};

}  // namespace mamori::demo
