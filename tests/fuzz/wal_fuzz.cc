// Any bytes as a segment of the write-ahead log: opening mends it, what was replayed is replayed again at the next
// start, without a warning, and a record appended after the mending is there. A newer version's segment is refused
// whole.
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/wal.h"

namespace {

struct Opened {
  std::vector<std::string> records, warnings;
  std::unique_ptr<mamori::Wal> wal;
};

Opened open(const std::string& dir) {
  Opened opened;
  auto wal = mamori::Wal::open(
      dir, {.fsync = mamori::Fsync::Never},
      [&](std::uint32_t, std::string_view record) { opened.records.emplace_back(record); }, opened.warnings);
  if (wal) {
    opened.wal = *std::move(wal);
  } else {
    MAMORI_ASSERT(wal.error().code == mamori::Code::Corrupt);  // a newer version's: refused, and left as it is
  }
  return opened;
}

/// One folder for the whole run, removed at its end.
struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mamori-wal-fuzz-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path)) std::filesystem::remove(entry.path());
  std::ofstream(folder.path + "/00000001.wal", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  auto first = open(folder.path);
  if (!first.wal) {
    MAMORI_ASSERT(std::filesystem::file_size(folder.path + "/00000001.wal") == size);
    return 0;
  }
  MAMORI_ASSERT(first.wal->append("appended").has_value());
  first.records.emplace_back("appended");
  first.wal.reset();
  const auto second = open(folder.path);
  MAMORI_ASSERT(second.records == first.records);
  MAMORI_ASSERT(second.warnings.empty());
  return 0;
}
