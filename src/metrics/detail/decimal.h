// metrics/detail/decimal.h: doubles as whole numbers over a power of ten, and back; what the encoder and the decoder of
// values must do alike. Needs round-to-nearest, as every C++ program starts with, and no -ffast-math.
#pragma once
#include <bit>
#include <cstdint>

namespace mamori::metrics::detail {

inline constexpr double kPowersOfTen[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

// 1.5 * 2^52: added to a number below 2^51, its last bits are that number, rounded. Two instructions that every
// processor can do on several numbers at once, where the conversion from 64-bit integers needs AVX-512.
inline constexpr double kRounder = 6755399441055744.0;
inline constexpr auto kRounderBits = std::bit_cast<std::uint64_t>(kRounder);
inline constexpr double kWideMax = 9007199254740992.0;  // 2^53: up to here every whole number is a double

/// REQUIRES: for a meaningful answer, |scaled| < 2^51.
inline std::int64_t to_number(double scaled) {
  return static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(scaled + kRounder) - kRounderBits);
}

/// Not 0 when `number` is 2^50 or more or below -2^50; then it may be no true answer of to_number.
inline std::uint64_t beyond_small(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) + (std::uint64_t{1} << 50)) >> 51;
}

inline double small_to_double(std::int64_t number) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(number) + kRounderBits) - kRounder;
}

/// The quotient of two exact doubles is rounded once, as the nearest double to the decimal is.
inline double to_value(std::int64_t number, int exponent) {
  const double whole = small_to_double(number);
  return exponent == 0 ? whole : whole / kPowersOfTen[exponent];
}

enum class ExceptionKind : std::uint8_t { Other, Stale, Again };

}  // namespace mamori::metrics::detail
