// Any bytes as a batch of the catalogue, a record of the log or a list of deletions, under right checksums, so that
// what lies behind them is reached; or as a whole part. A damaged store opens, answers, takes new samples, and writes
// parts.
#include <stdlib.h>
#include <zstd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "base/log.h"
#include "metrics/detail/file_store.h"

namespace {

void append_u32(std::string& out, std::size_t value) {
  const auto number = static_cast<std::uint32_t>(value);
  out.append(reinterpret_cast<const char*>(&number), 4);
}

void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

/// One folder for the whole run, removed at its end.
struct Folder {
  Folder() {
    path = "/dev/shm/mamori-metrics-fuzz-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) abort();
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

std::string catalogue(const std::string& content) {
  std::string packed(ZSTD_compressBound(content.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), 1));
  std::string header;
  append_u32(header, packed.size());
  append_u32(header, content.size());
  append_u32(header, mamori::crc32c(packed, mamori::crc32c(header)));
  return "MAMOCAT1" + header + packed;
}

std::string log(const std::string& record) {
  std::string bytes = "MAMOWAL1";
  append_u32(bytes, record.size());
  append_u32(bytes, mamori::crc32c(record));
  return bytes + record;
}

std::string deletions(const std::string& content) {
  auto bytes = "MAMODEL1" + content;
  append_u32(bytes, mamori::crc32c(bytes));
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mamori;
  static const Folder folder;
  set_log_level(static_cast<LogLevel>(static_cast<int>(LogLevel::Error) + 1));  // damage is the normal case here
  if (size < 2) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::filesystem::remove_all(folder.path);
  for (const char* part : {"/wal", "/parts"}) std::filesystem::create_directories(folder.path + part);
  write(folder.path + "/LAYOUT", "mamori metrics, layout 2\n");
  // A known series, so that samples and deletions may mean one: id 0, a="b".
  write(folder.path + "/catalogue", catalogue(data[0] % 4 == 0 ? body
                                                               : std::string("\x01\x00\x01\x01"
                                                                             "a\x01"
                                                                             "b",
                                                                             7)));
  if (data[0] % 4 == 1) write(folder.path + "/wal/00000001.wal", log(body));
  if (data[0] % 4 == 2) write(folder.path + "/tombstones", deletions(body));
  if (data[0] % 4 == 3) write(folder.path + "/parts/00000001-00000001-00000000.part", body);
  const SystemClock clock;
  std::vector<std::string> warnings;
  metrics::StoreOptions options{.wal = {.fsync = Fsync::Never}};
  options.background = false;
  metrics::detail::FileStore store(folder.path, options, clock);
  if (const auto opened = store.recover(warnings); !opened) {
    MAMORI_ASSERT(opened.error().message.find("newer version") != std::string::npos);
    return 0;
  }
  const auto everything = std::numeric_limits<std::int64_t>::max();
  (void)store.select({}, std::numeric_limits<std::int64_t>::min(), everything);
  const metrics::SeriesSample sample{metrics::Labels({{"__name__", "fuzz_probe"}}), {to_millis(clock.now()), 1}};
  MAMORI_ASSERT(store.append({&sample, 1}).has_value());
  if (store.stats().refused_series_max > 0) return 0;  // the catalogue says that all ids are given away
  MAMORI_ASSERT(store.flush().has_value());
  MAMORI_ASSERT(!store.select({}, sample.sample.time_ms, everything).empty());
  return 0;
}
