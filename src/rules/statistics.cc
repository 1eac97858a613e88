#include "rules/statistics.h"

#include <math.h>  // lgamma_r: std::lgamma writes a global, signgam

#include <algorithm>
#include <cmath>
#include <limits>

namespace mamori::rules {
namespace {

double log_factorial(std::uint64_t n) {
  int sign = 0;
  return lgamma_r(static_cast<double>(n) + 1.0, &sign);
}

double log_probability(std::uint64_t i, std::uint64_t n, double p) {
  return log_factorial(n) - log_factorial(i) - log_factorial(n - i) + static_cast<double>(i) * std::log(p) +
         static_cast<double>(n - i) * std::log1p(-p);
}

/// Sum of P(i) / P(k) for i = k, k+1, …, n, by the ratio of neighbours; above the mode each is smaller than the last.
double sum_upward(std::uint64_t k, std::uint64_t n, double odds) {
  double term = 1;
  double sum = 1;
  for (std::uint64_t i = k; i < n; ++i) {
    term *= static_cast<double>(n - i) / static_cast<double>(i + 1) * odds;
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return sum;
}

/// Sum of P(i) / P(k) for i = k, k-1, …, 0; below the mode each is smaller than the last.
double sum_downward(std::uint64_t k, std::uint64_t n, double odds) {
  double term = 1;
  double sum = 1;
  for (std::uint64_t i = k; i > 0; --i) {
    term *= static_cast<double>(i) / static_cast<double>(n - i + 1) / odds;
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return sum;
}

}  // namespace

double log_binomial_tail(std::uint64_t k, std::uint64_t n, double p) {
  if (k == 0) return 0;
  if (k > n || p <= 0) return -std::numeric_limits<double>::infinity();
  if (p >= 1) return 0;
  const double odds = p / (1 - p);
  if (static_cast<double>(k) > static_cast<double>(n) * p) {
    return std::min(0.0, log_probability(k, n, p) + std::log(sum_upward(k, n, odds)));
  }
  // Below the mean the tail is large: one minus the few terms under it loses nothing.
  const double below = std::exp(log_probability(k - 1, n, p)) * sum_downward(k - 1, n, odds);
  return std::log1p(-std::min(below, 1.0));
}

double binomial_tail(std::uint64_t k, std::uint64_t n, double p) { return std::exp(log_binomial_tail(k, n, p)); }

bool tail_below(std::uint64_t k, std::uint64_t n, double p, double alpha) {
  return log_binomial_tail(k, n, p) < std::log(alpha) - 1e-9;
}

std::size_t nearest_rank(std::size_t count, double percent) {
  // 1e-9: 99.9 / 100 * 1000 is 999.0000000000001 in doubles, and its rank is 999.
  const double rank = std::ceil(percent / 100 * static_cast<double>(count) - 1e-9);
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::max(rank, 1.0)), 1, count) - 1;
}

double percentile(std::span<double> values, double percent) {
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(nearest_rank(values.size(), percent));
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace mamori::rules
