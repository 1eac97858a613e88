// Laws that hold for all histograms: of addition, of counter resets, of quantiles and of cutting.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "metrics/histogram_buckets.h"
#include "metrics/histogram_math.h"
#include "metrics/histogram_stats.h"
#include "metrics/histogram_trim.h"

namespace mamori::metrics {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

/// Counts are whole numbers below 2^30, so that sums are exact and laws hold to the last bit. From one seed: shrinking
/// each choice would take minutes.
class Random {
 public:
  Random() : random_(*rc::gen::arbitrary<std::uint32_t>()) {}

  int in(int from, int before) { return std::uniform_int_distribution(from, before - 1)(random_); }

  void side(std::vector<BucketSpan>& spans, std::vector<double>& counts, double& total, int spans_max, int first) {
    const int n = in(0, spans_max + 1);
    for (int i = 0; i < n; ++i) {
      spans.push_back(
          {.offset = i == 0 ? first + in(-4, 5) : in(0, 4), .length = static_cast<std::uint32_t>(in(0, 4))});
      for (std::uint32_t k = 0; k < spans.back().length; ++k) {
        counts.push_back(in(0, 4) == 0 ? 0 : in(0, 1 << 20));
        total += counts.back();
      }
    }
  }

  Histogram exponential() {
    Histogram out{.schema = in(-2, 5)};
    if (in(0, 2) == 0) out.zero_threshold = std::ldexp(1.0, in(-6, 2)) * (in(0, 2) == 0 ? 1 : 0.9);
    // Buckets lie beyond the zero bucket, as in all that clients send.
    int first = 0;
    while (bucket_bound(first - 1 - 4, out.schema) < out.zero_threshold) ++first;
    if (in(0, 3) > 0) out.zero_count = in(0, 1000);
    out.count = out.zero_count;
    side(out.positive_spans, out.positive, out.count, 3, first);
    side(out.negative_spans, out.negative, out.count, 3, first);
    out.sum = in(-1000, 1000);
    return out;
  }

  Histogram custom() {
    Histogram out{.schema = kCustomBucketsSchema};
    for (int bound = in(-3, 4); bound < 12; bound += in(1, 5)) out.custom_bounds.push_back(bound);
    for (std::size_t i = 0; i <= out.custom_bounds.size(); ++i) out.positive.push_back(in(0, 100));
    out.positive_spans = {{0, static_cast<std::uint32_t>(out.positive.size())}};
    for (const double count : out.positive) out.count += count;
    out.sum = in(-1000, 1000);
    return out;
  }

  Histogram any(bool of_custom) { return of_custom ? custom() : exponential(); }

 private:
  std::mt19937 random_;
};

double total_of(const Histogram& histogram) {
  std::vector<HistogramBucket> buckets;
  list_buckets(histogram, buckets);
  double total = 0;
  for (const auto& bucket : buckets) total += bucket.count;
  return total;
}

RC_GTEST_PROP(HistogramAdd, IsCommutativeAndAssociativeWhereTheZeroBucketsAgree, ()) {
  Random random;
  const bool custom = random.in(0, 3) == 0;
  const auto a = random.any(custom), b = random.any(custom), c = random.any(custom);
  auto ab = a, ba = b;
  RC_ASSERT(!add(ab, b).incompatible);
  add(ba, a);
  RC_ASSERT(ab == ba);
  // Else the border depends on the order in which it meets buckets that it may not part.
  if (a.zero_threshold != b.zero_threshold || b.zero_threshold != c.zero_threshold) return;
  auto left = ab, bc = b;
  add(left, c);
  add(bc, c);
  auto right = a;
  add(right, bc);
  RC_ASSERT(left == right);
}

RC_GTEST_PROP(HistogramAdd, LosesNoObservation, ()) {
  Random random;
  const bool custom = random.in(0, 3) == 0;
  auto sum = random.any(custom);
  const auto other = random.any(custom);
  const double want = total_of(sum) + total_of(other);
  add(sum, other);
  RC_ASSERT(total_of(sum) == want);
  RC_ASSERT(sum.count == want);
}

RC_GTEST_PROP(HistogramSubtract, UndoesAdditionAtTheLayoutWhereTheyMet, ()) {
  Random random;
  const bool custom = random.in(0, 3) == 0;
  const auto a = random.any(custom), b = random.any(custom);
  auto sum = a;
  add(sum, b);
  auto back = sum;
  subtract(back, b);
  // Adding nothing of b's layout brings a to where they met.
  auto nothing = b;
  scale(nothing, 0);
  auto want = a;
  auto layout = sum;
  scale(layout, 0);
  add(want, layout);
  RC_ASSERT(back.count == want.count && back.sum == want.sum);
  if (back.zero_threshold == want.zero_threshold) RC_ASSERT(back == want);
}

RC_GTEST_PROP(HistogramSum, IsTheSameWhateverItsRoundingWhenCountsAreWhole, ()) {
  Random random;
  const bool custom = random.in(0, 3) == 0;
  const auto first = random.any(custom);
  HistogramSum plain(first, Rounding::Plain), compensated(first);
  for (int i = random.in(0, 6); i > 0; --i) {
    const auto other = random.any(custom);
    plain.add(other);
    compensated.add(other);
  }
  RC_ASSERT(plain.value() == compensated.value());
}

RC_GTEST_PROP(WasReset, IsFalseForACounterThatGrewAndTrueBackwards, ()) {
  Random random;
  const bool custom = random.in(0, 3) == 0;
  const auto before = random.any(custom);
  auto now = before;
  add(now, random.any(custom));
  RC_ASSERT(!was_reset(now, before));
  auto shrunk = before;
  auto more = before;
  more.count += 1;
  RC_ASSERT(was_reset(shrunk, more));
}

RC_GTEST_PROP(HistogramQuantile, RisesWithTheQuantileAndStaysWithinTheBuckets, ()) {
  Random random;
  const auto histogram = random.any(random.in(0, 3) == 0);
  std::vector<HistogramBucket> buckets;
  list_buckets(histogram, buckets);
  RC_PRE(!buckets.empty());
  double before = -kInf;
  for (int i = 0; i <= 64; ++i) {
    const double value = histogram_quantile(i / 64.0, histogram);
    RC_ASSERT(!std::isnan(value));
    RC_ASSERT(value >= before - 1e-9 * std::fabs(before));
    const double slack = 1e-9 * std::fabs(value);
    RC_ASSERT(value >= buckets.front().lower - slack && value <= buckets.back().upper + slack);
    before = value;
  }
}

RC_GTEST_PROP(HistogramFraction, OfWhatLiesBelowAQuantileIsTheQuantile, ()) {
  Random random;
  const auto histogram = random.exponential();
  std::vector<HistogramBucket> buckets;
  list_buckets(histogram, buckets);
  if (buckets.empty()) return;
  const double q = random.in(1, 1000) / 1000.0, value = histogram_quantile(q, histogram);
  const bool zero_without_width = histogram.zero_threshold == 0 && histogram.zero_count > 0;
  if (!zero_without_width) RC_ASSERT(std::fabs(histogram_fraction(-kInf, value, histogram) - q) < 1e-9);
}

RC_GTEST_PROP(Trim, PartsTheObservationsInTwo, ()) {
  Random random;
  const auto histogram = random.exponential();
  const double value = random.in(-400, 400) / 64.0;
  const auto below = trim(histogram, value, Keep::Below), above = trim(histogram, value, Keep::Above);
  RC_ASSERT(std::fabs(below.count + above.count - histogram.count) <= 1e-9 * histogram.count);
  if (histogram.count == 0) return;
  RC_ASSERT(std::fabs(below.count / histogram.count - histogram_fraction(-kInf, value, histogram)) < 1e-9);
}

}  // namespace
}  // namespace mamori::metrics
