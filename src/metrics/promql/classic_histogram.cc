#include "metrics/promql/classic_histogram.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/text.h"
#include "metrics/promql/evaluator.h"
#include "metrics/promql/numeric.h"

namespace mamori::metrics::promql {
namespace {

// Differences this small between neighbouring counts come from rounding of rates, not from wrong data.
constexpr double kTolerance = 1e-12;

bool almost_equal(double a, double b) {
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b), difference = std::fabs(a - b);
  if (a == 0 || b == 0 || sum < std::numeric_limits<double>::min()) {
    return difference < kTolerance * std::numeric_limits<double>::min();
  }
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

std::optional<double> parse_bound(std::string_view text) {
  const auto lower = to_lower(text);
  std::string_view rest = lower;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "inf" || rest == "infinity") return kInf;
  if (rest == "-inf" || rest == "-infinity") return -kInf;
  if (rest == "nan") return kNaN;
  double value = 0;
  const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (rest.empty() || failure != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
  return value;
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

struct Group {
  Labels labels;
  std::string name;
  bool drop_name = false;
  std::vector<BucketSeries> buckets;
};

}  // namespace

bool prepare_buckets(std::vector<Bucket>& buckets, bool& forced) {
  std::ranges::stable_sort(buckets, {}, &Bucket::upper);
  if (buckets.empty() || buckets.back().upper != kInf) return false;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper == buckets[kept].upper) {
      buckets[kept].count += buckets[i].count;
    } else {
      buckets[++kept] = buckets[i];
    }
  }
  buckets.resize(kept + 1);
  double before = buckets[0].count;
  for (auto& bucket : buckets) {
    if (bucket.count == before) continue;
    if (almost_equal(before, bucket.count)) {
      bucket.count = before;
    } else if (bucket.count < before) {
      bucket.count = before;
      forced = true;
    }
    before = bucket.count;
  }
  return true;
}

double bucket_quantile(double q, const std::vector<Bucket>& buckets) {
  if (std::isnan(q)) return kNaN;
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  if (buckets.size() < 2) return kNaN;
  const double observations = buckets.back().count;
  if (observations == 0 || std::isnan(observations)) return kNaN;
  double rank = q * observations;
  std::size_t b = 0;
  while (b + 1 < buckets.size() && !(buckets[b].count >= rank)) ++b;
  if (b + 1 == buckets.size()) return buckets[b - 1].upper;
  if (b == 0 && buckets[0].upper <= 0) return buckets[0].upper;
  const double start = b > 0 ? buckets[b - 1].upper : 0;
  const double below = b > 0 ? buckets[b - 1].count : 0;
  return start + (buckets[b].upper - start) * ((rank - below) / (buckets[b].count - below));
}

double bucket_fraction(double lower, double upper, const std::vector<Bucket>& buckets) {
  const double count = buckets.back().count;
  if (count == 0 || std::isnan(count) || std::isnan(lower) || std::isnan(upper)) return kNaN;
  if (lower >= upper) return 0;
  // Number of observations at or below `value`.
  const auto rank_of = [&](double value) {
    double below = 0;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      const auto& bucket = buckets[i];
      double start = i > 0 ? buckets[i - 1].upper : 0;
      if (i == 0 && bucket.upper <= 0) start = -kInf;
      if (value <= start) return below;
      if (value < bucket.upper) {
        if (std::isinf(start) || std::isinf(bucket.upper)) return std::isinf(start) ? bucket.count : below;
        return below + (bucket.count - below) * (value - start) / (bucket.upper - start);
      }
      below = bucket.count;
    }
    return count;
  };
  return (rank_of(upper) - rank_of(lower)) / count;
}

Result<Rows> Evaluator::histogram_function(const CallExpr& expr) {
  const bool quantile = expr.name == "histogram_quantile", fraction = expr.name == "histogram_fraction";
  const bool many = expr.name == "histogram_quantiles";
  const auto& input_expr = many ? *expr.args[0] : *expr.args.back();
  MAMORI_TRY(const auto input, vector(input_expr));
  Rows out;
  if (!quantile && !fraction && !many) return out;  // those of native histograms see none in floats
  std::vector<std::vector<double>> params;
  for (std::size_t i = many ? 2 : 0; i < (many ? expr.args.size() : expr.args.size() - 1); ++i) {
    MAMORI_TRY(auto values, scalar(*expr.args[i]));
    params.push_back(std::move(values));
    if (fraction) continue;
    for (const double q : params.back()) {
      if (q >= 0 && q <= 1) continue;
      context_.warn(expr.args[i]->span, "quantile value should be between 0 and 1, got " + format_float(q));
    }
  }
  std::unordered_map<Labels, std::size_t, LabelsHash> index;
  std::vector<Group> groups;
  for (const auto& row : input) {
    const auto le = row.labels.get("le");
    const std::string name(row.labels.get(kMetricName));
    const auto upper = parse_bound(le);
    if (!upper) {
      context_.warn(input_expr.span, "bucket label \"le\" is missing or has a malformed value of " + quote(le) +
                                         (name.empty() ? "" : " for metric name " + quote(name)));
      continue;
    }
    auto labels = row.labels.without("le");
    if (!context_.options.delayed_name_removal) labels = labels.without(kMetricName);
    const auto [at, fresh] = index.try_emplace(labels, groups.size());
    if (fresh) groups.push_back({.labels = std::move(labels), .name = name});
    groups[at->second].buckets.push_back({*upper, &row.values});
  }
  std::vector<Bucket> buckets;
  const std::size_t results = many ? params.size() : 1;
  for (auto& group : groups) {
    Rows made(results);
    for (std::size_t k = 0; k < results; ++k) {
      made[k].labels = group.labels;
      made[k].values.assign(grid_.steps, none());
      drop_name(made[k]);
    }
    for (std::size_t i = 0; i < grid_.steps; ++i) {
      buckets.clear();
      for (const auto& series : group.buckets) {
        if (!is_none((*series.values)[i])) buckets.push_back({series.upper, (*series.values)[i]});
      }
      if (buckets.empty()) continue;
      bool forced = false;
      const bool usable = prepare_buckets(buckets, forced);
      for (std::size_t k = 0; k < results; ++k) {
        if (fraction) {
          made[k].values[i] = usable ? bucket_fraction(params[0][i], params[1][i], buckets) : kNaN;
        } else {
          const double q = params[k][i];
          made[k].values[i] = usable ? bucket_quantile(q, buckets) : q < 0 ? -kInf : q > 1 ? kInf : kNaN;
        }
      }
      if (forced) {
        context_.info(input_expr.span,
                      "input to histogram_quantile needed to be fixed for monotonicity (see "
                      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)" +
                          (group.name.empty() ? "" : " for metric name " + quote(group.name)));
      }
    }
    for (std::size_t k = 0; k < results; ++k) {
      if (many) made[k].labels = made[k].labels.with(text(*expr.args[1]), quantile_label(params[k][0]));
      out.push_back(std::move(made[k]));
    }
  }
  drop_empty(out);
  MAMORI_TRY_VOID(join_equal(out));
  return out;
}

}  // namespace mamori::metrics::promql
