#include "demo/rolling_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace mamori::demo {

Result<std::unique_ptr<RollingFile>> RollingFile::open(std::string path, std::uint64_t bytes_max) {
  std::unique_ptr<RollingFile> file(new RollingFile(std::move(path), bytes_max));
  MAMORI_TRY_VOID(file->reopen());
  return file;
}

RollingFile::~RollingFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> RollingFile::reopen() {
  const int fd = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Error{Code::Io, "open " + path_ + ": " + std::strerror(errno)};
  struct stat status{};
  bytes_ = ::fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  return {};
}

void RollingFile::append(std::string_view line) {
  std::string text(line);
  text += '\n';
  const std::lock_guard lock(mutex_);
  if (bytes_ > 0 && bytes_ + text.size() > bytes_max_) {
    std::rename(path_.c_str(), (path_ + ".1").c_str());
    if (!reopen()) {
      ++lost_;
      return;
    }
  }
  const auto written = ::write(fd_, text.data(), text.size());
  if (written > 0) bytes_ += static_cast<std::uint64_t>(written);
  if (written != static_cast<ssize_t>(text.size())) ++lost_;
}

std::uint64_t RollingFile::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

}  // namespace mamori::demo
