// metrics/detail/value_column.h: packs the values of one series in a window. What instruments count and measure is
// decimal: a value is kept as a whole number over a power of ten wherever that gives back every bit, a sum of decimals
// also with the few units in the last place that its rounding went astray; anything else as its bits.
// Always holds: decoding gives back every bit, NaN payloads and -0 included.
// The idea is ALP's (Afroozeh, Kuffó, Boncz: "ALP: Adaptive Lossless floating-Point Compression", SIGMOD 2024).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/detail/int_column.h"

namespace mamori::metrics::detail {

/// A series of a block as whole numbers, for the next one to lean on: the buckets of one histogram count nearly the
/// same. Empty: it has none.
struct Numbers {
  std::vector<std::int64_t> ints;
  int exponent = 0;
  std::uint32_t times = 0;  // which time column it has
};

/// Encodes one window after another; keeps buffers between them.
class ValueEncoder {
 public:
  /// Writes `values` and sets `now` to their numbers. `before`: those of the series before it in the block.
  void write(std::span<const double> values, const Numbers& before, Numbers& now, StreamWriter& out);

 private:
  bool to_decimal(std::span<const double> values, int exponent);
  bool to_decimal_nearly(std::span<const double> values, int exponent);
  bool find_decimal(std::span<const double> values);
  bool find_decimal_nearly(std::span<const double> values);
  void take_exceptions(std::span<const double> values);
  void write_numbers(const Numbers& before, const Numbers& now, int mode, StreamWriter& out);
  void write_exceptions(StreamWriter& out);

  std::vector<double> plain_;                  // the values without exceptions
  std::vector<std::uint32_t> exceptions_;      // places of NaN, infinities and -0
  std::vector<std::uint64_t> exception_bits_;  // what stands there
  std::vector<std::int64_t> ints_, ulps_, run_, other_run_;
  int exponent_ = 0;  // the last one that worked is tried first
};

/// Fills `values` (sized by the caller). `scratch`: kept between calls. False when the streams make no sense.
bool read_values(StreamReader& in, const Numbers& before, Numbers& now, std::span<double> values,
                 std::vector<std::int64_t>& scratch);

}  // namespace mamori::metrics::detail
