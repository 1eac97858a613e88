// metrics/detail/histogram_column.h: packs the native histograms of one series in a window: their shapes
// (histogram_shapes.h), then sum, counts and each bucket as a column of values (value_column.h).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/detail/histogram_shapes.h"
#include "metrics/detail/value_column.h"

namespace mamori::metrics::detail {

class HistogramEncoder {
 public:
  /// `times`: the number of their time column. Shapes go to a stream of their own.
  /// REQUIRES: at least one point; with more, kBucketNumbersMax holds for their number times the most buckets.
  void write(std::span<const HistogramPoint> points, std::uint32_t times, ValueEncoder& values, StreamWriter& out,
             std::string& shapes);

 private:
  HistogramShapes shapes_;
  RunWriter runs_;
  std::vector<std::int64_t> resets_;
  std::vector<double> column_, numbers_;  // numbers: column after column
};

class HistogramReader {
 public:
  /// Reads the histograms of the next series. False when the streams make no sense.
  bool next(std::size_t size, std::uint32_t times, ValueReader& values, StreamReader& in, ByteReader& shapes);
  /// Appends histograms of the series read last; `times` are all of its column.
  void points(std::span<const std::int64_t> times, Cut cut, std::vector<HistogramPoint>& out) const;
  std::size_t bytes() const { return numbers_.capacity() * sizeof(double); }  // of memory

 private:
  const double* column(std::size_t number) const { return numbers_.data() + number * size_; }

  std::size_t size_ = 0;
  HistogramShapes shapes_;
  RunReader runs_;
  std::vector<Histogram::Reset> resets_;
  std::vector<double> numbers_;  // column after column
};

}  // namespace mamori::metrics::detail
