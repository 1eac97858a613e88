#include "metrics/histogram_stats.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace mamori::metrics {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const Histogram kPositive{.count = 4, .sum = 5, .positive_spans = {{0, 3}}, .positive = {1, 2, 1}};
const Histogram kZeroOnly{.zero_threshold = 0.5, .zero_count = 1, .count = 1, .sum = 0.25};
const Histogram kCustom{.schema = kCustomBucketsSchema,
                        .count = 4,
                        .sum = 5,
                        .positive_spans = {{0, 3}},
                        .positive = {1, 2, 1},
                        .custom_bounds = {5, 10}};

TEST(HistogramQuantile, InterpolatesExponentiallyBetweenExponentialBounds) {
  // The middle of (1, 2] on a logarithmic scale.
  EXPECT_DOUBLE_EQ(histogram_quantile(0.5, kPositive), std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(histogram_quantile(1, kPositive), 4);
  EXPECT_DOUBLE_EQ(histogram_quantile(0, kPositive), 0.5);
  auto negative = kPositive;
  std::swap(negative.positive, negative.negative);
  std::swap(negative.positive_spans, negative.negative_spans);
  EXPECT_DOUBLE_EQ(histogram_quantile(0.5, negative), -std::sqrt(2.0));
}

TEST(HistogramQuantile, InterpolatesLinearlyInTheZeroBucketAndInCustomOnes) {
  EXPECT_DOUBLE_EQ(histogram_quantile(0.5, kZeroOnly), 0);
  EXPECT_DOUBLE_EQ(histogram_quantile(0.75, kZeroOnly), 0.25);
  EXPECT_DOUBLE_EQ(histogram_quantile(0.5, kCustom), 7.5);
  EXPECT_DOUBLE_EQ(histogram_quantile(0.125, kCustom), 2.5) << "the first bucket begins at 0";
  EXPECT_DOUBLE_EQ(histogram_quantile(0.99, kCustom), 10) << "of the last one only its lower bound is known";
}

TEST(HistogramQuantile, HasNoAnswerWithoutObservationsAndInfinitiesOutside) {
  EXPECT_TRUE(std::isnan(histogram_quantile(0.5, {})));
  EXPECT_TRUE(std::isnan(histogram_quantile(kNaN, kPositive)));
  EXPECT_EQ(histogram_quantile(-0.1, kPositive), -kInf);
  EXPECT_EQ(histogram_quantile(1.1, kPositive), kInf);
}

TEST(HistogramQuantile, CountsObservationsOfNaNAsAboveAllOthers) {
  Histogram histogram{.count = 15, .sum = kNaN, .positive_spans = {{0, 1}}, .positive = {12}};
  EXPECT_DOUBLE_EQ(histogram_quantile(0.8, histogram), 1);
  EXPECT_TRUE(std::isnan(histogram_quantile(0.81, histogram)));
  EXPECT_DOUBLE_EQ(histogram_fraction(-kInf, kInf, histogram), 0.8);
}

TEST(HistogramFraction, IsTheQuantilesInverse) {
  EXPECT_DOUBLE_EQ(histogram_fraction(1, 2, kPositive), 0.5);
  EXPECT_DOUBLE_EQ(histogram_fraction(-kInf, std::sqrt(2.0), kPositive), 0.5);
  EXPECT_DOUBLE_EQ(histogram_fraction(5, 10, kCustom), 0.5);
  EXPECT_DOUBLE_EQ(histogram_fraction(-kInf, 7.5, kCustom), 0.5);
  EXPECT_DOUBLE_EQ(histogram_fraction(-0.5, 0.5, kZeroOnly), 1);
}

TEST(HistogramFraction, OfAnEmptyRangeIsZero) {
  EXPECT_EQ(histogram_fraction(2, 1, kPositive), 0);
  EXPECT_EQ(histogram_fraction(1.5, 1.5, kPositive), 0);
  EXPECT_TRUE(std::isnan(histogram_fraction(kNaN, 1, kPositive)));
  EXPECT_TRUE(std::isnan(histogram_fraction(0, 1, {})));
}

TEST(HistogramVariance, TakesObservationsToLieInTheMiddleOfTheirBucket) {
  // Ten observations in (8, 16], whose sum is 100: the geometric middle is sqrt(128).
  const Histogram histogram{.count = 10, .sum = 100, .positive_spans = {{4, 1}}, .positive = {10}};
  const double distance = std::sqrt(128.0) - 10;
  EXPECT_NEAR(histogram_variance(histogram), distance * distance, 1e-12);
  EXPECT_DOUBLE_EQ(histogram_variance(kZeroOnly), 0.25 * 0.25);
  EXPECT_TRUE(std::isnan(histogram_variance({})));
}

}  // namespace
}  // namespace mamori::metrics
