// Fuzzes what the log store reads back from disk: a record of its write-ahead log, a part's index, a block's lines.
// They are behind checksums, but a checksum says only that the bytes are what somebody wrote.
#include <cstdint>
#include <string>

#include "logs/detail/batch.h"
#include "logs/detail/part.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mamori;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (const auto batch = logs::detail::decode_batch(bytes)) {
    for (const auto& entry : batch->entries) MAMORI_ASSERT(batch->json(entry).size() == entry.length);
  }
  if (const auto index = logs::detail::decode_index(bytes)) {
    MAMORI_ASSERT(logs::detail::encode_index(*index) == bytes);
  }
  (void)logs::detail::decode_lines(bytes, 7);
  return 0;
}
