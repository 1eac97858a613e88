#include "metrics/promql/histogram_range.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "metrics/promql/histogram_aggregate.h"

namespace mamori::metrics::promql {
namespace {

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

RangeValue histogram_value(Histogram histogram) {
  return {.histogram = std::make_shared<const Histogram>(std::move(histogram))};
}

bool is_gauge(const Histogram& histogram) { return histogram.reset == Histogram::Reset::Gauge; }

/// Whether all that counts has one kind of buckets; of a counter that was reset at once, the first sample does not.
bool one_kind_of_buckets(std::span<const HistogramPoint> points, bool skip_first) {
  const auto counted = points.subspan(skip_first ? 1 : 0);
  const bool custom = has_custom_buckets(*counted.front().value);
  return std::ranges::all_of(counted, [&](const auto& point) { return has_custom_buckets(*point.value) == custom; });
}

void note_type(std::span<const HistogramPoint> points, bool counter, const HistogramNotes& notes) {
  if (counter) {
    if (std::ranges::any_of(points, [](const auto& point) { return is_gauge(*point.value); })) notes.not_a_counter();
  } else if (!is_gauge(*points.front().value) || !is_gauge(*points.back().value)) {
    notes.not_a_gauge();
  }
}

/// Last minus first, with what a counter lost at its resets added. Nothing if the buckets do not fit together.
std::optional<Histogram> change_of(std::span<const HistogramPoint> points, bool counter, const HistogramNotes& notes) {
  const bool reset_at_once = counter && was_reset(*points[1].value, *points[0].value);
  if (!one_kind_of_buckets(points, reset_at_once)) {
    notes.mixed_schemas();
    return std::nullopt;
  }
  note_type(points, counter, notes);
  HistogramSum change(*points.back().value, Rounding::Plain);
  for (const auto& point : points.subspan(reset_at_once ? 1 : 0)) change.reduce_to(point.value->schema);
  // Resets are looked for here, so what the sums know of them does not matter.
  if (!reset_at_once && change.subtract(*points.front().value).bounds_reconciled) {
    notes.bounds_reconciled(kSubtraction);
  }
  for (std::size_t i = reset_at_once ? 2 : 1; counter && i < points.size(); ++i) {
    if (!was_reset(*points[i].value, *points[i - 1].value)) continue;
    if (change.add(*points[i - 1].value).bounds_reconciled) notes.bounds_reconciled(kAddition);
  }
  auto out = change.value();
  out.reset = Histogram::Reset::Gauge;
  return out;
}

RangeValue extrapolated(const Window& window, bool counter, bool per_second, const HistogramNotes& notes) {
  if (!window.samples.empty()) {
    notes.mixed_types();
    return {};
  }
  const auto points = window.histograms;
  if (points.size() < 2) return {};
  auto change = change_of(points, counter, notes);
  if (!change) return {};
  const auto& first = *points.front().value;
  scale(*change, extrapolation_factor(window, {points.front().time_ms, points.back().time_ms, points.size()},
                                      counter ? &first.count : nullptr, change->count, per_second));
  return histogram_value(std::move(*change));
}

RangeValue rate(const Window& w, const HistogramNotes& notes) { return extrapolated(w, true, true, notes); }
RangeValue increase(const Window& w, const HistogramNotes& notes) { return extrapolated(w, true, false, notes); }
RangeValue delta(const Window& w, const HistogramNotes& notes) { return extrapolated(w, false, false, notes); }

/// The last two samples' difference.
RangeValue instant_change(const Window& w, bool counter, const HistogramNotes& notes) {
  const auto newest = [](auto samples) { return samples.last(std::min<std::size_t>(samples.size(), 2)); };
  const auto points = points_of(newest(w.samples), newest(w.histograms));
  if (points.size() < 2) return {};
  const auto &before = points[points.size() - 2], &now = points.back();
  const double interval = seconds(now.time_ms - before.time_ms);
  if (!before.histogram && !now.histogram) {
    double change = counter && now.value < before.value ? now.value : now.value - before.value;
    return {.value = counter ? change / interval : change};
  }
  if (!before.histogram || !now.histogram) {
    notes.mixed_types();
    return {};
  }
  const auto &a = *before.histogram, &b = *now.histogram;
  if (counter && (is_gauge(a) || is_gauge(b))) notes.not_a_counter();
  if (!counter && (!is_gauge(a) || !is_gauge(b))) notes.not_a_gauge();
  auto change = b;
  if (!counter || !was_reset(b, a)) {
    const auto met = subtract(change, a);
    if (met.incompatible) {
      notes.mixed_schemas();
      return {};
    }
    if (met.bounds_reconciled) notes.bounds_reconciled(kSubtraction);
  }
  compact(change);
  change.reset = Histogram::Reset::Gauge;
  if (counter) divide(change, interval);
  return histogram_value(std::move(change));
}

RangeValue irate(const Window& w, const HistogramNotes& notes) { return instant_change(w, true, notes); }
RangeValue idelta(const Window& w, const HistogramNotes& notes) { return instant_change(w, false, notes); }

RangeValue resets(const Window& w, const HistogramNotes&) {
  return {.value = count_resets(points_of(w.samples, w.histograms))};
}

RangeValue changes(const Window& w, const HistogramNotes&) {
  return {.value = count_changes(points_of(w.samples, w.histograms))};
}

template <bool kMean>
RangeValue aggregated(const Window& w, const HistogramNotes& notes) {
  if (!w.samples.empty()) {
    notes.mixed_types();
    return {};
  }
  std::vector<const Histogram*> histograms;
  for (const auto& point : w.histograms) histograms.push_back(point.value.get());
  return {.histogram = add_up(kMean, histograms, notes)};
}

RangeValue count_over_time(const Window& w, const HistogramNotes&) {
  return {.value = static_cast<double>(w.samples.size() + w.histograms.size())};
}

RangeValue present_over_time(const Window&, const HistogramNotes&) { return {.value = 1}; }

RangeValue last_over_time(const Window& w, const HistogramNotes&) {
  if (!w.samples.empty() && w.samples.back().time_ms > w.histograms.back().time_ms) {
    return {.value = w.samples.back().value};
  }
  return {.histogram = w.histograms.back().value};
}

RangeValue first_over_time(const Window& w, const HistogramNotes&) {
  if (!w.samples.empty() && w.samples.front().time_ms < w.histograms.front().time_ms) {
    return {.value = w.samples.front().value};
  }
  return {.histogram = w.histograms.front().value};
}

RangeValue ts_of_last(const Window& w, const HistogramNotes&) {
  const auto last = w.histograms.back().time_ms;
  return {.value = seconds(w.samples.empty() ? last : std::max(last, w.samples.back().time_ms))};
}

RangeValue ts_of_first(const Window& w, const HistogramNotes&) {
  const auto first = w.histograms.front().time_ms;
  return {.value = seconds(w.samples.empty() ? first : std::min(first, w.samples.front().time_ms))};
}

struct Entry {
  std::string_view name;
  HistogramRangeApply apply;
};

constexpr std::array kEntries{
    Entry{"avg_over_time", aggregated<true>},
    Entry{"changes", changes},
    Entry{"count_over_time", count_over_time},
    Entry{"delta", delta},
    Entry{"first_over_time", first_over_time},
    Entry{"idelta", idelta},
    Entry{"increase", increase},
    Entry{"irate", irate},
    Entry{"last_over_time", last_over_time},
    Entry{"present_over_time", present_over_time},
    Entry{"rate", rate},
    Entry{"resets", resets},
    Entry{"sum_over_time", aggregated<false>},
    Entry{"ts_of_first_over_time", ts_of_first},
    Entry{"ts_of_last_over_time", ts_of_last},
};

template <typename Counts>
double count_pairs(std::span<const RangePoint> points, Counts counts) {
  double count = 0;
  for (std::size_t i = 1; i < points.size(); ++i) count += counts(points[i - 1], points[i]) ? 1 : 0;
  return count;
}

}  // namespace

HistogramRangeApply histogram_range_function(std::string_view name) {
  const auto at = std::ranges::find(kEntries, name, &Entry::name);
  return at == kEntries.end() ? nullptr : at->apply;
}

std::vector<RangePoint> points_of(std::span<const Sample> samples, std::span<const HistogramPoint> histograms) {
  std::vector<RangePoint> points;
  points.reserve(samples.size() + histograms.size());
  for (const auto& [time_ms, value] : samples) points.push_back({.time_ms = time_ms, .value = value});
  for (const auto& [time_ms, value] : histograms) points.push_back({.time_ms = time_ms, .histogram = value});
  std::ranges::inplace_merge(points, points.begin() + static_cast<std::ptrdiff_t>(samples.size()), {},
                             &RangePoint::time_ms);
  return points;
}

double count_resets(std::span<const RangePoint> points) {
  return count_pairs(points, [](const RangePoint& a, const RangePoint& b) {
    if (!a.histogram && !b.histogram) return b.value < a.value;
    return !a.histogram || !b.histogram || was_reset(*b.histogram, *a.histogram);
  });
}

double count_changes(std::span<const RangePoint> points) {
  return count_pairs(points, [](const RangePoint& a, const RangePoint& b) {
    if (!a.histogram && !b.histogram) return a.value != b.value && !(std::isnan(a.value) && std::isnan(b.value));
    return !a.histogram || !b.histogram || !same_data(*a.histogram, *b.histogram);
  });
}

double extrapolation_factor(const Window& window, const Extent& extent, const double* first, double change,
                            bool per_second) {
  const double sampled = seconds(extent.last_ms - extent.first_ms);
  const double spacing = sampled / static_cast<double>(extent.samples - 1);
  const double threshold = spacing * 1.1;
  double to_start = seconds(extent.first_ms - window.start_ms);
  double to_end = seconds(window.end_ms - extent.last_ms);
  if (to_start >= threshold) to_start = spacing / 2;
  if (first && change > 0 && *first >= 0) {
    // A counter is never below zero: it cannot have begun earlier than its slope says.
    to_start = std::min(to_start, sampled * (*first / change));
  }
  if (to_end >= threshold) to_end = spacing / 2;
  const double factor = (sampled + to_start + to_end) / sampled;
  return per_second ? factor / seconds(window.end_ms - window.start_ms) : factor;
}

}  // namespace mamori::metrics::promql
