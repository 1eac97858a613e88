// metrics/detail/value_column.h: packs the values of one series in a window. What instruments count and measure is
// decimal: a value is kept as a whole number over a power of ten wherever that gives back every bit, a sum of decimals
// also with the few units in the last place that its rounding went astray; anything else as its bits.
// Always holds: decoding gives back every bit, NaN payloads and -0 included.
// The idea is ALP's (Afroozeh, Kuffó, Boncz: "ALP: Adaptive Lossless floating-Point Compression", SIGMOD 2024).
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "metrics/detail/int_column.h"
#include "metrics/store.h"

namespace mamori::metrics::detail {

inline constexpr int kExponentMax = 9;  // beyond it decimals of any meaning end, and random bits begin to pass for one

/// The whole numbers of a series of a block, for a later one to lean on: the buckets of one histogram count nearly the
/// same.
struct Numbers {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::int64_t> ints;
  std::uint32_t times = kNone;  // which time column they are of
};

/// The first byte of a series: bits 0-1 how values became numbers, bits 2-3 how numbers became a run, then flags.
struct ValueMode {
  static constexpr std::uint8_t kExceptions = 1 << 4, kScaled = 1 << 5, kExponent = 1 << 6, kUnknown = 1 << 7;
  enum class Method : std::uint8_t { Decimal, DecimalNearly, Bits, Wide };
  enum class Order : std::uint8_t { Level, Steps, StepsBefore, Constant };
  Method method = Method::Decimal;
  Order order = Order::Constant;
  std::uint8_t flags = 0;

  static ValueMode of(std::uint8_t byte) {
    return {static_cast<Method>(byte & 3), static_cast<Order>(byte >> 2 & 3), static_cast<std::uint8_t>(byte & 0xF0)};
  }
  std::uint8_t byte() const {
    return static_cast<std::uint8_t>(static_cast<unsigned>(method) | static_cast<unsigned>(order) << 2 | flags);
  }
  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

/// Encodes one window of one series after another; keeps buffers between them.
class ValueEncoder {
 public:
  void begin_block();
  /// `times`: the number of the time column.
  void write(std::span<const double> values, std::uint32_t times, StreamWriter& out);

 private:
  enum class Fit : std::uint8_t { Exact, Nearly };
  bool fits(std::span<const double> values, int exponent, Fit fit, std::size_t misfits_max);
  bool fits_wide(std::span<const double> values);
  bool find_method(std::span<const double> values);
  void fill_exceptions();
  void choose_order(const Numbers& before, std::uint32_t times);
  void take_scale();
  void take_bits(std::span<const double> values);
  void write_exceptions(StreamWriter& out);

  std::array<Numbers, kExponentMax + 1> before_;  // by exponent
  RunWriter runs_;
  // of the series at hand
  ValueMode mode_;
  int exponent_ = 0;
  std::int64_t base_ = 0;
  std::uint64_t unit_ = 1;  // Bits: how far the words are shifted
  std::int64_t least_ = 0;
  std::vector<std::uint32_t> exceptions_;      // places of what is no such number: NaN, infinities, -0
  std::vector<std::uint64_t> exception_bits_;  // what stands there
  std::vector<std::int64_t> ints_, ulps_, run_, other_run_;
};

/// Places [first, last) of a time column.
struct Cut {
  std::size_t first = 0, last = 0;
  bool empty() const { return first >= last; }
};

/// Decodes the series of a block in the order they were written.
class ValueReader {
 public:
  void begin_block();
  /// Reads the numbers of the next series, `size` in all, of which only those in `cut` are wanted; in one block the
  /// cut of a time column is always the same. False when the streams make no sense.
  bool next(std::size_t size, Cut cut, std::uint32_t times, StreamReader& in);
  /// Appends samples of the series read last; `times` are all of its column. `cut`: within that of next().
  void samples(std::span<const std::int64_t> times, Cut cut, std::vector<Sample>& out);
  /// All values of the series read last, if all were wanted.
  void values(std::span<double> to) const;
  std::size_t bytes() const;  // of memory

 private:
  bool read_run(const ValueMode& mode, std::size_t size, Cut cut, StreamReader& in);
  bool read_bits(const ValueMode& mode, std::size_t size, StreamReader& in);
  bool read_ulps(std::size_t size, Cut cut, StreamReader& in);
  bool read_exceptions(std::size_t size, StreamReader& in);
  template <typename Take>
  void with_conversion(const Take& take) const;

  std::array<Numbers, kExponentMax + 1> before_;
  RunReader runs_;
  // of the series read last
  ValueMode mode_;
  int exponent_ = 0;
  const std::vector<std::int64_t>* ints_ = nullptr;  // one of before_, or bits_
  std::vector<std::int64_t> bits_, ulps_;
  std::vector<std::uint32_t> exceptions_;
  std::vector<double> exception_values_;
  std::vector<Sample> made_;  // samples on their way out
};

}  // namespace mamori::metrics::detail
