#include "metrics/promql/signatures.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace mamori::metrics::promql {
namespace {

std::vector<Signature> make_functions() {
  using enum ValueType;
  std::vector<Signature> list;
  const auto add = [&](std::string_view name, std::vector<ValueType> params, int optional = 0,
                       ValueType result = Vector) { list.push_back({name, std::move(params), optional, result}); };
  const auto experimental = [&](std::string_view name, std::vector<ValueType> params, int optional = 0,
                                ValueType result = Vector) {
    list.push_back({name, std::move(params), optional, result, true});
  };
  for (const auto name : {"abs",
                          "absent",
                          "acos",
                          "acosh",
                          "asin",
                          "asinh",
                          "atan",
                          "atanh",
                          "ceil",
                          "cos",
                          "cosh",
                          "deg",
                          "exp",
                          "floor",
                          "ln",
                          "log10",
                          "log2",
                          "rad",
                          "sgn",
                          "sin",
                          "sinh",
                          "sort",
                          "sort_desc",
                          "sqrt",
                          "tan",
                          "tanh",
                          "timestamp",
                          "histogram_avg",
                          "histogram_count",
                          "histogram_sum",
                          "histogram_stddev",
                          "histogram_stdvar"}) {
    add(name, {Vector});
  }
  for (const auto name : {"absent_over_time", "avg_over_time", "changes", "count_over_time", "delta", "deriv", "idelta",
                          "increase", "irate", "last_over_time", "max_over_time", "min_over_time", "present_over_time",
                          "rate", "resets", "stddev_over_time", "stdvar_over_time", "sum_over_time"}) {
    add(name, {Matrix});
  }
  for (const auto name : {"mad_over_time", "first_over_time", "ts_of_first_over_time", "ts_of_last_over_time",
                          "ts_of_max_over_time", "ts_of_min_over_time"}) {
    experimental(name, {Matrix});
  }
  for (const auto name :
       {"day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"}) {
    add(name, {Vector}, 1);
  }
  add("clamp", {Vector, Scalar, Scalar});
  add("clamp_max", {Vector, Scalar});
  add("clamp_min", {Vector, Scalar});
  add("histogram_fraction", {Scalar, Scalar, Vector});
  add("histogram_quantile", {Scalar, Vector});
  experimental("histogram_quantiles", {Vector, String, Scalar, Scalar}, 9);
  experimental("double_exponential_smoothing", {Matrix, Scalar, Scalar});
  add("label_join", {Vector, String, String, String}, -1);
  add("label_replace", {Vector, String, String, String, String});
  add("pi", {}, 0, Scalar);
  add("predict_linear", {Matrix, Scalar});
  add("quantile_over_time", {Scalar, Matrix});
  add("round", {Vector, Scalar}, 1);
  add("scalar", {Vector}, 0, Scalar);
  experimental("sort_by_label", {Vector, String}, -1);
  experimental("sort_by_label_desc", {Vector, String}, -1);
  add("time", {}, 0, Scalar);
  add("vector", {Scalar});
  experimental("info", {Vector, Vector}, 1);
  experimental("max_of", {Scalar, Scalar}, 0, Scalar);
  experimental("min_of", {Scalar, Scalar}, 0, Scalar);
  experimental("start", {}, 0, Scalar);
  experimental("end", {}, 0, Scalar);
  experimental("step", {}, 0, Scalar);
  experimental("range", {}, 0, Scalar);
  // mamori's own: P(K >= k) of a binomial distribution, for alerts that must not cry over three payments.
  add("binomial_tail", {Vector, Vector, Scalar});
  std::ranges::sort(list, {}, &Signature::name);
  return list;
}

constexpr std::array kAggregations{"avg", "bottomk", "count",    "count_values", "group",  "limit_ratio", "limitk",
                                   "max", "min",     "quantile", "stddev",       "stdvar", "sum",         "topk"};

}  // namespace

const std::vector<Signature>& all_functions() {
  static const std::vector<Signature> list = make_functions();
  return list;
}

const Signature* find_function(std::string_view name) {
  const auto& list = all_functions();
  const auto at = std::ranges::lower_bound(list, name, {}, &Signature::name);
  return at != list.end() && at->name == name ? &*at : nullptr;
}

bool is_aggregation(std::string_view lower) {
  return std::ranges::any_of(kAggregations, [&](std::string_view name) { return name == lower; });
}

bool aggregation_takes_parameter(std::string_view op) {
  return op == "topk" || op == "bottomk" || op == "quantile" || op == "count_values" || op == "limitk" ||
         op == "limit_ratio";
}

bool is_experimental_aggregation(std::string_view op) { return op == "limitk" || op == "limit_ratio"; }

}  // namespace mamori::metrics::promql
