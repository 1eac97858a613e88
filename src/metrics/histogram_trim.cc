#include "metrics/histogram_trim.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "metrics/compensated.h"
#include "metrics/histogram_buckets.h"
#include "metrics/histogram_math.h"
#include "metrics/histogram_stats.h"

namespace mamori::metrics {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

double middle(const HistogramBucket& bucket, bool linear) {
  if (linear) return (bucket.lower + bucket.upper) / 2;
  const double size = std::sqrt(bucket.lower * bucket.upper);
  return bucket.upper < 0 ? -size : size;
}

class Trimming {
 public:
  Trimming(const Histogram& histogram, double value, Keep keep) : histogram_(histogram), value_(value), keep_(keep) {}

  /// The count that remains of a bucket.
  double take(HistogramBucket bucket) {
    if (bucket.count == 0) return 0;
    const double remains = has_custom_buckets(histogram_) ? take_custom(bucket) : take_finite(bucket);
    changed_ = changed_ || remains != bucket.count;
    count_ += remains;
    return remains;
  }

  bool changed() const { return changed_; }
  double count() const { return count_; }
  double sum() const { return sum_ + rest_; }

 private:
  double take_custom(const HistogramBucket& bucket) {
    const bool from_below = bucket.lower == -kInf, to_above = bucket.upper == kInf;
    if (from_below && to_above) return take_infinite(bucket, std::isinf(value_) && !beyond(bucket), 0);
    // Where in an infinite bucket the observations lie is not known: it is kept whole or not at all.
    if (to_above) return take_infinite(bucket, keep_ == Keep::Above ? value_ < kInf : value_ == kInf, bucket.lower);
    const bool zero_based = bucket.upper > 0 && (keep_ == Keep::Below || value_ >= 0 || value_ == -kInf);
    if (from_below && !zero_based) {
      return take_infinite(bucket, keep_ == Keep::Below ? value_ > -kInf : value_ == -kInf, bucket.upper);
    }
    return take_finite(bucket);
  }

  double take_infinite(const HistogramBucket& bucket, bool kept, double finite_bound) {
    if (!kept) return 0;
    double at = finite_bound;
    if (std::isfinite(value_)) at = keep_ == Keep::Above ? std::max(at, value_) : std::min(at, value_);
    add_compensated(sum_, rest_, bucket.count * at);
    return bucket.count;
  }

  double take_finite(HistogramBucket bucket) {
    const bool linear = narrow_bounds(histogram_, bucket);
    double remains = bucket.count;
    if (beyond(bucket)) return 0;
    if (value_ > bucket.lower && value_ < bucket.upper) {
      const double below = observations_below(value_, bucket, linear);
      remains = keep_ == Keep::Below ? below : bucket.count - below;
      (keep_ == Keep::Below ? bucket.upper : bucket.lower) = value_;
    }
    add_compensated(sum_, rest_, remains * middle(bucket, linear));
    return remains;
  }

  bool beyond(const HistogramBucket& bucket) const {
    return keep_ == Keep::Below ? value_ <= bucket.lower : value_ >= bucket.upper && value_ > bucket.lower;
  }

  const Histogram& histogram_;
  const double value_;
  const Keep keep_;
  bool changed_ = false;
  double count_ = 0, sum_ = 0, rest_ = 0;
};

}  // namespace

Histogram trim(const Histogram& histogram, double value, Keep keep) {
  Trimming trimming(histogram, value, keep);
  Histogram out = histogram;
  const auto take_side = [&](const std::vector<BucketSpan>& spans, std::vector<double>& counts, double sign) {
    std::size_t at = 0;
    for_each_bucket(spans, counts, [&](std::int64_t index, double count) {
      auto bucket = bucket_at(histogram, index, count);
      if (sign < 0) bucket = {.lower = -bucket.upper, .upper = -bucket.lower, .count = count};
      counts[at++] = trimming.take(bucket);
    });
  };
  take_side(histogram.negative_spans, out.negative, -1);
  if (!has_custom_buckets(histogram)) {
    out.zero_count = trimming.take(
        {.lower = -histogram.zero_threshold, .upper = histogram.zero_threshold, .count = histogram.zero_count});
  }
  take_side(histogram.positive_spans, out.positive, 1);
  if (!trimming.changed()) return histogram;
  out.count = trimming.count();
  out.sum = trimming.sum();
  compact(out);
  return out;
}

}  // namespace mamori::metrics
