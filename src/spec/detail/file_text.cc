#include "spec/detail/file_text.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace mamori::spec {

Result<std::string> read_file_text(const std::string& path, std::string_view what, std::size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    const Code code = error == ENOENT ? Code::NotFound : Code::Io;
    return Error{code, "cannot open " + std::string(what) + " " + path + ": " + std::strerror(error)};
  }
  std::string text(bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.gcount() == 0 && !file.eof())) {
    return Error{Code::Io, "cannot read " + std::string(what) + " " + path + ": is it a folder?"};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace mamori::spec
