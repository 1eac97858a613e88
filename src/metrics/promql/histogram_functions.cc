// Functions over instant vectors of histograms: native ones, one sample each, and classic ones, a series per bucket.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "metrics/histogram_stats.h"
#include "metrics/promql/classic_histogram.h"
#include "metrics/promql/evaluator.h"
#include "metrics/promql/histogram_notes.h"
#include "metrics/promql/numeric.h"

namespace mamori::metrics::promql {
namespace {

struct Simple {
  std::string_view name;
  double (*apply)(const Histogram&);
};

/// Functions that see native histograms only.
constexpr std::array kSimple{
    Simple{"histogram_avg", [](const Histogram& h) { return h.sum / h.count; }},
    Simple{"histogram_count", [](const Histogram& h) { return h.count; }},
    Simple{"histogram_stddev", [](const Histogram& h) { return std::sqrt(histogram_variance(h)); }},
    Simple{"histogram_stdvar", histogram_variance},
    Simple{"histogram_sum", [](const Histogram& h) { return h.sum; }},
};

bool needs_no_buckets(std::string_view name) {
  return name == "histogram_avg" || name == "histogram_count" || name == "histogram_sum";
}

/// As OpenMetrics writes it: "0.5", "1.0".
std::string quantile_label(double q) {
  auto out = format_float(q);
  if (out.find_first_not_of("-0123456789") == std::string::npos) out += ".0";
  return out;
}

struct BucketSeries {
  double upper;
  const std::vector<double>* values;
};

/// Series that are one histogram, in either form or changing from one to the other.
struct Group {
  Labels labels;
  bool drop_name = false;
  std::vector<BucketSeries> buckets;
  const Series* native = nullptr;
};

/// What histogram_quantile, histogram_quantiles and histogram_fraction compute from one histogram.
class Estimate {
 public:
  Estimate(QueryContext& context, const CallExpr& expr, const Expr& input)
      : context_(context), input_(input), fraction_(expr.name == "histogram_fraction") {}

  std::vector<std::vector<double>> params;  // one value per step: the quantiles, or the bounds

  std::size_t results() const { return fraction_ ? 1 : params.size(); }

  double of_classic(std::vector<Bucket>& buckets, bool usable, std::size_t result, std::size_t step) const {
    if (fraction_) return usable ? bucket_fraction(params[0][step], params[1][step], buckets) : kNaN;
    const double q = params[result][step];
    if (usable) return bucket_quantile(q, buckets);
    return q < 0 ? -kInf : q > 1 ? kInf : kNaN;
  }

  double of_native(const Histogram& histogram, std::string_view name, std::size_t result, std::size_t step) const {
    const bool has_nan = std::isnan(histogram.sum) && histogram.count > 0;
    if (fraction_) {
      if (has_nan) {
        note("input to histogram_fraction has NaN observations, which are excluded from all fractions", name);
      }
      return histogram_fraction(params[0][step], params[1][step], histogram);
    }
    const double q = params[result][step], value = histogram_quantile(q, histogram);
    if (has_nan && q >= 0 && q <= 1) {
      note(std::string("input to histogram_quantile has NaN observations, result is ") +
               (std::isnan(value) ? "NaN" : "skewed higher"),
           name);
    }
    return value;
  }

  void note_forced(std::string_view name) const {
    note(
        "input to histogram_quantile needed to be fixed for monotonicity (see "
        "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)",
        name);
  }

  void warn_mixed(std::string_view name) const {
    context_.warn(input_.span, "vector contains a mix of classic and native histograms" + for_metric(name));
  }

 private:
  void note(const std::string& text, std::string_view name) const {
    context_.info(input_.span, text + for_metric(name));
  }

  QueryContext& context_;
  const Expr& input_;
  const bool fraction_;
};

std::vector<Group> group_histograms(QueryContext& context, const Rows& input, Span span) {
  std::vector<Group> groups;
  std::unordered_map<Labels, std::size_t, LabelsHash> index;
  const auto group_of = [&](Labels labels, const Series& row) -> Group& {
    const auto [at, fresh] = index.try_emplace(labels, groups.size());
    if (fresh) groups.push_back({.labels = std::move(labels), .drop_name = row.drop_name});
    return groups[at->second];
  };
  for (const auto& row : input) {
    if (!row.histograms.empty()) group_of(row.labels, row).native = &row;
    if (std::ranges::all_of(row.values, is_none)) continue;
    const auto le = row.labels.get("le");
    if (const auto upper = parse_bound(le)) {
      group_of(row.labels.without("le"), row).buckets.push_back({*upper, &row.values});
    } else {
      context.warn(span, "bucket label \"le\" is missing or has a malformed value of " + quote(le) +
                             for_metric(row.labels.get(kMetricName)));
    }
  }
  return groups;
}

/// One group at one step: a value per result, or nothing.
bool estimate_group(const Estimate& estimate, const Group& group, std::size_t step, std::vector<Bucket>& buckets,
                    std::vector<double>& values) {
  const auto name = group.labels.get(kMetricName);
  buckets.clear();
  for (const auto& series : group.buckets) {
    if (!is_none((*series.values)[step])) buckets.push_back({series.upper, (*series.values)[step]});
  }
  const auto* native = group.native ? group.native->histogram(step) : nullptr;
  if (native && !buckets.empty()) {
    estimate.warn_mixed(name);
    return false;
  }
  if (!native && buckets.empty()) return false;
  bool forced = false;
  const bool usable = !native && prepare_buckets(buckets, forced);
  if (forced) estimate.note_forced(name);
  for (std::size_t k = 0; k < estimate.results(); ++k) {
    values[k] = native ? estimate.of_native(*native, name, k, step) : estimate.of_classic(buckets, usable, k, step);
  }
  return true;
}

}  // namespace

Result<Rows> Evaluator::simple_histogram_function(const CallExpr& expr) {
  const auto apply = std::ranges::find(kSimple, expr.name, &Simple::name)->apply;
  const auto buckets = needs_no_buckets(expr.name) && buckets_ != Buckets::Needed ? Buckets::Dropped : buckets_;
  MAMORI_TRY(auto input, evaluate_with(buckets, *expr.args[0]));
  for (auto& row : input.rows) {
    drop_name(row);
    for (std::size_t i = 0; i < grid_.steps; ++i) {
      const auto* histogram = row.histogram(i);
      row.values[i] = histogram ? apply(*histogram) : none();
    }
    row.drop_histograms();
  }
  drop_empty(input.rows);
  MAMORI_TRY_VOID(join_equal(input.rows));
  return std::move(input.rows);
}

Result<Rows> Evaluator::histogram_function(const CallExpr& expr) {
  if (std::ranges::find(kSimple, expr.name, &Simple::name) != kSimple.end()) return simple_histogram_function(expr);
  const bool many = expr.name == "histogram_quantiles";
  const auto& input_expr = many ? *expr.args[0] : *expr.args.back();
  MAMORI_TRY(const auto evaluated, evaluate_with(Buckets::Needed, input_expr));
  Estimate estimate(context_, expr, input_expr);
  for (std::size_t i = many ? 2 : 0; i < (many ? expr.args.size() : expr.args.size() - 1); ++i) {
    MAMORI_TRY(auto values, scalar(*expr.args[i]));
    estimate.params.push_back(std::move(values));
    if (expr.name == "histogram_fraction") continue;
    for (const double q : estimate.params.back()) {
      if (q >= 0 && q <= 1) continue;
      context_.warn(expr.args[i]->span, "quantile value should be between 0 and 1, got " + format_float(q));
    }
  }
  Rows out;
  std::vector<Bucket> buckets;
  std::vector<double> values(estimate.results());
  for (const auto& group : group_histograms(context_, evaluated.rows, input_expr.span)) {
    Rows made(estimate.results());
    for (std::size_t k = 0; k < made.size(); ++k) {
      made[k].labels = group.labels;
      made[k].drop_name = group.drop_name;
      made[k].values.assign(grid_.steps, none());
      drop_name(made[k]);
      if (many) made[k].labels = made[k].labels.with(text(*expr.args[1]), quantile_label(estimate.params[k][0]));
    }
    for (std::size_t i = 0; i < grid_.steps; ++i) {
      if (!estimate_group(estimate, group, i, buckets, values)) continue;
      for (std::size_t k = 0; k < made.size(); ++k) made[k].values[i] = values[k];
    }
    std::ranges::move(made, std::back_inserter(out));
    MAMORI_TRY_VOID(context_.hold(grid_.steps * estimate.results()));
  }
  drop_empty(out);
  MAMORI_TRY_VOID(join_equal(out));
  return out;
}

}  // namespace mamori::metrics::promql
