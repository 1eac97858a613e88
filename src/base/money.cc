#include "base/money.h"

#include <algorithm>
#include <array>
#include <limits>

namespace mamori {
namespace {

// ISO 4217 currencies whose exponent is not 2 (list one, amendment 176).
constexpr std::array<std::string_view, 16> kNoDecimals = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
                                                          "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF"};
constexpr std::array<std::string_view, 7> kThreeDecimals = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};

}  // namespace

std::int64_t add_saturated(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

int currency_exponent(std::string_view currency) {
  if (currency == "XPF" || std::ranges::find(kNoDecimals, currency) != kNoDecimals.end()) return 0;
  if (std::ranges::find(kThreeDecimals, currency) != kThreeDecimals.end()) return 3;
  return 2;
}

std::string to_string(const Money& money) {
  // Unsigned magnitude, so that the smallest integer has one too.
  const bool negative = money.minor_units < 0;
  const auto magnitude =
      negative ? 0 - static_cast<std::uint64_t>(money.minor_units) : static_cast<std::uint64_t>(money.minor_units);
  std::string digits = std::to_string(magnitude);
  const auto exponent = static_cast<std::size_t>(currency_exponent(money.currency));
  if (digits.size() <= exponent) digits.insert(0, exponent + 1 - digits.size(), '0');
  std::string out = digits.substr(0, digits.size() - exponent);
  for (std::size_t i = out.size(); i > 3; i -= 3) out.insert(i - 3, ",");
  if (exponent > 0) out += "." + digits.substr(digits.size() - exponent);
  return (negative ? "-" : "") + out + " " + money.currency;
}

}  // namespace mamori
