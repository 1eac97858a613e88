#include "metrics/histogram_buckets.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace mamori::metrics {
namespace {

TEST(BucketBound, GrowsByTheSchemasFactorAndIsExactAtPowersOfTwo) {
  // Specification, "Schema": schema 0 has powers of two, each step up takes the square root, each step down squares.
  for (const int schema : {0, 1, 3, 8}) {
    for (const int power : {-3, 0, 1, 10}) {
      EXPECT_EQ(bucket_bound(power * (1 << schema), schema), std::ldexp(1.0, power)) << schema;
    }
  }
  EXPECT_EQ(bucket_bound(1, -1), 4);
  EXPECT_EQ(bucket_bound(-1, -4), std::ldexp(1.0, -16));
  EXPECT_DOUBLE_EQ(bucket_bound(1, 1), std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(bucket_bound(3, 2), std::pow(2.0, 0.75));
}

TEST(BucketBound, HasThePrometheusServersLastDigits) {
  // As a Prometheus 2.42 shows a histogram of schema 8.
  EXPECT_EQ(bucket_bound(-255, 8), 0.5013556375251013);
  EXPECT_EQ(bucket_bound(-128, 8), 0.7071067811865475);
  EXPECT_EQ(bucket_bound(-64, 8), 0.8408964152537144);
  EXPECT_EQ(bucket_bound(-15, 8), 0.9601996065815236);
  EXPECT_EQ(bucket_bound(-9, 8), 0.9759260581154889);
  EXPECT_EQ(bucket_bound(-1, 8), 0.9972960560854698);
  EXPECT_EQ(bucket_bound(1, 1), 1.414213562373095);
}

TEST(BucketBound, EndsAtTheLargestNumber) {
  EXPECT_EQ(bucket_bound(1024, 0), std::numeric_limits<double>::max());
  EXPECT_EQ(bucket_bound(1024 * 256, 8), std::numeric_limits<double>::max());
  EXPECT_EQ(bucket_bound(64, -4), std::numeric_limits<double>::max());
  EXPECT_EQ(bucket_bound(1025, 0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(bucket_bound(std::int64_t{1} << 31, -4), std::numeric_limits<double>::infinity());
  EXPECT_EQ(bucket_bound(-(std::int64_t{1} << 31), 0), 0);
}

std::string bounds_of(const Histogram& histogram) {
  std::vector<HistogramBucket> buckets;
  list_buckets(histogram, buckets);
  std::string out;
  for (const auto& bucket : buckets) {
    char text[100];
    std::snprintf(text, sizeof text, "%s%g,%g%s:%g ", bucket.lower_inclusive ? "[" : "(", bucket.lower, bucket.upper,
                  bucket.upper_inclusive ? "]" : ")", bucket.count);
    out += text;
  }
  return out;
}

TEST(ListBuckets, GoesFromTheLowestToTheHighestAndLeavesEmptyOnesOut) {
  EXPECT_EQ(bounds_of({.zero_threshold = 0.1,
                       .zero_count = 2,
                       .positive_spans = {{0, 2}, {1, 1}},
                       .negative_spans = {{-1, 2}},
                       .positive = {1, 0, 3},
                       .negative = {4, 5}}),
            "[-1,-0.5):5 [-0.5,-0.25):4 [-0.1,0.1]:2 (0.5,1]:1 (4,8]:3 ");
  EXPECT_EQ(bounds_of({.schema = kCustomBucketsSchema,
                       .positive_spans = {{0, 1}, {1, 1}},
                       .positive = {1, 2},
                       .custom_bounds = {2, 4}}),
            "[-inf,2]:1 (4,inf]:2 ");
}

TEST(ListBuckets, BeginsABucketThatReachesIntoTheZeroBucketAtItsBorder) {
  EXPECT_EQ(bounds_of({.zero_threshold = 0.75,
                       .zero_count = 1,
                       .positive_spans = {{0, 1}},
                       .negative_spans = {{0, 1}},
                       .positive = {1},
                       .negative = {1}}),
            "[-1,-0.75):1 [-0.75,0.75]:1 (0.75,1]:1 ");
}

TEST(ForEachBucket, StopsWhereTheCountsEnd) {
  std::vector<std::int64_t> seen;
  const std::vector<BucketSpan> spans = {{5, 2}, {-10, 4'000'000'000}};
  const std::vector<double> counts = {1, 2, 3};
  for_each_bucket(spans, counts, [&](std::int64_t index, double) { seen.push_back(index); });
  EXPECT_EQ(seen, (std::vector<std::int64_t>{5, 6, -3}));
}

}  // namespace
}  // namespace mamori::metrics
