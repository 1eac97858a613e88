// Calls of functions over ranges on the general path: a series' windows one after another, floats and histograms.
#include <algorithm>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/extended_range.h"
#include "metrics/promql/histogram_range.h"
#include "metrics/promql/row_stream.h"

namespace mamori::metrics::promql {
namespace {

// About 10 ms of sorting or adding.
constexpr std::size_t kSamplesBetweenChecks = 1'000'000;

/// Calls `visit(step, window)` for each step whose window holds a sample; two indexes walk along with the windows.
template <typename Visit>
void each_window(const RangeData& data, const Grid& grid, const RangeSeries& series, Visit visit) {
  const auto& samples = series.samples;
  const auto& histograms = series.histograms;
  std::size_t begin = 0, end = 0, begin_histogram = 0, end_histogram = 0;
  const auto lookaround = data.anchored || data.smoothed;
  for (std::size_t i = 0; i < grid.steps; ++i) {
    const auto window_end = data.window_ends[i], window_start = window_end - data.length_ms;
    while (end < samples.size() && samples[end].time_ms <= window_end) ++end;
    while (begin < end && samples[begin].time_ms <= window_start) ++begin;
    while (end_histogram < histograms.size() && histograms[end_histogram].time_ms <= window_end) ++end_histogram;
    while (begin_histogram < end_histogram && histograms[begin_histogram].time_ms <= window_start) ++begin_histogram;
    if (begin == end && begin_histogram == end_histogram && !lookaround) continue;
    visit(i, Window{.samples = std::span(samples).subspan(begin, end - begin),
                    .histograms = std::span(histograms).subspan(begin_histogram, end_histogram - begin_histogram),
                    .start_ms = window_start,
                    .end_ms = window_end,
                    .step_ms = grid.time(i),
                    .all = samples,
                    .first = begin,
                    .all_histograms = histograms,
                    .first_histogram = begin_histogram,
                    .lookback_ms = data.lookback_ms});
  }
}

/// A function in the forms that floats and histograms need.
struct Application {
  RangeApply floats = nullptr;
  HistogramRangeApply histograms = nullptr;   // null: it looks at floats only
  bool looks_around = false, counts = false;  // counts: resets or changes, between samples of any type

  RangeValue apply(const Window& window, std::span<const double> params, const HistogramNotes& notes) const {
    if (window.histograms.empty()) {
      const bool histograms_around = looks_around && histograms && !window.all_histograms.empty();
      if (histograms_around && (counts || window.samples.empty())) return histograms(window, notes);
      if (window.samples.empty() && !looks_around) return {};
      return {.value = floats(window, params)};
    }
    if (histograms) return histograms(window, notes);
    if (window.samples.empty()) return {};
    notes.histograms_ignored();
    return {.value = floats(window, params)};
  }
};

Result<Application> application_of(const CallExpr& expr, const RangeData& data) {
  Application out{.floats = range_function_traits(expr.name)->apply,
                  .histograms = histogram_range_function(expr.name),
                  .looks_around = data.anchored || data.smoothed,
                  .counts = expr.name == "resets" || expr.name == "changes"};
  if (out.looks_around) {
    MAMORI_TRY(out.floats, extended_function(expr.name, data.anchored));
    out.histograms = extended_histogram_function(expr.name, data.anchored);
  }
  return out;
}

}  // namespace

Result<Rows> Evaluator::range_function(const CallExpr& expr) {
  MAMORI_TRY(const auto source, range_function_source(expr));
  if (source) {
    MAMORI_TRY(auto streamed, streamed_rows(*source));
    if (streamed) return *std::move(streamed);
  }
  RangeData data;
  Span range_span;
  std::vector<std::vector<double>> params;
  const auto before = context_.budget.mark();
  for (const auto& arg : expr.args) {
    if (type_of(*arg) == ValueType::Matrix) {
      MAMORI_TRY(data, range(*arg));
      range_span = arg->span;
    } else {
      MAMORI_TRY(auto values, scalar(*arg));
      params.push_back(std::move(values));
    }
  }
  MAMORI_TRY(const auto application, application_of(expr, data));
  const auto traits = *range_function_traits(expr.name);
  if (!data.series.empty()) MAMORI_TRY_VOID(check_range_params(expr, params));
  Rows rows;
  std::vector<double> now(params.size());
  std::vector<std::uint64_t> counts(grid_.steps);
  std::size_t work = 0;
  Result<void> in_time;
  for (auto& series : data.series) {
    Series row{.labels = std::move(series.labels),
               .drop_name = series.drop_name,
               .values = std::vector<double>(grid_.steps, none())};
    const HistogramNotes notes(context_, range_span, row.labels);
    bool any_float = false;
    each_window(data, grid_, series, [&](std::size_t i, const Window& window) {
      for (std::size_t k = 0; k < params.size(); ++k) now[k] = params[k][i];
      const auto samples = window.samples.size() + sample_count(window.histograms);
      work += samples;
      counts[i] += samples;
      if (work > kSamplesBetweenChecks) {  // one series with long windows must not outlive the deadline
        work = 0;
        if (in_time) in_time = context_.check_deadline();
      }
      if (!in_time) return;
      auto value = application.apply(window, now, notes);
      if (value.histogram) row.put(i, std::move(value.histogram));
      if (!value.value) return;
      row.values[i] = *value.value;
      any_float = true;
    });
    MAMORI_TRY_VOID(std::move(in_time));
    if (!any_float && row.histograms.empty()) continue;
    const auto name = row.labels.get(kMetricName);
    if (any_float && traits.is_counter && !name.empty() && !looks_like_counter(name)) {
      context_.info(range_span,
                    "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " + quote(name));
    }
    if (!traits.keeps_name) drop_name(row);
    MAMORI_TRY_VOID(context_.budget.hold(grid_.steps, grid_.steps * sizeof(double) + row.histogram_bytes()));
    rows.push_back(std::move(row));
  }
  context_.budget.return_to(before);
  context_.count_samples(counts);
  MAMORI_TRY_VOID(join_equal(rows));
  return rows;
}

// ---- absent, absent_over_time ----

namespace {

/// What a series that is missing would surely carry: the labels that the selector asks to equal something.
Labels labels_of_absent(const Expr& arg) {
  const auto& expr = unwrap(arg);
  const SelectorExpr* selector = nullptr;
  if (expr.kind == Kind::Selector) selector = static_cast<const SelectorExpr*>(&expr);
  if (expr.kind == Kind::Range) selector = static_cast<const RangeExpr&>(expr).selector.get();
  if (!selector) return {};
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& matcher : selector->matchers) {
    if (matcher.name() == kMetricName) continue;
    const auto same_name = std::ranges::count(selector->matchers, matcher.name(), &Matcher::name);
    if (matcher.op() == MatchOp::Equal && same_name == 1) pairs.emplace_back(matcher.name(), matcher.value());
  }
  return Labels(std::move(pairs));
}

}  // namespace

Result<Rows> Evaluator::absent(const CallExpr& expr) {
  std::vector<bool> present(grid_.steps);
  if (expr.name == "absent") {
    MAMORI_TRY(const auto rows, vector(*expr.args[0]));
    for (const auto& row : rows) {
      for (std::size_t i = 0; i < grid_.steps; ++i) present[i] = present[i] || row.has(i);
    }
  } else {
    MAMORI_TRY(const auto data, range(*expr.args[0]));
    std::vector<std::uint64_t> counts(grid_.steps);
    for (const auto& series : data.series) {
      each_window(data, grid_, series, [&](std::size_t i, const Window& window) {
        present[i] = true;
        counts[i] += window.samples.size() + sample_count(window.histograms);
      });
    }
    context_.count_samples(counts);
  }
  Series row{.labels = labels_of_absent(*expr.args[0]), .values = std::vector<double>(grid_.steps, none())};
  for (std::size_t i = 0; i < grid_.steps; ++i) {
    if (!present[i]) row.values[i] = 1;
  }
  Rows rows;
  rows.push_back(std::move(row));
  drop_empty(rows);
  return rows;
}

}  // namespace mamori::metrics::promql
