#include "metrics/detail/int_column.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace mamori::metrics::detail {
namespace {

// The form of a run, one byte: bits 0-3 the planes (0: sparse), bit 4 zigzag, bit 5 patches follow.
constexpr std::uint8_t kPlanesMask = 0x0F, kZigzag = 0x10, kPatched = 0x20;

int bytes_of(std::uint64_t value) { return (std::bit_width(value | 1) + 7) / 8; }

void write_sparse(std::span<const std::uint64_t> run, std::size_t others, StreamWriter& out) {
  put_varint(out.head, others);
  std::uint64_t gap = 0;
  for (const auto value : run) {
    if (value == 0) {
      ++gap;
      continue;
    }
    put_varint(out.gaps, std::exchange(gap, 0));
    put_varint(out.values, value - 1);
  }
}

/// Numbers with more bytes than `planes` are patches: zero in the planes, and their place and value apart.
void write_dense(std::span<const std::uint64_t> run, int planes, std::size_t patches, StreamWriter& out) {
  if (patches > 0) put_varint(out.head, patches);
  const auto start = out.planes.size();
  out.planes.resize(start + run.size() * static_cast<std::size_t>(planes));
  char* to = out.planes.data() + start;
  std::uint64_t gap = 0;
  for (std::size_t i = 0; i < run.size(); ++i) {
    auto value = run[i];
    if (patches > 0) {
      if (bytes_of(value) > planes) {
        put_varint(out.gaps, std::exchange(gap, 0));
        put_varint(out.values, value);
        value = 0;
      } else {
        ++gap;
      }
    }
    for (int p = 0; p < planes; ++p)
      to[static_cast<std::size_t>(p) * run.size() + i] = static_cast<char>(value >> 8 * p);
  }
}

}  // namespace

void write_ints(std::span<const std::int64_t> run, StreamWriter& out) {
  const bool zigzagged = std::ranges::any_of(run, [](std::int64_t value) { return value < 0; });
  thread_local std::vector<std::uint64_t> coded;
  coded.resize(run.size());
  std::array<std::size_t, 9> by_bytes{};
  std::size_t others = 0;  // that are not zero
  for (std::size_t i = 0; i < run.size(); ++i) {
    coded[i] = zigzagged ? zigzag(run[i]) : static_cast<std::uint64_t>(run[i]);
    others += coded[i] != 0;
    ++by_bytes[static_cast<std::size_t>(bytes_of(coded[i]))];
  }
  const std::uint8_t sign = zigzagged ? kZigzag : 0;
  // A plane costs at least a bit a number after Huffman coding; a gap and a value about ten bits together.
  if (others * 8 <= run.size()) {
    out.head += static_cast<char>(sign);
    return write_sparse(coded, others, out);
  }
  int planes = 8;
  std::size_t patches = 0, best = run.size() * 8;
  for (std::size_t larger = 0, p = 8; p-- > 1;) {
    larger += by_bytes[p + 1];
    const auto cost = run.size() * p + larger * (3 + p);
    if (cost >= best) continue;
    best = cost;
    planes = static_cast<int>(p);
    patches = larger;
  }
  out.head += static_cast<char>(sign | planes | (patches > 0 ? kPatched : 0));
  write_dense(coded, planes, patches, out);
}

bool read_ints(StreamReader& in, std::span<std::int64_t> run) {
  const auto form = in.head.raw<std::uint8_t>();
  const bool zigzagged = (form & kZigzag) != 0;
  const std::size_t planes = form & kPlanesMask;
  if (planes > 8 || (form & ~(kPlanesMask | kZigzag | kPatched)) != 0) return false;
  if (planes == 0) {
    const auto others = in.head.varint();
    if (others > run.size()) return false;
    std::ranges::fill(run, 0);
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < others; ++i) {
      const auto gap = in.gaps.varint();
      const auto value = in.values.varint() + 1;
      if (gap >= run.size() - at) return false;
      at += gap;
      run[at++] = zigzagged ? unzigzag(value) : static_cast<std::int64_t>(value);
      if (at == run.size() && i + 1 < others) return false;
    }
    return in.ok();
  }
  const auto patches = (form & kPatched) != 0 ? in.head.varint() : 0;
  if (patches > run.size()) return false;
  const auto bytes = in.planes.take(run.size() * planes);
  if (!in.planes.ok()) return false;
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto n = run.size();
  if (planes == 1 && zigzagged) {
    for (std::size_t i = 0; i < n; ++i) run[i] = (from[i] >> 1) ^ -(from[i] & 1);
  } else if (planes == 1) {
    for (std::size_t i = 0; i < n; ++i) run[i] = from[i];
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      std::uint64_t value = 0;
      for (std::size_t p = 0; p < planes; ++p) value |= static_cast<std::uint64_t>(from[p * n + i]) << 8 * p;
      run[i] = zigzagged ? unzigzag(value) : static_cast<std::int64_t>(value);
    }
  }
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < patches; ++i) {
    const auto gap = in.gaps.varint();
    const auto value = in.values.varint();
    if (at >= n || gap >= n - at) return false;
    at += gap;
    run[at++] = zigzagged ? unzigzag(value) : static_cast<std::int64_t>(value);
  }
  return in.ok();
}

}  // namespace mamori::metrics::detail
