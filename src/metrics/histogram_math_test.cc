#include "metrics/histogram_math.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include "metrics/histogram_buckets.h"

namespace mamori::metrics {
namespace {

using Reset = Histogram::Reset;

Histogram exponential(std::int32_t schema, std::int32_t offset, std::vector<double> counts) {
  Histogram out{.schema = schema, .positive = std::move(counts)};
  out.positive_spans = {{.offset = offset, .length = static_cast<std::uint32_t>(out.positive.size())}};
  for (const double count : out.positive) out.count += count;
  return out;
}

Histogram custom(std::vector<double> bounds, std::vector<double> counts) {
  auto out = exponential(kCustomBucketsSchema, 0, std::move(counts));
  out.custom_bounds = std::move(bounds);
  return out;
}

TEST(Add, JoinsBucketsOfDifferentSpansAndDropsEmptyOnes) {
  auto sum = exponential(0, 0, {1, 0, 2});
  const auto met = add(sum, exponential(0, -3, {1, 1, 0, 4}));
  EXPECT_FALSE(met.incompatible || met.bounds_reconciled || met.resets_conflict);
  EXPECT_EQ(sum.positive_spans, (std::vector<BucketSpan>{{-3, 2}, {1, 1}, {1, 1}}));
  EXPECT_EQ(sum.positive, (std::vector<double>{1, 1, 5, 2}));
  EXPECT_EQ(sum.count, 9);
}

TEST(Add, MeetsAtTheCoarserSchema) {
  // Of schema 1, buckets 1 and 2 end at sqrt(2) and 2: both lie in bucket 1 of schema 0.
  auto sum = exponential(1, 1, {1, 2, 4});
  add(sum, exponential(0, 1, {10}));
  EXPECT_EQ(sum.schema, 0);
  EXPECT_EQ(sum.positive_spans, (std::vector<BucketSpan>{{1, 2}}));
  EXPECT_EQ(sum.positive, (std::vector<double>{13, 4}));
}

TEST(Add, WidensTheNarrowerZeroBucketByWholePopulatedBuckets) {
  auto wide = exponential(0, 1, {5});
  wide.zero_threshold = 0.3;
  wide.zero_count = 1;
  auto narrow = exponential(0, -3, {1, 2, 4, 8});  // (1/16, 1/8], (1/8, 1/4], (1/4, 1/2], (1/2, 1]
  narrow.zero_threshold = 0.01;
  add(wide, narrow);
  // 0.3 lies in (1/4, 1/2]: the border moves to its end, for both.
  EXPECT_EQ(wide.zero_threshold, 0.5);
  EXPECT_EQ(wide.zero_count, 8);
  EXPECT_EQ(wide.positive_spans, (std::vector<BucketSpan>{{0, 2}}));
  EXPECT_EQ(wide.positive, (std::vector<double>{8, 5}));
}

TEST(Add, WidensByNegativeBucketsToo) {
  Histogram wide{.zero_threshold = 0.3, .zero_count = 1};
  Histogram narrow{.negative_spans = {{-1, 1}}, .negative = {7}};
  add(wide, narrow);
  EXPECT_EQ(wide.zero_threshold, 0.5);
  EXPECT_EQ(wide.zero_count, 8);
  EXPECT_TRUE(wide.negative.empty());
}

TEST(Add, TakesTheBoundsThatCustomBucketsShare) {
  auto sum = custom({1, 5, 10}, {1, 2, 4, 8});
  const auto met = add(sum, custom({5, 7}, {10, 20, 40}));
  EXPECT_TRUE(met.bounds_reconciled);
  EXPECT_EQ(sum.custom_bounds, std::vector<double>{5});
  EXPECT_EQ(sum.positive, (std::vector<double>{13, 72}));
}

TEST(Add, LeavesHistogramsOfTwoKindsAlone) {
  auto sum = exponential(0, 0, {1});
  const auto before = sum;
  EXPECT_TRUE(add(sum, custom({1}, {1})).incompatible);
  EXPECT_EQ(sum, before);
}

TEST(Add, KnowsOfResetsWhatBothKnow) {
  const auto check = [](Reset a, Reset b, Reset want, bool conflict) {
    Histogram to{.reset = a}, other{.reset = b};
    EXPECT_EQ(add(to, other).resets_conflict, conflict);
    EXPECT_EQ(to.reset, want);
  };
  check(Reset::NotReset, Reset::NotReset, Reset::NotReset, false);
  check(Reset::NotReset, Reset::Unknown, Reset::Unknown, false);
  check(Reset::Gauge, Reset::Reset, Reset::Gauge, false);
  check(Reset::Unknown, Reset::Gauge, Reset::Gauge, false);
  check(Reset::Reset, Reset::NotReset, Reset::Unknown, true);
}

TEST(HistogramSum, LosesNothingToRounding) {
  HistogramSum sum(Histogram{.sum = 1});
  for (const double value : {1e100, 1.0, -1e100}) sum.add(Histogram{.sum = value});
  EXPECT_EQ(sum.value().sum, 2);
  HistogramSum plain(Histogram{.sum = 1}, Rounding::Plain);
  for (const double value : {1e100, 1.0, -1e100}) plain.add(Histogram{.sum = value});
  EXPECT_EQ(plain.value().sum, 0);
}

TEST(HistogramSum, CompensatesInEachBucketAlsoWhenSchemasMeet) {
  HistogramSum sum(exponential(1, 1, {1, 1}));
  sum.add(exponential(1, 1, {1e100, 0}));
  sum.add(exponential(0, 1, {1}));
  sum.add(exponential(0, 1, {-1e100}));
  EXPECT_EQ(sum.value().positive, std::vector<double>{3});
}

TEST(Scale, MakesAGaugeOfWhatItTurnsNegative) {
  auto histogram = exponential(0, 0, {1, 2});
  scale(histogram, 2);
  EXPECT_EQ(histogram.reset, Reset::Unknown);
  scale(histogram, -1);
  EXPECT_EQ(histogram.reset, Reset::Gauge);
  EXPECT_EQ(histogram.positive, (std::vector<double>{-2, -4}));
}

TEST(Divide, ByZeroLeavesNoBuckets) {
  auto histogram = exponential(0, 0, {1, 2});
  divide(histogram, 0);
  EXPECT_TRUE(std::isinf(histogram.count));
  EXPECT_TRUE(std::isnan(histogram.sum));
  EXPECT_TRUE(histogram.positive.empty() && histogram.positive_spans.empty());
}

TEST(WasReset, SeesACountThatFell) {
  const auto before = exponential(0, 0, {1, 2, 3});
  EXPECT_FALSE(was_reset(exponential(0, 0, {1, 2, 3}), before));
  EXPECT_FALSE(was_reset(exponential(0, 0, {1, 2, 3, 4}), before));
  EXPECT_TRUE(was_reset(exponential(0, 0, {2, 1, 4}), before)) << "although the count has grown";
  EXPECT_TRUE(was_reset(exponential(0, 1, {9, 9}), before)) << "bucket 0 has gone";
  EXPECT_TRUE(was_reset(exponential(0, 0, {1, 2}), before));
}

TEST(WasReset, TakesACoarserSchemaForGoingOnAndAFinerOneForAReset) {
  EXPECT_FALSE(was_reset(exponential(0, 1, {3, 4}), exponential(1, 1, {1, 2, 4})));
  EXPECT_TRUE(was_reset(exponential(0, 1, {2, 9}), exponential(1, 1, {1, 2, 4})));
  EXPECT_TRUE(was_reset(exponential(1, 1, {5, 5, 5}), exponential(0, 1, {1})));
}

TEST(WasReset, LetsTheZeroBucketGrowByWholeBuckets) {
  auto before = exponential(0, -1, {1, 2});  // (1/4, 1/2], (1/2, 1]
  auto now = exponential(0, 0, {2});
  now.count = 3;
  now.zero_threshold = 0.5;
  now.zero_count = 1;
  EXPECT_FALSE(was_reset(now, before));
  now.zero_threshold = 0.4;
  EXPECT_TRUE(was_reset(now, before)) << "a border inside of a bucket";
  now.zero_threshold = 0.5;
  now.zero_count = 0;
  EXPECT_TRUE(was_reset(now, before)) << "an observation is missing";
  before.zero_threshold = 0.6;
  EXPECT_TRUE(was_reset(now, before)) << "a zero bucket does not shrink";
}

TEST(WasReset, ComparesCustomBucketsWhereTheirBoundsMeet) {
  EXPECT_FALSE(was_reset(custom({2, 3, 4}, {1, 1, 1, 1}), custom({2, 4}, {1, 1, 1})));
  EXPECT_TRUE(was_reset(custom({2, 3, 4}, {1, 0, 1, 5}), custom({2, 4}, {1, 2, 1})));
  EXPECT_TRUE(was_reset(custom({2}, {1, 1}), exponential(0, 0, {1})));
}

TEST(WasReset, BelievesWhatTheSampleSays) {
  auto now = exponential(0, 0, {1});
  now.reset = Reset::NotReset;
  EXPECT_FALSE(was_reset(now, exponential(0, 0, {5})));
  now.reset = Reset::Reset;
  EXPECT_TRUE(was_reset(now, exponential(0, 0, {0})));
}

TEST(SameData, ComparesBucketsWhateverTheirSpansAndBits) {
  auto a = exponential(0, 0, {1, 2}), b = a;
  b.positive_spans = {{0, 1}, {0, 1}};
  b.reset = Reset::Gauge;
  EXPECT_TRUE(same_data(a, b));
  a.sum = b.sum = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(same_data(a, b));
  b.sum = 0;
  EXPECT_FALSE(same_data(a, b));
  b = exponential(0, 1, {1, 2});
  b.sum = a.sum;
  EXPECT_FALSE(same_data(a, b));
}

}  // namespace
}  // namespace mamori::metrics
