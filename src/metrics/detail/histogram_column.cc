#include "metrics/detail/histogram_column.h"

#include <algorithm>

namespace mamori::metrics::detail {
namespace {

// Columns before those of buckets, in the order they are written.
constexpr std::size_t kSum = 0, kCount = 1, kZeroCount = 2, kFixedColumns = 3;

}  // namespace

void HistogramEncoder::write(std::span<const HistogramPoint> points, std::uint32_t times, ValueEncoder& values,
                             StreamWriter& out, std::string& shapes) {
  shapes_.take(points);
  shapes_.write(shapes);
  const auto size = points.size();
  resets_.resize(size);
  for (std::size_t i = 0; i < size; ++i) resets_[i] = static_cast<std::int64_t>(points[i].value->reset);
  runs_.write(resets_, out);

  const auto write = [&](const double* column) { values.write(std::span(column, size), times, out); };
  column_.resize(size);
  for (const auto member : {&Histogram::sum, &Histogram::count, &Histogram::zero_count}) {
    for (std::size_t i = 0; i < size; ++i) column_[i] = (*points[i].value).*member;
    write(column_.data());
  }
  numbers_.assign(shapes_.columns * size, 0);
  for (std::size_t s = 0; s < shapes_.all.size(); ++s) {
    const auto& shape = shapes_.all[s];
    const auto end = s + 1 < shapes_.all.size() ? shapes_.all[s + 1].place : size;
    // A bucket that a shape has not goes on as it was: that costs least.
    for (std::size_t c = 0; c < shapes_.columns && shape.place > 0; ++c)
      std::fill_n(numbers_.data() + c * size + shape.place, end - shape.place, numbers_[c * size + shape.place - 1]);
    for (std::size_t i = shape.place; i < end; ++i) {
      const auto& histogram = *points[i].value;
      for (std::size_t b = 0; b < shape.positive.size(); ++b)
        numbers_[shape.positive[b] * size + i] = histogram.positive[b];
      for (std::size_t b = 0; b < shape.negative.size(); ++b)
        numbers_[shape.negative[b] * size + i] = histogram.negative[b];
    }
  }
  for (std::size_t c = 0; c < shapes_.columns; ++c) write(numbers_.data() + c * size);
}

bool HistogramReader::next(std::size_t size, std::uint32_t times, ValueReader& values, StreamReader& in,
                           ByteReader& shapes) {
  size_ = size;
  if (!shapes_.read(shapes, size)) return false;
  Run run;
  if (!runs_.read(in, size, run)) return false;
  resets_.resize(size);
  bool known = true;
  for_each(run, [&](std::size_t i, std::int64_t reset) {
    known = known && reset >= 0 && reset <= static_cast<std::int64_t>(Histogram::Reset::Gauge);
    resets_[i] = static_cast<Histogram::Reset>(reset & 3);
  });
  const auto columns = kFixedColumns + shapes_.columns;
  if (!known || columns > in.forms.left()) return false;  // each takes a byte there at least
  numbers_.resize(columns * size);
  for (std::size_t c = 0; c < columns; ++c) {
    if (!values.next(size, {0, size}, times, in)) return false;
    values.values(std::span(numbers_).subspan(c * size, size));
  }
  return true;
}

void HistogramReader::points(std::span<const std::int64_t> times, Cut cut, std::vector<HistogramPoint>& out) const {
  auto shape = shapes_.all.begin();
  for (std::size_t i = cut.first; i < cut.last; ++i) {
    while (std::next(shape) != shapes_.all.end() && std::next(shape)->place <= i) ++shape;
    auto histogram = std::make_shared<Histogram>(shape->histogram);
    histogram->reset = resets_[i];
    histogram->sum = column(kSum)[i];
    histogram->count = column(kCount)[i];
    histogram->zero_count = column(kZeroCount)[i];
    for (std::size_t b = 0; b < shape->positive.size(); ++b)
      histogram->positive[b] = column(kFixedColumns + shape->positive[b])[i];
    for (std::size_t b = 0; b < shape->negative.size(); ++b)
      histogram->negative[b] = column(kFixedColumns + shape->negative[b])[i];
    out.push_back({times[i], std::move(histogram)});
  }
}

}  // namespace mamori::metrics::detail
