#include "ingest/number_text.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/text.h"

namespace mamori::ingest {
namespace {

constexpr std::uint64_t kNormalNanBits = 0x7ff8000000000001ull;  // Prometheus' "normal" NaN, apart from the stale one

}  // namespace

std::optional<double> read_value(std::string_view text) {
  double value = 0;
  if (read_plain_decimal(text.data(), text.data() + text.size(), value) == text.data() + text.size()) return value;
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  const bool negative = !plus && text.starts_with('-');
  const auto bare = negative ? text.substr(1) : text;
  if (equals_ignore_case(bare, "inf") || equals_ignore_case(bare, "infinity")) {
    return std::numeric_limits<double>::infinity() * (negative ? -1 : 1);
  }
  if (equals_ignore_case(bare, "nan")) return std::bit_cast<double>(kNormalNanBits);
  if (bare.empty() || bare[0] == '+' || bare[0] == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc{}) return value;
  if (error != std::errc::result_out_of_range) return std::nullopt;
  // Too large or too small; only strtod tells which.
  value = std::strtod(std::string(text).c_str(), nullptr);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string openmetrics_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[40];
  // Go's FormatFloat(f, 'g', -1, 64): an exponent below -4 or from 6 on is written.
  const double size = std::abs(value);
  const bool scientific = size != 0 && (size < 1e-4 || size >= 1e6);
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value,
                                          scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text(buffer, end);
  if (text.find_first_of("e.") == std::string::npos) text += ".0";
  return text;
}

}  // namespace mamori::ingest
