#include "app/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace mamori::app {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace

Result<DataDir> DataDir::open(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    fs::create_directories(path, error);
    if (error)
      return Error{Code::Io, "cannot create the data directory " + path + ": " + error.message() +
                                 "; choose another with --data"};
    fs::permissions(path, fs::perms::owner_all, error);
  } else if (!fs::is_directory(path, error)) {
    return Error{Code::Io, path + " is not a directory; choose another with --data"};
  }
  if (fs::exists(path + "/LAYOUT", error)) {
    return Error{Code::Io,
                 path + " is a metrics store itself, such as a snapshot: copy it to NEW/metrics, and give --data NEW"};
  }
  const std::string lock_path = path + "/LOCK";
  const int fd = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error{Code::Io, "cannot write in the data directory " + path + ": " + reason(errno) +
                               "; make it writable for this user, or choose another with --data"};
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return Error{Code::Unavailable,
                 "another mamori uses the data directory " + path + "; stop it, or choose another with --data"};
  }
  return DataDir(path, fd);
}

DataDir::~DataDir() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

}  // namespace mamori::app
