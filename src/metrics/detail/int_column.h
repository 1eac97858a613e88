// metrics/detail/int_column.h: packs a run of whole numbers that are mostly small (differences of counters, of times)
// into streams that a general compressor shrinks well: few that are not zero go to gaps and values, many to planes of
// bytes. Always holds: what is read is what was written, for all 64-bit numbers.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "metrics/detail/bytes.h"

namespace mamori::metrics::detail {

/// Most numbers of one run: a hostile length must not cost memory.
inline constexpr std::size_t kRunMax = 1u << 20;

/// Streams of one block; runs of all its series follow one another in them.
struct StreamWriter {
  std::string head;    // forms, bases, exponents
  std::string gaps;    // between the numbers that are not zero
  std::string values;  // those numbers, and numbers too large for their planes
  std::string planes;  // bytes of the others: a run's lowest bytes, then its next ones
};

struct StreamReader {
  ByteReader head, gaps, values, planes;
  bool ok() const { return head.ok() && gaps.ok() && values.ok() && planes.ok(); }
};

void write_ints(std::span<const std::int64_t> run, StreamWriter& out);

/// Fills `run`, whose length the caller knows. False when the streams make no sense.
bool read_ints(StreamReader& in, std::span<std::int64_t> run);

}  // namespace mamori::metrics::detail
