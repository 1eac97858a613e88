#include "metrics/promql/classic_histogram.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "metrics/promql/numeric.h"

namespace mamori::metrics::promql {
namespace {

// Differences this small between neighbouring counts come from rounding of rates, not from wrong data.
constexpr double kTolerance = 1e-12;

bool almost_equal(double a, double b) {
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b), difference = std::fabs(a - b);
  if (a == 0 || b == 0 || sum < std::numeric_limits<double>::min()) {
    return difference < kTolerance * std::numeric_limits<double>::min();
  }
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

}  // namespace

std::optional<double> parse_bound(std::string_view text) {
  const auto lower = to_lower(text);
  std::string_view rest = lower;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "inf" || rest == "infinity") return kInf;
  if (rest == "-inf" || rest == "-infinity") return -kInf;
  if (rest == "nan") return kNaN;
  double value = 0;
  const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (rest.empty() || failure != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
  return value;
}

bool prepare_buckets(std::vector<Bucket>& buckets, bool& forced) {
  std::ranges::stable_sort(buckets, {}, &Bucket::upper);
  if (buckets.empty() || buckets.back().upper != kInf) return false;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper == buckets[kept].upper) {
      buckets[kept].count += buckets[i].count;
    } else {
      buckets[++kept] = buckets[i];
    }
  }
  buckets.resize(kept + 1);
  double before = buckets[0].count;
  for (auto& bucket : buckets) {
    if (bucket.count == before) continue;
    if (almost_equal(before, bucket.count)) {
      bucket.count = before;
    } else if (bucket.count < before) {
      bucket.count = before;
      forced = true;
    }
    before = bucket.count;
  }
  return true;
}

double bucket_quantile(double q, const std::vector<Bucket>& buckets) {
  if (std::isnan(q)) return kNaN;
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  if (buckets.size() < 2) return kNaN;
  const double observations = buckets.back().count;
  if (observations == 0 || std::isnan(observations)) return kNaN;
  double rank = q * observations;
  std::size_t b = 0;
  while (b + 1 < buckets.size() && !(buckets[b].count >= rank)) ++b;
  if (b + 1 == buckets.size()) return buckets[b - 1].upper;
  if (b == 0 && buckets[0].upper <= 0) return buckets[0].upper;
  const double start = b > 0 ? buckets[b - 1].upper : 0;
  const double below = b > 0 ? buckets[b - 1].count : 0;
  return start + (buckets[b].upper - start) * ((rank - below) / (buckets[b].count - below));
}

double bucket_fraction(double lower, double upper, const std::vector<Bucket>& buckets) {
  const double count = buckets.back().count;
  if (count == 0 || std::isnan(count) || std::isnan(lower) || std::isnan(upper)) return kNaN;
  if (lower >= upper) return 0;
  // Number of observations at or below `value`.
  const auto rank_of = [&](double value) {
    double below = 0;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      const auto& bucket = buckets[i];
      double start = i > 0 ? buckets[i - 1].upper : 0;
      if (i == 0 && bucket.upper <= 0) start = -kInf;
      if (value <= start) return below;
      if (value < bucket.upper) {
        if (std::isinf(start) || std::isinf(bucket.upper)) return std::isinf(start) ? bucket.count : below;
        return below + (bucket.count - below) * (value - start) / (bucket.upper - start);
      }
      below = bucket.count;
    }
    return count;
  };
  return (rank_of(upper) - rank_of(lower)) / count;
}

}  // namespace mamori::metrics::promql
