#include "metrics/histogram_buckets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace mamori::metrics {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr int kFinestSchema = 8;
constexpr int kOverflow = std::numeric_limits<double>::max_exponent;  // 2^1024 is no number any more

/// 2^(i/256): the bounds of the finest schema between 1 and 2; those of others are among them.
/// To the last digit as Prometheus has them, up to 4 units of it below the nearest double: as measured, each is the
/// product of the one without its lowest bit and the root that this bit stands for, and sqrt(2) is rounded down.
const std::array<double, 1 << kFinestSchema>& fractions() {
  static const auto table = [] {
    std::array<double, 1 << kFinestSchema> out{1};
    for (std::size_t i = 1; i < out.size(); ++i) {
      const auto lowest = i & (~i + 1);
      const double root = std::exp2(static_cast<double>(lowest) / out.size());
      out[i] = out[i - lowest] * (lowest == out.size() / 2 ? std::nextafter(root, 1) : root);
    }
    return out;
  }();
  return table;
}

double power_of_two(double fraction, std::int64_t exponent) {
  if (exponent == kOverflow && fraction == 1) return std::numeric_limits<double>::max();
  return std::ldexp(fraction, static_cast<int>(std::clamp<std::int64_t>(exponent, -4096, 4096)));
}

}  // namespace

double bucket_bound(std::int64_t index, std::int32_t schema) {
  if (schema <= 0) return power_of_two(1, index * (std::int64_t{1} << std::min(-schema, 16)));
  const int used = std::min(schema, kFinestSchema);
  const auto part = static_cast<std::size_t>(index & ((1 << used) - 1)) << (kFinestSchema - used);
  return power_of_two(fractions()[part], index >> used);
}

HistogramBucket bucket_at(const Histogram& histogram, std::int64_t index, double count) {
  if (!has_custom_buckets(histogram)) {
    return {.lower = std::max(bucket_bound(index - 1, histogram.schema), histogram.zero_threshold),
            .upper = bucket_bound(index, histogram.schema),
            .upper_inclusive = true,
            .count = count};
  }
  const auto& bounds = histogram.custom_bounds;
  const auto bound = [&](std::int64_t i) {
    if (i < 0) return -kInf;
    return static_cast<std::size_t>(i) < bounds.size() ? bounds[static_cast<std::size_t>(i)] : kInf;
  };
  return {.lower = bound(index - 1),
          .upper = bound(index),
          .lower_inclusive = index == 0,
          .upper_inclusive = true,
          .count = count};
}

void list_buckets(const Histogram& histogram, std::vector<HistogramBucket>& out) {
  out.clear();
  for_each_bucket(histogram.negative_spans, histogram.negative, [&](std::int64_t index, double count) {
    if (count == 0) return;
    const auto mirrored = bucket_at(histogram, index, count);
    out.push_back({.lower = -mirrored.upper, .upper = -mirrored.lower, .lower_inclusive = true, .count = count});
  });
  std::ranges::reverse(out);
  if (histogram.zero_count != 0 && !has_custom_buckets(histogram)) {
    out.push_back({.lower = -histogram.zero_threshold,
                   .upper = histogram.zero_threshold,
                   .lower_inclusive = true,
                   .upper_inclusive = true,
                   .count = histogram.zero_count});
  }
  for_each_bucket(histogram.positive_spans, histogram.positive, [&](std::int64_t index, double count) {
    if (count != 0) out.push_back(bucket_at(histogram, index, count));
  });
}

}  // namespace mamori::metrics
