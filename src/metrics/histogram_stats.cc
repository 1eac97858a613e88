#include "metrics/histogram_stats.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "metrics/compensated.h"

namespace mamori::metrics {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The bucket in which the observation of a rank lies.
struct Found {
  HistogramBucket bucket;
  double count = 0;  // in this bucket and those before it on the way
};

template <typename Buckets>
Found find_rank(const Buckets& buckets, double rank) {
  Found found;
  for (const auto& bucket : buckets) {
    found.bucket = bucket;
    found.count += bucket.count;
    if (found.count >= rank) break;
  }
  return found;
}

/// The value below which `fraction` of the bucket's observations lie.
double value_at(double fraction, const HistogramBucket& bucket, bool linear) {
  if (linear) return bucket.lower + (bucket.upper - bucket.lower) * fraction;
  const double lower = std::log2(std::fabs(bucket.lower)), upper = std::log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return std::exp2(lower + (upper - lower) * fraction);
  return -std::exp2(upper + (lower - upper) * (1 - fraction));
}

}  // namespace

bool narrow_bounds(const Histogram& histogram, HistogramBucket& bucket) {
  if (has_custom_buckets(histogram)) {
    if (std::isinf(bucket.lower) && bucket.upper > 0) bucket.lower = 0;
    return true;
  }
  if (!(bucket.lower <= 0 && bucket.upper >= 0)) return false;
  if (histogram.negative.empty() && !histogram.positive.empty()) bucket.lower = 0;
  if (histogram.positive.empty() && !histogram.negative.empty()) bucket.upper = 0;
  return true;
}

double histogram_quantile(double q, const Histogram& histogram) {
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  if (histogram.count == 0 || std::isnan(q)) return kNaN;
  std::vector<HistogramBucket> buckets;
  list_buckets(histogram, buckets);
  // From the nearer end: counts of floats are less exact the more are added up. Observations of NaN count as above all.
  const bool upwards = std::isnan(histogram.sum) || q < 0.5;
  const double rank = (upwards ? q : 1 - q) * histogram.count;
  if (!upwards) std::ranges::reverse(buckets);
  auto [bucket, count] = find_rank(buckets, rank);
  const bool custom = has_custom_buckets(histogram);
  if (custom && bucket.upper == kInf && !(bucket.lower == -kInf)) return bucket.lower;
  if (custom && bucket.lower == -kInf && bucket.upper <= 0) return bucket.upper;
  const bool linear = narrow_bounds(histogram, bucket);
  count = std::min(count, histogram.count);
  if (count < rank) {
    if (std::isnan(histogram.sum)) return kNaN;
    return upwards ? bucket.upper : bucket.lower;
  }
  const double in_bucket = upwards ? rank - (count - bucket.count) : count - rank;
  return value_at(in_bucket / bucket.count, bucket, linear);
}

double observations_below(double value, const HistogramBucket& bucket, bool linear) {
  if (bucket.lower == -kInf) return bucket.count;  // nothing is known of where in such a bucket they lie
  if (linear) return bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower);
  const double lower = std::log2(std::fabs(bucket.lower)), upper = std::log2(std::fabs(bucket.upper));
  const double at = std::log2(std::fabs(value));
  const double fraction = value > 0 ? (at - lower) / (upper - lower) : 1 - (at - upper) / (lower - upper);
  return bucket.count * fraction;
}

double histogram_fraction(double lower, double upper, const Histogram& histogram) {
  if (histogram.count == 0 || std::isnan(lower) || std::isnan(upper)) return kNaN;
  if (lower >= upper) return 0;
  std::vector<HistogramBucket> buckets;
  list_buckets(histogram, buckets);
  double total = 0;
  for (const auto& bucket : buckets) total += bucket.count;
  const double most = std::isnan(histogram.sum) ? total : histogram.count;
  const auto rank_of = [&](double value) {
    double rank = 0;
    for (auto bucket : buckets) {
      const bool linear = narrow_bounds(histogram, bucket);
      if (bucket.lower >= value) return std::min(rank, most);
      if (bucket.upper > value) return std::min(rank + observations_below(value, bucket, linear), most);
      rank += bucket.count;
    }
    return most;
  };
  return (rank_of(upper) - rank_of(lower)) / histogram.count;
}

double histogram_variance(const Histogram& histogram) {
  std::vector<HistogramBucket> buckets;
  list_buckets(histogram, buckets);
  const double mean = histogram.sum / histogram.count;
  double sum = 0, rest = 0;
  for (const auto& bucket : buckets) {
    double middle = 0;
    if (has_custom_buckets(histogram)) {
      middle = (bucket.upper + bucket.lower) / 2;
    } else if (bucket.lower > 0 || bucket.upper < 0) {
      middle = std::sqrt(bucket.upper * bucket.lower);
      if (bucket.upper < 0) middle = -middle;
    }
    add_compensated(sum, rest, bucket.count * (middle - mean) * (middle - mean));
  }
  return (sum + rest) / histogram.count;
}

}  // namespace mamori::metrics
