#include "metrics/promql/instant_rows.h"

#include "metrics/promql/extended_histogram.h"

namespace mamori::metrics::promql {
namespace {

/// The value at a moment between two samples; a staleness marker ends the line at its begin.
double between(const Sample& before, const Sample& after, std::int64_t time_ms) {
  if (is_stale_nan(after.value)) return before.value;
  const auto share =
      static_cast<double>(time_ms - before.time_ms) / static_cast<double>(after.time_ms - before.time_ms);
  return before.value + (after.value - before.value) * share;
}

/// Walks along one series' samples of one type with the moments.
template <typename Point>
class Walk {
 public:
  explicit Walk(const std::vector<Point>& points) : points_(points) {}

  void go_to(std::int64_t time_ms) {
    while (next_ < points_.size() && points_[next_].time_ms <= time_ms) ++next_;
  }
  /// The newest at or before the moment, and the one after it; null if there is none.
  const Point* newest() const { return next_ == 0 ? nullptr : &points_[next_ - 1]; }
  const Point* next() const { return next_ == points_.size() ? nullptr : &points_[next_]; }

 private:
  const std::vector<Point>& points_;
  std::size_t next_ = 0;
};

class Filler {
 public:
  Filler(const InstantView& view, const SeriesData& series, const HistogramNotes& notes, Series& row)
      : view_(view), notes_(notes), row_(row), floats_(series.samples), histograms_(series.histograms) {}

  /// How many samples were looked at; 0: the step has no value.
  std::uint64_t fill(std::size_t step) {
    const auto at = view_.moments[step];
    floats_.go_to(at);
    histograms_.go_to(at);
    const auto* sample = floats_.newest();
    const auto* histogram = histograms_.newest();
    if (sample && sample->time_ms <= at - view_.lookback_ms) sample = nullptr;
    if (histogram && histogram->time_ms <= at - view_.lookback_ms) histogram = nullptr;
    if (view_.smoothed && mixed(sample, histogram, at)) return 0;
    if (histogram && (!sample || sample->time_ms < histogram->time_ms)) return take(step, *histogram);
    if (!sample || is_stale_nan(sample->value)) return 0;
    return take(step, *sample);
  }

 private:
  std::uint64_t take(std::size_t step, const Sample& sample) {
    const auto at = view_.moments[step];
    double value = view_.timestamps ? static_cast<double>(sample.time_ms) / 1000 : sample.value;
    if (view_.smoothed && sample.time_ms < at && floats_.next()) value = between(sample, *floats_.next(), at);
    row_.values[step] = value;
    return 1;
  }

  std::uint64_t take(std::size_t step, const HistogramPoint& histogram) {
    const auto at = view_.moments[step];
    if (view_.timestamps) {
      row_.values[step] = static_cast<double>(histogram.time_ms) / 1000;
      return sample_count(*histogram.value);
    }
    auto value = histogram.value;
    if (view_.smoothed && histogram.time_ms < at && histograms_.next()) {
      const auto& next = *histograms_.next();
      const bool counter = next.value->reset != Histogram::Reset::Gauge;
      const auto* sample = floats_.next();
      const bool ends = sample && sample->time_ms < next.time_ms && is_stale_nan(sample->value);
      if (!ends) value = interpolated(histogram, next, at, counter);
    }
    if (!value) {
      notes_.mixed_schemas();
      return 0;
    }
    row_.put(step, std::move(value));
    return sample_count(*histogram.value);
  }

  /// Whether floats and histograms lie around a moment: then there is no line to draw.
  bool mixed(const Sample* sample, const HistogramPoint* histogram, std::int64_t at) {
    const auto* next_sample = floats_.next();
    const auto* next_histogram = histograms_.next();
    const auto end = at + view_.lookback_ms;
    const bool floats = (sample && !is_stale_nan(sample->value)) ||
                        (next_sample && next_sample->time_ms <= end && !is_stale_nan(next_sample->value));
    const bool histograms = histogram || (next_histogram && next_histogram->time_ms <= end);
    if (floats && histograms) notes_.mixed_types();
    return floats && histograms;
  }

  const InstantView& view_;
  const HistogramNotes& notes_;
  Series& row_;
  Walk<Sample> floats_;
  Walk<HistogramPoint> histograms_;
};

}  // namespace

bool fill_row(const InstantView& view, const SeriesData& series, const HistogramNotes& notes, Series& row,
              std::span<std::uint64_t> counts) {
  Filler filler(view, series, notes, row);
  bool any = false;
  for (std::size_t i = 0; i < view.moments.size(); ++i) {
    const auto samples = filler.fill(i);
    counts[i] += samples;
    any = any || samples > 0;
  }
  return any;
}

}  // namespace mamori::metrics::promql
