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

template <typename Numbers, typename Visit>
void for_each_in(const Numbers numbers, const Run& run, const Visit& visit) {
  std::size_t i = 0;
  for (std::size_t p = 0; p < run.places.size(); ++p) {
    for (const std::size_t end = run.places[p]; i < end; ++i) visit(i, static_cast<std::int64_t>(numbers[i]));
    visit(i++, run.patches[p]);
  }
  for (; i < run.size; ++i) visit(i, static_cast<std::int64_t>(numbers[i]));
}

/// Calls visit(i, number) for each number of the run in order.
template <typename Visit>
void for_each(const Run& run, const Visit& visit) {
  switch (run.kind) {
    case Run::Kind::None:
      return for_each_in(Zeros{}, run, visit);
    case Run::Kind::U8:
      return for_each_in(static_cast<const std::uint8_t*>(run.data), run, visit);
    case Run::Kind::I8:
      return for_each_in(static_cast<const std::int8_t*>(run.data), run, visit);
    case Run::Kind::U16:
      return for_each_in(static_cast<const std::uint16_t*>(run.data), run, visit);
    case Run::Kind::I16:
      return for_each_in(static_cast<const std::int16_t*>(run.data), run, visit);
    case Run::Kind::I64:
      return for_each_in(static_cast<const std::int64_t*>(run.data), run, visit);
  }
}

}  // namespace mamori::metrics::detail
