// Any bytes as a part's body and as a record of the log, under right checksums, so that what lies behind them is
// reached: a damaged store opens, answers, and takes new samples.
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "base/log.h"
#include "metrics/store.h"

namespace {

void append_u32(std::string& out, std::uint32_t value) { out.append(reinterpret_cast<const char*>(&value), 4); }

void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

/// One folder for the whole run, removed at its end.
struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mamori-metrics-fuzz-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mamori;
  static const Folder folder;
  set_log_level(static_cast<LogLevel>(static_cast<int>(LogLevel::Error) + 1));  // damage is the normal case here
  if (size < 2) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const char* part : {"/wal", "/parts"}) {
    std::filesystem::remove_all(folder.path + part);
    std::filesystem::create_directories(folder.path + part);
  }
  if (data[0] % 2 == 0) {
    std::string bytes = "MAMOPRT1" + body;
    append_u32(bytes, crc32c(bytes));
    write(folder.path + "/parts/0000000000000001.part", bytes);
  } else {
    std::string bytes = "MAMOWAL1";
    append_u32(bytes, static_cast<std::uint32_t>(body.size()));
    append_u32(bytes, crc32c(body));
    write(folder.path + "/wal/00000001.wal", bytes + body);
  }
  const SystemClock clock;
  std::vector<std::string> warnings;
  const auto store = metrics::Store::open(folder.path, {.wal = {.fsync = Fsync::Never}}, clock, warnings);
  MAMORI_ASSERT(store.has_value());
  const auto everything = std::numeric_limits<std::int64_t>::max();
  (void)(*store)->select({}, std::numeric_limits<std::int64_t>::min(), everything);
  const metrics::SeriesSample sample{metrics::Labels({{"__name__", "fuzz_probe"}}), {everything, 1}};
  MAMORI_ASSERT((*store)->append({&sample, 1}).has_value());
  return 0;
}
