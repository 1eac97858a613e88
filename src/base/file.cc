#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace mamori {

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Error io_error(std::string_view call, const std::string& path) {
  const int number = errno;
  const bool passes = number == ENOSPC || number == EDQUOT || number == EIO || number == EMFILE || number == ENFILE;
  return {passes ? Code::Unavailable : Code::Io,
          std::string(call) + " " + path + ": " + std::generic_category().message(number)};
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_dir(const std::string& dir) {
  const File folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd() < 0) return io_error("open", dir);
  if (::fsync(folder.fd()) != 0) return io_error("fsync", dir);
  return {};
}

Result<void> write_atomically(const std::string& path, std::string_view bytes) {
  const std::string beside = path + ".tmp";
  const auto write_beside = [&]() -> Result<void> {
    const File file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.fd() < 0) return io_error("open", beside);
    MAMORI_TRY_VOID(write_all(file.fd(), bytes, beside));
    if (::fsync(file.fd()) != 0) return io_error("fsync", beside);
    if (std::rename(beside.c_str(), path.c_str()) != 0) return io_error("rename", beside);
    return {};
  };
  auto written = write_beside();
  if (!written) {
    ::unlink(beside.c_str());
    return written;
  }
  return sync_dir(std::filesystem::path(path).parent_path().string());
}

Result<std::optional<std::string>> read_if_there(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0 && errno == ENOENT) return std::optional<std::string>{};
  if (file.fd() < 0) return io_error("open", path);
  std::string bytes;
  char buffer[64 * 1024];
  for (;;) {
    const auto got = ::read(file.fd(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("read", path);
    if (got == 0) return std::optional(std::move(bytes));
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
}

std::string set_aside(const std::string& path, const Error& why) {
  std::error_code ignored;
  std::filesystem::rename(path, path + ".damaged", ignored);
  return path + " makes no sense (" + why.message + "); it was renamed to " + path + ".damaged";
}

}  // namespace mamori
