// Functions over a range vector: one value per series and step from the samples of a window.
// Source: Prometheus 3 documentation, "Query functions"; the extrapolation of rate() as documented there.
#include <algorithm>
#include <array>
#include <cmath>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/extended_range.h"
#include "metrics/promql/numeric.h"
#include "metrics/promql/row_stream.h"

namespace mamori::metrics::promql {
namespace {

using Found = std::optional<double>;
using Params = std::span<const double>;

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

/// Last minus first, with what a counter lost at its resets added; stretched to the window's borders as far as the
/// samples' spacing makes it likely that the series goes on there.
Found extrapolated(const Window& window, bool counter, bool per_second) {
  const auto samples = window.samples;
  if (samples.size() < 2) return std::nullopt;
  const auto &first = samples.front(), &last = samples.back();
  double change = last.value - first.value;
  if (counter) {
    for (std::size_t i = 1; i < samples.size(); ++i) {
      if (samples[i].value < samples[i - 1].value) change += samples[i - 1].value;
    }
  }
  const double sampled = seconds(last.time_ms - first.time_ms);
  const double spacing = sampled / static_cast<double>(samples.size() - 1);
  const double threshold = spacing * 1.1;
  double to_start = seconds(first.time_ms - window.start_ms);
  double to_end = seconds(window.end_ms - last.time_ms);
  if (to_start >= threshold) to_start = spacing / 2;
  if (counter && change > 0 && first.value >= 0) {
    // A counter is never below zero: it cannot have begun earlier than its slope says.
    to_start = std::min(to_start, sampled * (first.value / change));
  }
  if (to_end >= threshold) to_end = spacing / 2;
  double factor = (sampled + to_start + to_end) / sampled;
  if (per_second) factor /= seconds(window.end_ms - window.start_ms);
  return change * factor;
}

Found rate(const Window& w, Params) { return extrapolated(w, true, true); }
Found increase(const Window& w, Params) { return extrapolated(w, true, false); }
Found delta(const Window& w, Params) { return extrapolated(w, false, false); }

Found irate(const Window& w, Params) {
  if (w.samples.size() < 2) return std::nullopt;
  const auto &a = w.samples[w.samples.size() - 2], &b = w.samples.back();
  const double change = b.value < a.value ? b.value : b.value - a.value;
  return change / seconds(b.time_ms - a.time_ms);
}

Found idelta(const Window& w, Params) {
  if (w.samples.size() < 2) return std::nullopt;
  return w.samples.back().value - w.samples[w.samples.size() - 2].value;
}

Found changes(const Window& w, Params) {
  double count = 0;
  for (std::size_t i = 1; i < w.samples.size(); ++i) {
    const double a = w.samples[i - 1].value, b = w.samples[i].value;
    if (a != b && !(std::isnan(a) && std::isnan(b))) ++count;
  }
  return count;
}

Found resets(const Window& w, Params) {
  double count = 0;
  for (std::size_t i = 1; i < w.samples.size(); ++i) {
    if (w.samples[i].value < w.samples[i - 1].value) ++count;
  }
  return count;
}

struct Line {
  double slope = 0, intercept = 0;
};

/// Least squares; the intercept is at `origin_ms`.
Line regression(std::span<const Sample> samples, std::int64_t origin_ms) {
  KahanSum x_sum, y_sum, xy_sum, xx_sum;
  bool constant = true;
  for (const auto& sample : samples) {
    constant = constant && sample.value == samples.front().value;
    const double x = static_cast<double>(sample.time_ms - origin_ms) / 1000;
    x_sum.add(x);
    y_sum.add(sample.value);
    xy_sum.add(x * sample.value);
    xx_sum.add(x * x);
  }
  if (constant) {
    if (std::isinf(samples.front().value)) return {kNaN, kNaN};
    return {0, samples.front().value};
  }
  const auto n = static_cast<double>(samples.size());
  const auto total = [](const KahanSum& sum) { return sum.raw() + sum.rest(); };
  const double covariance = total(xy_sum) - total(x_sum) * total(y_sum) / n;
  const double variance = total(xx_sum) - total(x_sum) * total(x_sum) / n;
  const double slope = covariance / variance;
  return {slope, total(y_sum) / n - slope * total(x_sum) / n};
}

Found deriv(const Window& w, Params) {
  if (w.samples.size() < 2) return std::nullopt;
  return regression(w.samples, w.samples.front().time_ms).slope;
}

Found predict_linear(const Window& w, Params params) {
  if (w.samples.size() < 2) return std::nullopt;
  const auto line = regression(w.samples, w.step_ms);
  return line.slope * params[0] + line.intercept;
}

Found smoothing(const Window& w, Params params) {
  if (w.samples.size() < 2) return std::nullopt;
  const double level = params[0], trend = params[1];
  double before = 0, now = w.samples[0].value;
  double slope = w.samples[1].value - w.samples[0].value;
  for (std::size_t i = 1; i < w.samples.size(); ++i) {
    if (i > 1) slope = trend * (now - before) + (1 - trend) * slope;
    before = std::exchange(now, level * w.samples[i].value + (1 - level) * (now + slope));
  }
  return now;
}

Found sum_over_time(const Window& w, Params) {
  KahanSum sum;
  for (const auto& sample : w.samples) sum.add(sample.value);
  return sum.value();
}

Found avg_over_time(const Window& w, Params) {
  Mean mean;
  for (const auto& sample : w.samples) mean.add(sample.value);
  return mean.value();
}

Found count_over_time(const Window& w, Params) { return static_cast<double>(w.samples.size()); }
Found present_over_time(const Window&, Params) { return 1; }
Found last_over_time(const Window& w, Params) { return w.samples.back().value; }
Found first_over_time(const Window& w, Params) { return w.samples.front().value; }
Found ts_of_last(const Window& w, Params) { return seconds(w.samples.back().time_ms); }
Found ts_of_first(const Window& w, Params) { return seconds(w.samples.front().time_ms); }

/// The sample that is extreme by `better`; NaN loses to any number. `later`: of equals the last one.
template <typename Better>
const Sample& extreme(const Window& w, Better better) {
  const Sample* best = &w.samples.front();
  for (const auto& sample : w.samples) {
    if (better(sample.value, best->value) || std::isnan(best->value)) best = &sample;
  }
  return *best;
}

Found max_over_time(const Window& w, Params) { return extreme(w, std::greater<>()).value; }
Found min_over_time(const Window& w, Params) { return extreme(w, std::less<>()).value; }
Found ts_of_max(const Window& w, Params) { return seconds(extreme(w, std::greater_equal<>()).time_ms); }
Found ts_of_min(const Window& w, Params) { return seconds(extreme(w, std::less_equal<>()).time_ms); }

Found stdvar_over_time(const Window& w, Params) {
  Variance variance;
  for (const auto& sample : w.samples) variance.add(sample.value);
  return variance.value();
}

Found stddev_over_time(const Window& w, Params params) { return std::sqrt(*stdvar_over_time(w, params)); }

std::vector<double> values_of(const Window& w) {
  std::vector<double> values;
  for (const auto& sample : w.samples) values.push_back(sample.value);
  return values;
}

Found quantile_over_time(const Window& w, Params params) {
  auto values = values_of(w);
  return quantile_of(params[0], values);
}

Found mad_over_time(const Window& w, Params) {
  auto values = values_of(w);
  if (std::ranges::any_of(values, [](double v) { return std::isnan(v); })) return kNaN;
  const double median = quantile_of(0.5, values);
  for (auto& value : values) value = std::fabs(value - median);
  return quantile_of(0.5, values);
}

// About 10 ms of sorting or adding.
constexpr std::size_t kSamplesBetweenChecks = 1'000'000;

struct Entry {
  std::string_view name;
  Found (*apply)(const Window&, Params);
  bool keeps_name = false;
  bool is_counter = false;  // told of when the metric's name does not look like a counter's
};

constexpr std::array kEntries{
    Entry{"avg_over_time", avg_over_time},
    Entry{"changes", changes},
    Entry{"count_over_time", count_over_time},
    Entry{"delta", delta},
    Entry{"deriv", deriv},
    Entry{"double_exponential_smoothing", smoothing},
    Entry{"first_over_time", first_over_time, true},
    Entry{"idelta", idelta},
    Entry{"increase", increase, false, true},
    Entry{"irate", irate, false, true},
    Entry{"last_over_time", last_over_time, true},
    Entry{"mad_over_time", mad_over_time},
    Entry{"max_over_time", max_over_time},
    Entry{"min_over_time", min_over_time},
    Entry{"predict_linear", predict_linear},
    Entry{"present_over_time", present_over_time},
    Entry{"quantile_over_time", quantile_over_time},
    Entry{"rate", rate, false, true},
    Entry{"resets", resets},
    Entry{"stddev_over_time", stddev_over_time},
    Entry{"stdvar_over_time", stdvar_over_time},
    Entry{"sum_over_time", sum_over_time},
    Entry{"ts_of_first_over_time", ts_of_first},
    Entry{"ts_of_last_over_time", ts_of_last},
    Entry{"ts_of_max_over_time", ts_of_max},
    Entry{"ts_of_min_over_time", ts_of_min},
};

const Entry* find_entry(std::string_view name) {
  const auto at = std::ranges::find(kEntries, name, &Entry::name);
  return at == kEntries.end() ? nullptr : &*at;
}

/// Calls `visit(step, window)` for each step whose window holds a sample; two indexes walk along with the windows.
template <typename Visit>
void each_window(const RangeData& data, const Grid& grid, const std::vector<Sample>& samples, Visit visit) {
  std::size_t begin = 0, end = 0;
  const auto lookaround = data.anchored || data.smoothed;
  for (std::size_t i = 0; i < grid.steps; ++i) {
    const auto window_end = data.window_ends[i], window_start = window_end - data.length_ms;
    while (end < samples.size() && samples[end].time_ms <= window_end) ++end;
    while (begin < end && samples[begin].time_ms <= window_start) ++begin;
    if (begin == end && !lookaround) continue;
    visit(i, Window{.samples = std::span(samples).subspan(begin, end - begin),
                    .start_ms = window_start,
                    .end_ms = window_end,
                    .step_ms = grid.time(i),
                    .all = samples,
                    .first = begin,
                    .lookback_ms = data.lookback_ms});
  }
}

Result<void> check_smoothing(const std::vector<std::vector<double>>& params) {
  const auto check = [](const std::vector<double>& values, std::string_view what) -> Result<void> {
    for (const double value : values) {
      if (value > 0 && value < 1) continue;
      const auto letter = what == "smoothing" ? "sf" : "tf";
      char text[128];
      std::snprintf(text, sizeof text, "invalid %s factor. Expected: 0 < %s < 1, got: %f", std::string(what).c_str(),
                    letter, value);
      return evaluation_error(text);
    }
    return {};
  };
  MAMORI_TRY_VOID(check(params[0], "smoothing"));
  return check(params[1], "trend");
}

}  // namespace

std::optional<RangeFunctionTraits> range_function_traits(std::string_view name) {
  const auto* entry = find_entry(name);
  if (!entry) return std::nullopt;
  return RangeFunctionTraits{.apply = entry->apply, .keeps_name = entry->keeps_name, .is_counter = entry->is_counter};
}

Result<void> Evaluator::check_range_params(const CallExpr& expr, const std::vector<std::vector<double>>& params) {
  if (expr.name == "double_exponential_smoothing") return check_smoothing(params);
  if (expr.name != "quantile_over_time") return {};
  for (const double q : params[0]) {
    if (q >= 0 && q <= 1) continue;
    context_.warn(expr.args[0]->span, "quantile value should be between 0 and 1, got " + format_float(q));
  }
  return {};
}

Result<Rows> Evaluator::range_function(const CallExpr& expr) {
  MAMORI_TRY(const auto source, range_function_source(expr));
  if (source) {
    MAMORI_TRY(auto streamed, streamed_rows(*source));
    if (streamed) return *std::move(streamed);
  }
  const auto& entry = *find_entry(expr.name);
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
  auto apply = entry.apply;
  if (data.anchored || data.smoothed) {
    MAMORI_TRY(apply, extended_function(expr.name, data.anchored));
  }
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
    bool any = false;
    each_window(data, grid_, series.samples, [&](std::size_t i, const Window& window) {
      for (std::size_t k = 0; k < params.size(); ++k) now[k] = params[k][i];
      work += window.samples.size();
      counts[i] += window.samples.size();
      if (work > kSamplesBetweenChecks) {  // one series with long windows must not outlive the deadline
        work = 0;
        if (in_time) in_time = context_.check_deadline();
      }
      if (!in_time) return;
      const auto value = apply(window, now);
      if (!value) return;
      row.values[i] = *value;
      any = true;
    });
    MAMORI_TRY_VOID(std::move(in_time));
    if (!any) continue;
    const auto name = row.labels.get(kMetricName);
    if (entry.is_counter && !name.empty() && !looks_like_counter(name)) {
      context_.info(range_span,
                    "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " + quote(name));
    }
    if (!entry.keeps_name) drop_name(row);
    rows.push_back(std::move(row));
    MAMORI_TRY_VOID(context_.hold(grid_.steps));
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
      for (std::size_t i = 0; i < grid_.steps; ++i) present[i] = present[i] || !is_none(row.values[i]);
    }
  } else {
    MAMORI_TRY(const auto data, range(*expr.args[0]));
    std::vector<std::uint64_t> counts(grid_.steps);
    for (const auto& series : data.series) {
      each_window(data, grid_, series.samples, [&](std::size_t i, const Window& window) {
        present[i] = true;
        counts[i] += window.samples.size();
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
