#include "base/size.h"

#include <charconv>
#include <limits>

#include "base/text.h"

namespace mamori {
namespace {

constexpr std::string_view kUnits = "kmgt";  // each 1024 times the one before

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto bad = [&] {
    return invalid_argument("\"" + std::string(text.substr(0, 100)) +
                            "\" is not a size: write a whole number of bytes, or one with KiB, MiB, GiB or TiB");
  };
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return bad();
  auto unit = to_lower(std::string_view(end, static_cast<std::size_t>(text.data() + text.size() - end)));
  if (unit.ends_with('b')) unit.pop_back();
  if (unit.empty()) return number;
  const auto power = kUnits.find(unit[0]);
  if (power == std::string_view::npos || (unit.size() > 1 && unit.substr(1) != "i")) return bad();
  const unsigned shift = 10 * static_cast<unsigned>(power + 1);
  if (number > std::numeric_limits<std::uint64_t>::max() >> shift) return bad();
  return number << shift;
}

std::string format_size(std::uint64_t bytes) {
  std::size_t unit = 0;
  while (unit < kUnits.size() && bytes > 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  constexpr std::string_view kNames[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  return std::to_string(bytes) + std::string(kNames[unit]);
}

}  // namespace mamori
