#include "demo/workdir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace mamori::demo {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = ".mamori-demo";
constexpr std::array<const char*, 5> kFolders{"data", "logs", "nginx", "rsyslog", "shop"};

Error io(const std::string& what) { return {Code::Io, what + ": " + std::strerror(errno)}; }

Result<void> check_owner(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return io("lstat " + path);
  if (!S_ISDIR(status.st_mode)) return invalid_argument(path + " is no directory: name another with --dir");
  if (status.st_uid != ::geteuid()) {
    return invalid_argument(path + " belongs to another user: name a directory of your own with --dir");
  }
  if ((status.st_mode & 022) != 0) {
    return invalid_argument(path + " may be written by other users: chmod 700 it, or name another with --dir");
  }
  return {};
}

Result<void> check_contents(const std::string& path) {
  std::error_code error;
  if (fs::exists(path + "/" + kMarker, error) || fs::is_empty(path, error)) return {};
  return invalid_argument(path + " is not empty and holds no earlier demo: name another with --dir");
}

}  // namespace

std::string default_workdir() {
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime == '/') {
    struct stat status{};
    if (::stat(runtime, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid()) {
      return std::string(runtime) + "/mamori-demo";
    }
  }
  return "/tmp/mamori-demo-" + std::to_string(::geteuid());
}

Result<Workdir> Workdir::make(const std::string& given) {
  std::error_code error;
  const std::string path = fs::absolute(given, error).lexically_normal().string();
  // Configuration files quote it, and nginx refuses paths past this.
  if (path.size() > 200 || path.find_first_of("\"\\'$;{}\n ") != std::string::npos) {
    return invalid_argument(path + ": name a shorter --dir without blanks, quotes, $, ; and braces");
  }
  if (fs::path(path).has_parent_path()) fs::create_directories(fs::path(path).parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return io("mkdir " + path);
  MAMORI_TRY_VOID(check_owner(path));
  MAMORI_TRY_VOID(check_contents(path));

  const int lock_fd = ::open((path + "/" + kMarker).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd < 0) return io("open " + path + "/" + kMarker);
  Workdir workdir(path, lock_fd);
  if (::flock(lock_fd, LOCK_EX | LOCK_NB) != 0) {
    return Error{Code::Unavailable,
                 "a demo runs in " + path + " already: stop it, or name another directory with --dir"};
  }
  for (const char* folder : kFolders) {
    const std::string inside = path + "/" + folder;
    fs::remove_all(inside, error);
    if (::mkdir(inside.c_str(), 0700) != 0) return io("mkdir " + inside);
  }
  return workdir;
}

Workdir::Workdir(Workdir&& other) noexcept
    : path_(std::move(other.path_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

Workdir::~Workdir() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

Result<void> write_private_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return io("open " + temporary);
  const auto written = ::write(fd, text.data(), text.size());
  const bool complete = written == static_cast<ssize_t>(text.size());
  ::close(fd);
  if (!complete) return io("write " + temporary);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return io("rename " + temporary);
  return {};
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{errno == ENOENT ? Code::NotFound : Code::Io, "open " + path + ": " + std::strerror(errno)};
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace mamori::demo
