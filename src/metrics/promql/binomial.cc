#include "metrics/promql/binomial.h"

#include <cmath>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/numeric.h"

namespace mamori::metrics::promql {

double binomial_tail(double k, double n, double p) {
  if (std::isnan(k) || std::isnan(n) || !(p >= 0 && p <= 1) || n < 0 || std::isinf(n)) return kNaN;
  k = std::floor(k);
  n = std::floor(n);
  if (k <= 0) return 1;
  if (k > n || p == 0) return 0;
  if (p == 1) return 1;
  // Terms shrink on both sides of the mode, so the smaller tail is summed outwards from k until it adds nothing.
  const auto lgamma = [](double x) {
    int sign = 0;  // std::lgamma writes it to a global: a race
    return ::lgamma_r(x, &sign);
  };
  const auto log_term = [&](double i) {
    return lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * std::log(p) + (n - i) * std::log1p(-p);
  };
  if (k > n * p) {
    double term = std::exp(log_term(k)), sum = 0;
    for (double i = k; i <= n && term > 0; ++i) {
      const double before = sum;
      sum += term;
      if (sum == before) break;
      term *= (n - i) / (i + 1) * (p / (1 - p));
    }
    return std::min(1.0, sum);
  }
  double term = std::exp(log_term(k - 1)), sum = 0;
  for (double i = k - 1; i >= 0 && term > 0; --i) {
    const double before = sum;
    sum += term;
    if (sum == before) break;
    term *= i / (n - i + 1) * ((1 - p) / p);
  }
  return std::max(0.0, 1 - sum);
}

// binomial_tail(k, n, p): k and n are matched by all their labels but the name.
Result<Rows> Evaluator::binomial_tail_function(const CallExpr& expr) {
  MAMORI_TRY(auto failed, vector(*expr.args[0]));
  MAMORI_TRY(auto trials, vector(*expr.args[1]));
  MAMORI_TRY(const auto p, scalar(*expr.args[2]));
  for (auto* rows : {&failed, &trials}) {
    for (auto& row : *rows) row.labels = row.labels.without(kMetricName);
    MAMORI_TRY_VOID(join_equal(*rows));
  }
  Rows out;
  for (auto& row : failed) {
    const auto other = std::ranges::find(trials, row.labels, &Series::labels);
    if (other == trials.end()) continue;
    for (std::size_t i = 0; i < grid_.steps; ++i) {
      const double k = row.values[i], n = other->values[i];
      row.values[i] = is_none(k) || is_none(n) ? none() : binomial_tail(k, n, p[i]);
    }
    out.push_back(std::move(row));
  }
  drop_empty(out);
  return out;
}

}  // namespace mamori::metrics::promql
