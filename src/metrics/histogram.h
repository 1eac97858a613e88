// metrics/histogram.h: a native histogram sample: counts in exponential (or custom) buckets, as one value of a series.
// Counts are doubles: whole numbers are exact up to 2^53, and PromQL computes with doubles anyway.
// Source: Prometheus documentation, "Native Histograms" (specification).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mamori::metrics {

/// `length` buckets in a row, `offset` after the end of the span before (the first: after index 0; may be negative).
struct BucketSpan {
  std::int32_t offset = 0;
  std::uint32_t length = 0;
  bool operator==(const BucketSpan&) const = default;
};

inline constexpr std::int32_t kCustomBucketsSchema = -53;

struct Histogram {
  /// What is known of a counter reset between the sample before and this one.
  enum class Reset : std::uint8_t { Unknown, Reset, NotReset, Gauge };
  Reset reset = Reset::Unknown;
  std::int32_t schema = 0;  // -4 to 8: bucket borders grow by 2^(2^-schema); kCustomBucketsSchema: custom_bounds
  double zero_threshold = 0, zero_count = 0;
  double count = 0, sum = 0;
  std::vector<BucketSpan> positive_spans, negative_spans;
  std::vector<double> positive, negative;  // absolute counts, as many as the spans have buckets
  std::vector<double> custom_bounds;       // upper bounds, ascending, without +Inf
  bool operator==(const Histogram&) const = default;

  /// Of memory.
  std::size_t bytes() const {
    return sizeof(Histogram) + (positive.size() + negative.size() + custom_bounds.size()) * sizeof(double) +
           (positive_spans.size() + negative_spans.size()) * sizeof(BucketSpan);
  }
};
inline bool has_custom_buckets(const Histogram& histogram) { return histogram.schema == kCustomBucketsSchema; }

using HistogramPtr = std::shared_ptr<const Histogram>;

}  // namespace mamori::metrics
