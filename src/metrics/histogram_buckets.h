// metrics/histogram_buckets.h: where the buckets of a native histogram lie, and walks over them.
// Source: Prometheus documentation, "Native Histograms" (specification).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/histogram.h"

namespace mamori::metrics {

/// Upper bound of the positive bucket `index` of an exponential schema (-4 to 8): 2^(index * 2^-schema); the last
/// bucket ends at the largest number.
double bucket_bound(std::int64_t index, std::int32_t schema);

/// Calls visit(index, count) for each bucket of one side by ascending index, the empty ones between others too.
template <typename Visit>
void for_each_bucket(std::span<const BucketSpan> spans, std::span<const double> counts, Visit visit) {
  std::int64_t index = 0;
  std::size_t at = 0;
  for (const auto& [offset, length] : spans) {
    index += offset;
    for (std::uint32_t i = 0; i < length && at < counts.size(); ++i) visit(index++, counts[at++]);
  }
}

struct HistogramBucket {
  double lower = 0, upper = 0;
  bool lower_inclusive = false, upper_inclusive = false;
  double count = 0;
};

/// The bucket `index` of the positive side. It begins at the zero bucket's border if it reaches into it.
HistogramBucket bucket_at(const Histogram& histogram, std::int64_t index, double count);

/// Replaces `out` with the buckets that are not empty, from the lowest to the highest, the zero bucket between the
/// negative and the positive ones.
void list_buckets(const Histogram& histogram, std::vector<HistogramBucket>& out);

}  // namespace mamori::metrics
