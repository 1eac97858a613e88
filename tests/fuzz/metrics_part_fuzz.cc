// Any bytes as a block, as the index or as the labels of a part, under right checksums, so that what lies behind them
// is reached. A part opens and is read, or an error names it; what a range gives is what everything gives, cut.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/wal.h"
#include "metrics/detail/bytes.h"
#include "metrics/detail/part_layout.h"
#include "metrics/part.h"

namespace {

using namespace mamori;
using namespace mamori::metrics;
using namespace mamori::metrics::detail;

constexpr std::int64_t kEndMs = 4'000'000;

std::string packed(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1));
  return out;
}

struct Content {
  std::string block, index, labels;
  std::size_t series = 0;
};

std::string file_of(const Content& content) {
  std::string file(kPartMagic);
  put_raw(file, crc32c(content.block));
  file += content.block;
  std::string sections;
  for (const auto* section : {&content.index, &content.labels}) {
    const auto bytes = packed(*section);
    put_raw(sections, std::uint64_t{file.size()});
    put_raw(sections, std::uint64_t{bytes.size()});
    put_raw(sections, std::uint64_t{section->size()});
    put_raw(sections, std::uint64_t{crc32c(bytes)});
    file += bytes;
  }
  std::string footer;
  for (const std::uint64_t number :
       {std::uint64_t{1}, std::uint64_t{content.series}, std::uint64_t{0}, static_cast<std::uint64_t>(kEndMs)})
    put_raw(footer, number);
  footer += sections;
  put_raw(footer, std::uint64_t{crc32c(footer)});
  return file + footer + std::string(kPartEnd);
}

Content content_of(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  Content content{
      .block = std::string("\0\0\0\0\0\0\0", 7), .index = {}, .labels = {}, .series = 1u + data[0] / 4 % 16};
  if (data[0] % 4 < 2) content.block = body;
  put_varint(content.index, content.series);
  for (std::size_t i = 0; i < content.series; ++i) put_varint(content.index, i == 0 ? 0 : 1);
  put_varint(content.index, 1);  // group
  put_varint(content.index, content.series);
  put_varint(content.index, 1);  // window
  put_signed(content.index, 0);
  put_varint(content.index, kEndMs);
  put_varint(content.index, content.block.size());
  put_varint(content.labels, 0);
  for (std::size_t i = 0; i < content.series; ++i) put_varint(content.labels, 0);
  if (data[0] % 4 == 2) content.index = body;
  if (data[0] % 4 == 3) content.labels = body;
  return content;
}

struct Folder {
  Folder() {
    path = "/dev/shm/mamori-part-fuzz-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) abort();
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

void check_range(const SeriesData& all, const SeriesData& some, std::int64_t start_ms, std::int64_t end_ms) {
  std::size_t at = 0;
  for (const auto& sample : all.samples) {
    if (sample.time_ms < start_ms || sample.time_ms > end_ms) continue;
    MAMORI_ASSERT(at < some.samples.size() && some.samples[at].time_ms == sample.time_ms);
    MAMORI_ASSERT(std::bit_cast<std::uint64_t>(some.samples[at].value) == std::bit_cast<std::uint64_t>(sample.value));
    ++at;
  }
  MAMORI_ASSERT(at == some.samples.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  if (size < 2) return 0;
  const auto path = folder.path + "/1.part";
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << file_of(content_of(data, size));
  const auto part = Part::open(path);
  if (!part) {
    MAMORI_ASSERT(part.error().code == Code::Corrupt && part.error().message.starts_with(path));
    return 0;
  }
  (void)(*part)->labels();
  const auto whole = (*part)->cursor(), cut = (*part)->cursor();
  for (std::size_t i = 0; i < (*part)->series().size() && i < 64; ++i) {
    SeriesData all, some;
    if (!whole->read(i, INT64_MIN, INT64_MAX, all)) break;
    for (std::size_t k = 1; k < all.samples.size(); ++k)
      MAMORI_ASSERT(all.samples[k - 1].time_ms < all.samples[k].time_ms);
    MAMORI_ASSERT(cut->read(i, kEndMs / 4, kEndMs / 2, some).has_value());
    check_range(all, some, kEndMs / 4, kEndMs / 2);
  }
  return 0;
}
