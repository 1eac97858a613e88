#include "demo/daily_shape.h"

#include <array>
#include <cmath>

namespace mamori::demo {
namespace {

// One value per hour of Japan's day, read at the hour's start and joined by straight lines. Drawn by hand after the
// usual curve of Japanese online shops (lunch break, then 20 to 23 o'clock), scaled to a mean of 1.
constexpr std::array<double, 24> kByHour{0.92, 0.60, 0.42, 0.34, 0.30, 0.32, 0.44, 0.66, 0.82, 0.92, 1.02, 1.16,
                                         1.50, 1.22, 1.04, 1.02, 1.04, 1.10, 1.22, 1.42, 1.64, 1.78, 1.68, 1.42};

}  // namespace

double daily_shape(Timestamp at) {
  constexpr double kDaySeconds = 86400.0;
  const double japan = to_seconds(at + std::chrono::hours{9});
  const double hour = (japan - std::floor(japan / kDaySeconds) * kDaySeconds) / 3600.0;
  const auto left = static_cast<std::size_t>(hour) % kByHour.size();
  const double share = hour - std::floor(hour);
  return kByHour[left] * (1 - share) + kByHour[(left + 1) % kByHour.size()] * share;
}

}  // namespace mamori::demo
