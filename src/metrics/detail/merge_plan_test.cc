#include "metrics/detail/merge_plan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mamori::metrics::detail {
namespace {

using Parts = std::vector<PlannedPart>;

constexpr MergeBounds kBounds{.samples_small = 100, .span_ms_max = 1000, .bytes_max = 0};

Parts parts(std::initializer_list<std::uint64_t> samples) {
  Parts made;
  for (const auto count : samples) made.push_back({.samples = count, .bytes = count});
  return made;
}

std::string text(const std::optional<std::pair<std::size_t, std::size_t>>& plan) {
  return plan ? std::to_string(plan->first) + "-" + std::to_string(plan->second) : "none";
}

TEST(MergePlan, WaitsForManyOfASizeWhileSamplesStreamIn) {
  EXPECT_EQ(text(plan_merge(Parts(11, {.samples = 100}), kBounds)), "none");
  EXPECT_EQ(text(plan_merge(Parts(13, {.samples = 100}), kBounds)), "0-13");
  auto mixed = Parts(12, {.samples = 100});
  mixed.insert(mixed.begin(), {.samples = 1200});
  EXPECT_EQ(text(plan_merge(mixed, kBounds)), "1-13") << "the large one is not written anew for the small ones";
  EXPECT_EQ(text(plan_merge(Parts(12, {.samples = 1500}), kBounds)), "0-12");
}

TEST(MergePlan, EachSampleIsWrittenAnewOncePerFactorOfTwelve) {
  Parts all;
  std::uint64_t rewritten = 0;
  for (int flush = 0; flush < 12 * 12 * 12; ++flush) {
    all.push_back({.samples = 100, .bytes = 100});
    while (const auto plan = plan_merge(all, kBounds)) {
      PlannedPart merged;
      for (auto i = plan->first; i < plan->second; ++i) merged.samples += all[i].samples;
      rewritten += merged.samples;
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(plan->first);
      all.erase(begin + 1, all.begin() + static_cast<std::ptrdiff_t>(plan->second));
      *begin = merged;
    }
  }
  EXPECT_EQ(rewritten, 3u * 12 * 12 * 12 * 100);
  EXPECT_LE(all.size(), 33u);
}

TEST(MergePlan, SettlesIntoFewPartsWithoutWritingALargeOneForASmallOne) {
  EXPECT_EQ(text(plan_settling(parts({100}), kBounds)), "none");
  EXPECT_EQ(text(plan_settling(parts({1800, 100, 100, 100}), kBounds)), "1-4");
  EXPECT_EQ(text(plan_settling(parts({1800, 300}), kBounds)), "none");
  EXPECT_EQ(text(plan_settling(parts({1800, 1800}), kBounds)), "0-2");
  EXPECT_EQ(text(plan_settling(parts({5, 1}), kBounds)), "0-2") << "both are smaller than a flush";
  EXPECT_EQ(text(plan_settling(parts({1800, 1800, 500}), kBounds)), "0-2");
}

TEST(MergePlan, KeepsToTheBoundsAndOffDamagedParts) {
  auto spread = Parts(13, {.samples = 100});
  for (std::size_t i = 0; i < spread.size(); ++i) spread[i].end_ms = static_cast<std::int64_t>(i) * 100;
  EXPECT_EQ(text(plan_merge(spread, kBounds)), "none") << "eleven of them lie within the span";
  EXPECT_EQ(text(plan_settling(spread, kBounds)), "2-13");
  auto heavy = Parts(13, {.samples = 100, .bytes = 60});
  EXPECT_EQ(text(plan_settling(heavy, {.samples_small = 100, .span_ms_max = 1000, .bytes_max = 200})), "10-13");
  auto damaged = Parts(14, {.samples = 100});
  damaged[1].damaged = true;
  EXPECT_EQ(text(plan_merge(damaged, kBounds)), "2-14");
  damaged[5].damaged = true;
  EXPECT_EQ(text(plan_merge(damaged, kBounds)), "none");
}

}  // namespace
}  // namespace mamori::metrics::detail
