#include "metrics/detail/histogram_shapes.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace mamori::metrics::detail {
namespace {

using Spans = std::vector<BucketSpan>;

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool same_shape(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema && same_bits(a.zero_threshold, b.zero_threshold) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         a.positive.size() == b.positive.size() && a.negative.size() == b.negative.size() &&
         std::ranges::equal(a.custom_bounds, b.custom_bounds, same_bits);
}

/// The index of each bucket. Spans that do not fit the list or go back give positions instead, far from any index.
std::vector<std::int64_t> bucket_keys(const Spans& spans, std::size_t buckets, bool by_position) {
  constexpr std::int64_t kPositions = std::int64_t{1} << 60;
  std::vector<std::int64_t> keys;
  keys.reserve(buckets);
  std::int64_t index = 0;
  bool fits = !by_position;
  for (const auto& span : spans) {
    if (!fits) break;
    index += span.offset;
    fits = span.length <= buckets - keys.size() && (keys.empty() || span.length == 0 || index > keys.back());
    if (!fits) break;
    for (std::uint32_t i = 0; i < span.length; ++i) keys.push_back(index++);
  }
  if (fits && keys.size() == buckets) return keys;
  keys.resize(buckets);
  for (std::size_t i = 0; i < buckets; ++i) keys[i] = kPositions + static_cast<std::int64_t>(i);
  return keys;
}

void write_spans(const Spans& spans, std::string& out) {
  put_varint(out, spans.size());
  for (const auto& span : spans) {
    put_signed(out, span.offset);
    put_varint(out, span.length);
  }
}

bool read_spans(ByteReader& in, Spans& spans) {
  const auto count = in.varint();
  if (count > in.left()) return false;  // each takes two bytes at least
  spans.resize(count);
  for (auto& span : spans) {
    span.offset = static_cast<std::int32_t>(in.signed_varint());
    span.length = static_cast<std::uint32_t>(in.varint());
  }
  return in.ok();
}

void write_shape(const Histogram& histogram, std::string& out) {
  put_signed(out, histogram.schema);
  put_raw(out, histogram.zero_threshold);
  write_spans(histogram.positive_spans, out);
  write_spans(histogram.negative_spans, out);
  put_varint(out, histogram.positive.size());
  put_varint(out, histogram.negative.size());
  put_varint(out, histogram.custom_bounds.size());
  for (const auto bound : histogram.custom_bounds) put_raw(out, bound);
}

bool read_shape(ByteReader& in, std::size_t points, Histogram& histogram) {
  histogram.schema = static_cast<std::int32_t>(in.signed_varint());
  histogram.zero_threshold = in.raw<double>();
  if (!read_spans(in, histogram.positive_spans) || !read_spans(in, histogram.negative_spans)) return false;
  const auto positive = in.varint(), negative = in.varint(), bounds = in.varint();
  const auto most = points == 1 ? kBucketsMax : kBucketNumbersMax / points;
  if (positive > most || negative > most - positive || bounds > in.left() / sizeof(double)) return false;
  histogram.positive.resize(positive);
  histogram.negative.resize(negative);
  histogram.custom_bounds.resize(bounds);
  for (auto& bound : histogram.custom_bounds) bound = in.raw<double>();
  return in.ok();
}

}  // namespace

/// The columns in use are numbered in the order of their buckets, the positive ones first.
void HistogramShapes::number_columns() {
  columns = 0;
  const auto number = [&](auto spans, auto counts, auto to) {
    std::vector<std::vector<std::int64_t>> keys;
    std::vector<std::int64_t> used;
    for (const auto& shape : all) {
      keys.push_back(bucket_keys(shape.histogram.*spans, (shape.histogram.*counts).size(), by_position));
      used.insert(used.end(), keys.back().begin(), keys.back().end());
    }
    std::ranges::sort(used);
    used.erase(std::ranges::unique(used).begin(), used.end());
    for (std::size_t s = 0; s < all.size(); ++s) {
      auto& numbers = all[s].*to;
      numbers.clear();
      for (const auto key : keys[s]) {
        const auto at = std::ranges::lower_bound(used, key) - used.begin();
        numbers.push_back(columns + static_cast<std::uint32_t>(at));
      }
    }
    columns += static_cast<std::uint32_t>(used.size());
  };
  number(&Histogram::positive_spans, &Histogram::positive, &HistogramShape::positive);
  number(&Histogram::negative_spans, &Histogram::negative, &HistogramShape::negative);
}

void HistogramShapes::take(std::span<const HistogramPoint> points) {
  all.clear();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& histogram = *points[i].value;
    if (!all.empty() && same_shape(all.back().histogram, histogram)) continue;
    auto& shape = all.emplace_back();
    shape.place = i;
    shape.histogram.schema = histogram.schema;
    shape.histogram.zero_threshold = histogram.zero_threshold;
    shape.histogram.positive_spans = histogram.positive_spans;
    shape.histogram.negative_spans = histogram.negative_spans;
    shape.histogram.positive.resize(histogram.positive.size());
    shape.histogram.negative.resize(histogram.negative.size());
    shape.histogram.custom_bounds = histogram.custom_bounds;
  }
  by_position = false;
  number_columns();
  if (points.size() == 1 || columns * points.size() <= kBucketNumbersMax) return;
  by_position = true;
  number_columns();
}

void HistogramShapes::write(std::string& out) const {
  put_varint(out, all.size() << 1 | (by_position ? 1 : 0));
  std::size_t next = 0;
  for (const auto& shape : all) {
    put_varint(out, shape.place - next);
    next = shape.place + 1;
    write_shape(shape.histogram, out);
  }
}

bool HistogramShapes::read(ByteReader& in, std::size_t points) {
  const auto head = in.varint();
  by_position = (head & 1) != 0;
  const auto count = head >> 1;
  if (count == 0 || count > points) return false;
  all.assign(count, {});
  std::size_t next = 0;
  for (auto& shape : all) {
    const auto gap = in.varint();
    if (next >= points || gap >= points - next) return false;
    shape.place = next + gap;
    next = shape.place + 1;
    if (!read_shape(in, points, shape.histogram)) return false;
  }
  if (all.front().place != 0) return false;
  number_columns();
  return points == 1 || columns * points <= kBucketNumbersMax;
}

}  // namespace mamori::metrics::detail
