// metrics/detail/int_column.h: packs a run of whole numbers that are mostly small (differences of counters, of times)
// into planes of bits just wide enough for most of them, and patches for the others.
// Always holds: what is read is what was written, for all 64-bit numbers.
// Source: Zukowski et al., "Super-Scalar RAM-CPU Cache Compression" (PFOR), ICDE 2006; a patch holds the high bits
// only, as in Lemire and Boytsov, "Decoding billions of integers per second through vectorization", 2015.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/detail/bytes.h"

namespace mamori::metrics::detail {

/// Most numbers of one run (a window of one series): a hostile length must not cost memory.
inline constexpr std::size_t kRunMax = 4096;

/// Streams of one block; runs of all its series follow one another in them. Apart, because each compresses best among
/// its like: forms repeat, gaps are skewed, the low bits are noise that a compressor should not even try.
struct StreamWriter {
  std::string forms;   // forms, exponents, counts
  std::string bases;   // first numbers
  std::string gaps;    // between patches
  std::string values;  // of patches, and of exceptions
  std::string bits;    // planes narrower than a byte
  std::string bytes;   // planes of whole bytes
};

struct StreamReader {
  ByteReader forms, bases, gaps, values, bits, bytes;
  bool ok() const { return forms.ok() && bases.ok() && gaps.ok() && values.ok() && bits.ok() && bytes.ok(); }
};

/// Encodes runs; keeps buffers between them.
class RunWriter {
 public:
  void write(std::span<const std::int64_t> run, StreamWriter& out);

 private:
  struct Form {
    bool zigzag = false;
    unsigned width = 0;
    std::size_t patches = 0;
  };
  Form choose(std::span<const std::int64_t> run);
  void write_planes(const Form& form, StreamWriter& out);

  std::vector<std::uint64_t> coded_;
  std::vector<unsigned char> plane_;
};

/// A run as its planes give it, and its patches; for_each puts them together.
struct Run {
  /// None: all are zero but for the patches.
  enum class Kind : std::uint8_t { None, U8, I8, U16, I16, I64 };
  Kind kind = Kind::None;
  std::size_t size = 0;
  const void* data = nullptr;
  std::span<const std::uint32_t> places;  // of patches, ascending
  std::span<const std::int64_t> patches;  // the whole numbers there
};

class RunReader {
 public:
  /// Reads a run of `size` numbers; its data lives until the next call. False when the streams make no sense.
  bool read(StreamReader& in, std::size_t size, Run& run);

 private:
  bool read_patches(StreamReader& in, std::size_t size, unsigned width, std::uint64_t count);
  bool read_narrow(StreamReader& in, std::size_t size, unsigned width);
  template <typename T>
  void finish(T* numbers, bool zigzagged, Run& run);

  std::vector<std::uint32_t> places_;
  std::vector<std::int64_t> patches_;
  std::vector<std::uint8_t> narrow_;  // what the planes narrower than a byte give together
  std::vector<std::uint16_t> words_;
  std::vector<std::uint64_t> numbers_;
};

struct Zeros {
  std::int64_t operator[](std::size_t) const { return 0; }
};

/// Calls `take` with what gives the numbers of the run's planes by index.
template <typename Take>
auto with_planes(const Run& run, const Take& take) {
  switch (run.kind) {
    case Run::Kind::U8:
      return take(static_cast<const std::uint8_t*>(run.data));
    case Run::Kind::I8:
      return take(static_cast<const std::int8_t*>(run.data));
    case Run::Kind::U16:
      return take(static_cast<const std::uint16_t*>(run.data));
    case Run::Kind::I16:
      return take(static_cast<const std::int16_t*>(run.data));
    case Run::Kind::I64:
      return take(static_cast<const std::int64_t*>(run.data));
    case Run::Kind::None:
      break;
  }
  return take(Zeros{});
}

/// Calls visit(i, number) for the numbers [first, last) of the run in order.
template <typename Visit>
void for_each(const Run& run, std::size_t first, std::size_t last, const Visit& visit) {
  with_planes(run, [&](const auto numbers) {
    // In locals, so that what `visit` writes cannot be the bound of the loops.
    const auto end = last, patch_count = run.places.size();
    const auto* places = run.places.data();
    const auto* patches = run.patches.data();
    std::size_t i = first, p = 0;
    while (p < patch_count && places[p] < i) ++p;
    for (; p < patch_count && places[p] < end; ++p) {
      for (const std::size_t patch = places[p]; i < patch; ++i) visit(i, static_cast<std::int64_t>(numbers[i]));
      visit(i++, patches[p]);
    }
    for (; i < end; ++i) visit(i, static_cast<std::int64_t>(numbers[i]));
  });
}

template <typename Visit>
void for_each(const Run& run, const Visit& visit) {
  for_each(run, 0, run.size, visit);
}

/// Of the first `count` numbers of the run; it wraps.
std::int64_t sum(const Run& run, std::size_t count);

}  // namespace mamori::metrics::detail
