#include "base/memory_gauge.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace mamori {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::chrono::hours kOnce{1};  // measured at the first use only

TEST(MemoryGauge, TakesReservationsUpToNinetyFivePercentOfTheLimit) {
  MemoryGauge gauge(100 * kMiB, [] { return 50 * kMiB; }, kOnce);
  EXPECT_TRUE(gauge.reserve(40 * kMiB));
  EXPECT_EQ(gauge.used(), 90 * kMiB);
  EXPECT_FALSE(gauge.reserve(10 * kMiB));
  EXPECT_EQ(gauge.refused(), 1u);
  EXPECT_TRUE(gauge.reserve(5 * kMiB));
  gauge.release(45 * kMiB);
  EXPECT_EQ(gauge.used(), 50 * kMiB);
  EXPECT_TRUE(gauge.reserve(40 * kMiB));
}

TEST(MemoryGauge, IsUnderPressureAboveFourFifths) {
  std::uint64_t resident = 79 * kMiB;
  EXPECT_FALSE(MemoryGauge(100 * kMiB, [&] { return resident; }).under_pressure());
  resident = 81 * kMiB;
  EXPECT_TRUE(MemoryGauge(100 * kMiB, [&] { return resident; }).under_pressure());
}

TEST(MemoryGauge, HasNoLimitWithZero) {
  MemoryGauge gauge(0, [] { return 1000 * kMiB; });
  EXPECT_TRUE(gauge.reserve(std::uint64_t{1} << 40));
  EXPECT_FALSE(gauge.under_pressure());
}

TEST(MemoryGauge, MeasuresThisProcess) {
  const auto before = MemoryGauge::resident_bytes();
  const auto block = std::make_unique<std::vector<char>>(64 * kMiB, 'x');
  EXPECT_GE(MemoryGauge::resident_bytes(), before + 60 * kMiB);
  EXPECT_GT(MemoryGauge::machine_bytes(), 64 * kMiB);
}

}  // namespace
}  // namespace mamori
