// metrics/detail/histogram_shapes.h: the shapes that the native histograms of one series have in a window, and which
// column of numbers each of their buckets goes to: the same bucket to the same one, also when others come and go.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/detail/bytes.h"
#include "metrics/store.h"

namespace mamori::metrics::detail {

/// Most numbers of all columns of one series in a block, unless it has one histogram there: what a reader unpacks.
inline constexpr std::size_t kBucketNumbersMax = 1u << 20;
/// Most buckets of one histogram. One that a query can use has hundreds.
inline constexpr std::size_t kBucketsMax = 1u << 22;

inline std::size_t bucket_count(const Histogram& histogram) {
  return histogram.positive.size() + histogram.negative.size();
}

/// From its place on, until the next one's.
struct HistogramShape {
  std::size_t place = 0;
  Histogram histogram;                            // all but sum and counts, which are zeros
  std::vector<std::uint32_t> positive, negative;  // the column of each bucket
};

struct HistogramShapes {
  std::vector<HistogramShape> all;
  std::uint32_t columns = 0;
  bool by_position = false;  // columns go by the position in the lists, not by the bucket's index

  /// Of some points, at least one.
  void take(std::span<const HistogramPoint> points);
  void write(std::string& out) const;
  /// For `points` histograms. False when the bytes make no sense.
  bool read(ByteReader& in, std::size_t points);

 private:
  void number_columns();
};

}  // namespace mamori::metrics::detail
