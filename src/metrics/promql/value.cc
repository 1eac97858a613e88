#include "metrics/promql/value.h"

#include <algorithm>

namespace mamori::metrics::promql {

bool Series::has_any() const {
  return !std::ranges::all_of(values, is_none) || std::ranges::any_of(histograms, [](const auto& h) { return !!h; });
}

void Series::put(std::size_t step, HistogramPtr histogram) {
  if (histograms.empty()) histograms.resize(values.size());
  histograms[step] = std::move(histogram);
  values[step] = none();
}

void Series::copy(std::size_t step, const Series& from) {
  if (from.histogram(step)) {
    put(step, from.histograms[step]);
  } else {
    clear(step);
    values[step] = from.values[step];
  }
}

void Series::clear(std::size_t step) {
  values[step] = none();
  if (!histograms.empty()) histograms[step].reset();
}

std::size_t Series::histogram_bytes() const {
  std::size_t bytes = histograms.size() * sizeof(HistogramPtr);
  const Histogram* before = nullptr;  // a selector's steps often have the same one
  for (const auto& histogram : histograms) {
    if (histogram && histogram.get() != before) bytes += histogram->bytes();
    before = histogram.get();
  }
  return bytes;
}

std::uint64_t sample_count(const Histogram& histogram) {
  // The size of Prometheus' structure, its lists, and a time.
  constexpr std::size_t kFixed = 168, kTime = 8;
  const auto buckets = histogram.positive.size() + histogram.negative.size() + histogram.custom_bounds.size();
  const auto spans = histogram.positive_spans.size() + histogram.negative_spans.size();
  return (kFixed + kTime + 8 * (buckets + spans)) / 16;
}

std::uint64_t sample_count(std::span<const HistogramPoint> histograms) {
  std::uint64_t count = 0;
  for (const auto& point : histograms) count += sample_count(*point.value);
  return count;
}

}  // namespace mamori::metrics::promql
