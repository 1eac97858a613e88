#include "metrics/histogram_trim.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace mamori::metrics {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

const Histogram kCustom{.schema = kCustomBucketsSchema,
                        .count = 15,
                        .sum = 172.5,
                        .positive_spans = {{0, 5}},
                        .positive = {1, 6, 4, 3, 1},
                        .custom_bounds = {5, 10, 15, 20}};

TEST(Trim, CutsABucketWhereTheValueLies) {
  const auto below = trim(kCustom, 13, Keep::Below);
  EXPECT_EQ(below.positive, (std::vector<double>{1, 6, 4 * 0.6}));
  EXPECT_DOUBLE_EQ(below.count, 9.4);
  EXPECT_DOUBLE_EQ(below.sum, 1 * 2.5 + 6 * 7.5 + 2.4 * 11.5);
  const auto above = trim(kCustom, 13, Keep::Above);
  EXPECT_DOUBLE_EQ(above.count, 5.6);
  EXPECT_DOUBLE_EQ(above.sum, 1.6 * 14 + 3 * 17.5 + 1 * 20);
}

TEST(Trim, KeepsABucketWithoutEndWholeOrNotAtAll) {
  EXPECT_EQ(trim(kCustom, 50, Keep::Below).count, 14);
  const auto above = trim(kCustom, 50, Keep::Above);
  EXPECT_EQ(above.count, 1);
  EXPECT_EQ(above.sum, 50);
}

TEST(Trim, ChangesNothingWhereNothingLiesBeyond) {
  EXPECT_EQ(trim(kCustom, kInf, Keep::Below), kCustom);
  EXPECT_EQ(trim(kCustom, 0, Keep::Above), kCustom);
}

TEST(Trim, CutsExponentialBucketsOnALogarithmicScale) {
  const Histogram histogram{.count = 4, .sum = 6, .positive_spans = {{1, 1}}, .positive = {4}};
  const auto below = trim(histogram, std::sqrt(2.0), Keep::Below);
  EXPECT_DOUBLE_EQ(below.count, 2);
  EXPECT_DOUBLE_EQ(below.sum, 2 * std::pow(2.0, 0.25));
}

TEST(Trim, KeepsAZeroBucketWithoutWidthOnlyAboveZero) {
  const Histogram histogram{.zero_count = 3, .count = 3};
  EXPECT_EQ(trim(histogram, 0, Keep::Above).count, 3);
  EXPECT_EQ(trim(histogram, 0, Keep::Below).count, 0);
  EXPECT_EQ(trim(histogram, -1, Keep::Below).count, 0);
}

}  // namespace
}  // namespace mamori::metrics
