// metrics/detail/part_layout.h: what the writer and the reader of a part agree on; docs/formats/metrics-part.md tells
// it byte by byte.
#pragma once
#include <cstdint>
#include <string_view>

namespace mamori::metrics::detail {

inline constexpr std::string_view kPartMagic = "MAMOPRT1", kPartEnd = "MAMOEND1";

/// Where a section lies, and how long it is unpacked.
struct Section {
  std::uint64_t offset = 0, bytes = 0, bytes_unpacked = 0;
  std::uint32_t crc = 0;
};

struct PartFooter {
  std::uint64_t samples = 0, series = 0;
  std::int64_t start_ms = 0, end_ms = 0;
  Section index, labels;
};

// Numbers of 8 bytes: samples, series, start, end, then twice offset, bytes, bytes unpacked, crc; the footer's own crc;
// the end's magic.
inline constexpr std::size_t kFooterBytes = 8 * (4 + 2 * 4 + 1) + 8;

inline constexpr std::size_t kGroupSeriesMax = 512;  // of one group, and so of one block

}  // namespace mamori::metrics::detail
