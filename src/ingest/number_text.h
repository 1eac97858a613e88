// ingest/number_text.h: the numbers of an exposition page, in the forms that Go's ParseFloat takes. Every result is the
// double nearest to the decimal.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mamori::ingest {

namespace detail {
// Powers that a double holds exactly: one rounding of an exact product or quotient is the nearest double.
// (Clinger, "How to read floating point numbers accurately", PLDI 1990.)
inline constexpr std::array<double, 23> kPowersOfTen{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
}  // namespace detail

/// Reads a plain decimal (123, -0.5, 1.5e9) at `at`. Returns where it ends, or null when the text is of another form or
/// needs more care: read_value() decides then.
inline const char* read_plain_decimal(const char* at, const char* end, double& value) {
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  std::uint64_t digits = 0;
  const char* const first = at;
  while (at != end && static_cast<unsigned char>(*at - '0') < 10)
    digits = digits * 10 + static_cast<unsigned>(*at++ - '0');
  auto count = at - first;
  int exponent = 0;
  if (at != end && *at == '.') {
    const char* const point = ++at;
    while (at != end && static_cast<unsigned char>(*at - '0') < 10)
      digits = digits * 10 + static_cast<unsigned>(*at++ - '0');
    exponent = -static_cast<int>(at - point);
    count += at - point;
  }
  if (count == 0 || count > 15) return nullptr;  // 15 digits fit into the 53 bits of a double's mantissa
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    const bool minus = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+')) ++at;
    int written = 0;
    const char* const power = at;
    while (at != end && static_cast<unsigned char>(*at - '0') < 10 && at - power < 4)
      written = written * 10 + (*at++ - '0');
    if (at == power || at - power == 4) return nullptr;
    exponent += minus ? -written : written;
  }
  if (exponent < -22 || exponent > 22) return nullptr;
  double number = static_cast<double>(digits);
  number = exponent < 0 ? number / detail::kPowersOfTen[static_cast<std::size_t>(-exponent)]
                        : number * detail::kPowersOfTen[static_cast<std::size_t>(exponent)];
  value = negative ? -number : number;
  return at;
}

/// The whole of `text`: decimal, or inf, infinity and nan in any case with an optional sign. What is too small is 0,
/// what is too large is refused, as in Go. NaN comes out as the one quiet NaN that Prometheus stores.
std::optional<double> read_value(std::string_view text);

/// As Prometheus 3 writes le and quantile: 1 -> "1.0", 0.5 -> "0.5", 1e+06 -> "1e+06", +Inf.
std::string openmetrics_float(double value);

}  // namespace mamori::ingest
