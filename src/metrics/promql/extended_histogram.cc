// Functions over `[5m] anchored` and `[5m] smoothed` ranges with histograms, and smoothed selectors.
#include <algorithm>

#include "metrics/promql/extended_histogram.h"

#include "metrics/promql/histogram_range.h"

namespace mamori::metrics::promql {
namespace {

bool is_gauge(const Histogram& histogram) { return histogram.reset == Histogram::Reset::Gauge; }

/// The samples whose changes are added up.
struct Line {
  std::vector<HistogramPoint> points;
  std::vector<bool> reset_before;  // by point
  bool gauges = false;             // whether both ends stand on gauges
  bool incompatible = false;
};

void put(Line& line, std::int64_t time_ms, HistogramPtr value, bool reset_before) {
  line.points.push_back({time_ms, std::move(value)});
  line.reset_before.push_back(reset_before);
}

bool reset_between(const HistogramPoint& before, const HistogramPoint& after, bool counter) {
  return counter && was_reset(*after.value, *before.value);
}

Line anchored_line(const Window& window, bool counter) {
  Line line;
  if (window.histograms.empty()) return line;
  auto first = window.first_histogram;
  const auto& all = window.all_histograms;
  if (first > 0 && all[first - 1].time_ms > window.start_ms - window.lookback_ms) --first;
  const auto used = all.subspan(first, window.first_histogram + window.histograms.size() - first);
  for (std::size_t i = 0; i < used.size(); ++i) {
    put(line, used[i].time_ms, used[i].value, i > 0 && reset_between(used[i - 1], used[i], counter));
  }
  line.gauges = is_gauge(*used.front().value) && is_gauge(*used.back().value);
  return line;
}

/// The window's samples with the values at its borders.
Line smoothed_line(const Window& window, bool counter) {
  Line line;
  const auto& all = window.all_histograms;
  const auto inside = window.histograms;
  const auto end = window.first_histogram + inside.size();
  const auto* before = window.first_histogram > 0 ? &all[window.first_histogram - 1] : nullptr;
  const auto* after = end < all.size() ? &all[end] : nullptr;
  if (before && before->time_ms <= window.start_ms - window.lookback_ms) before = nullptr;
  if (after && after->time_ms > window.end_ms + window.lookback_ms) after = nullptr;
  if (inside.empty() && (!before || !after)) return line;
  const auto border = [&](const HistogramPoint& from, const HistogramPoint& to, std::int64_t time_ms, bool reset) {
    auto value = interpolated(from, to, time_ms, counter);
    line.incompatible = line.incompatible || !value;
    put(line, time_ms, std::move(value), reset);
  };
  const HistogramPoint* previous = nullptr;
  if (before) {
    const auto& next = inside.empty() ? *after : inside.front();
    if (before->time_ms == window.start_ms) {
      put(line, before->time_ms, before->value, false);
      previous = before;
    } else {
      border(*before, next, window.start_ms, false);  // a reset on the way to the next one is in the value already
    }
  }
  for (const auto& point : inside) {
    put(line, point.time_ms, point.value, previous && reset_between(*previous, point, counter));
    previous = &point;
  }
  if (after && (inside.empty() || inside.back().time_ms != window.end_ms)) {
    const auto& last = inside.empty() ? *before : inside.back();
    border(last, *after, window.end_ms, previous && reset_between(last, *after, counter));
  }
  const auto& leftmost = before ? *before : inside.front();
  const auto& rightmost = after ? *after : inside.back();
  line.gauges = is_gauge(*leftmost.value) && is_gauge(*rightmost.value);
  return line;
}

std::optional<Histogram> change_along(const Line& line, bool counter, const HistogramNotes& notes) {
  const auto& points = line.points;
  const auto custom = [](const HistogramPoint& point) { return has_custom_buckets(*point.value); };
  if (line.incompatible || std::ranges::any_of(points, [&](const auto& p) { return custom(p) != custom(points[0]); })) {
    notes.mixed_schemas();
    return std::nullopt;
  }
  if (counter && std::ranges::any_of(points, [](const auto& p) { return is_gauge(*p.value); })) notes.not_a_counter();
  if (!counter && !line.gauges) notes.not_a_gauge();
  HistogramSum change(*points.back().value, Rounding::Plain);
  if (change.subtract(*points.front().value).bounds_reconciled) notes.bounds_reconciled(kSubtraction);
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (!line.reset_before[i]) continue;
    if (change.add(*points[i - 1].value).bounds_reconciled) notes.bounds_reconciled(kAddition);
  }
  auto out = change.value();
  out.reset = Histogram::Reset::Gauge;
  return out;
}

RangeValue change_in(const Window& window, bool anchored, bool counter, bool per_second, const HistogramNotes& notes) {
  const auto line = anchored ? anchored_line(window, counter) : smoothed_line(window, counter);
  if (line.points.empty()) return {};
  if (!window.samples.empty()) {
    notes.mixed_types();
    return {};
  }
  auto change = change_along(line, counter, notes);
  if (!change) return {};
  if (per_second) divide(*change, static_cast<double>(window.end_ms - window.start_ms) / 1000);
  return {.histogram = std::make_shared<const Histogram>(std::move(*change))};
}

/// The window's samples of both kinds, led by the newest one at or before its start.
std::vector<RangePoint> anchored_points(const Window& window) {
  auto points = points_of(window.samples, window.histograms);
  if (points.empty()) return points;
  const auto from = window.start_ms - window.lookback_ms;
  const auto* sample = window.first > 0 ? &window.all[window.first - 1] : nullptr;
  const auto* histogram = window.first_histogram > 0 ? &window.all_histograms[window.first_histogram - 1] : nullptr;
  if (sample && sample->time_ms <= from) sample = nullptr;
  if (histogram && histogram->time_ms <= from) histogram = nullptr;
  if (histogram && (!sample || sample->time_ms < histogram->time_ms)) {
    points.insert(points.begin(), {.time_ms = histogram->time_ms, .histogram = histogram->value});
  } else if (sample) {
    points.insert(points.begin(), {.time_ms = sample->time_ms, .value = sample->value});
  }
  return points;
}

template <bool kAnchored>
RangeValue increase(const Window& w, const HistogramNotes& notes) {
  return change_in(w, kAnchored, true, false, notes);
}
template <bool kAnchored>
RangeValue rate(const Window& w, const HistogramNotes& notes) {
  return change_in(w, kAnchored, true, true, notes);
}
template <bool kAnchored>
RangeValue delta(const Window& w, const HistogramNotes& notes) {
  return change_in(w, kAnchored, false, false, notes);
}

template <double (*kCount)(std::span<const RangePoint>)>
RangeValue counted(const Window& w, const HistogramNotes&) {
  const auto points = anchored_points(w);
  if (points.empty()) return {};
  return {.value = kCount(points)};
}

}  // namespace

HistogramRangeApply extended_histogram_function(std::string_view name, bool anchored) {
  if (name == "changes") return counted<count_changes>;
  if (name == "resets") return counted<count_resets>;
  if (name == "delta") return anchored ? delta<true> : delta<false>;
  if (name == "increase") return anchored ? increase<true> : increase<false>;
  return anchored ? rate<true> : rate<false>;
}

HistogramPtr interpolated(const HistogramPoint& before, const HistogramPoint& after, std::int64_t time_ms,
                          bool counter) {
  const auto share =
      static_cast<double>(time_ms - before.time_ms) / static_cast<double>(after.time_ms - before.time_ms);
  auto value = *after.value;
  if (counter && was_reset(*after.value, *before.value)) {
    if (has_custom_buckets(*before.value) != has_custom_buckets(*after.value)) return nullptr;
    scale(value, share);  // it began again at zero
    return std::make_shared<const Histogram>(std::move(value));
  }
  if (subtract(value, *before.value).incompatible) return nullptr;
  scale(value, share);
  add(value, *before.value);
  value.reset = before.value->reset == after.value->reset ? after.value->reset : Histogram::Reset::Unknown;
  return std::make_shared<const Histogram>(std::move(value));
}

}  // namespace mamori::metrics::promql
