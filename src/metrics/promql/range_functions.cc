// Functions over a range vector: one value per series and step from the samples of a window.
// Source: Prometheus 3 documentation, "Query functions"; the extrapolation of rate() as documented there.
#include <algorithm>
#include <array>
#include <cmath>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/histogram_range.h"
#include "metrics/promql/numeric.h"

namespace mamori::metrics::promql {
namespace {

using Found = std::optional<double>;
using Params = std::span<const double>;

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

/// Last minus first, with what a counter lost at its resets added; stretched to the window's borders.
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
  return change * extrapolation_factor(window, {first.time_ms, last.time_ms, samples.size()},
                                       counter ? &first.value : nullptr, change, per_second);
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

}  // namespace mamori::metrics::promql
