// metrics/promql/binomial.h: the exact upper tail of the binomial distribution.
#pragma once

namespace mamori::metrics::promql {

/// P(K >= k) of n trials that each fail with probability p. k and n are rounded down; k <= 0: 1; k > n: 0.
/// NaN if n < 0, p is outside [0, 1], or an argument is NaN.
double binomial_tail(double k, double n, double p);

}  // namespace mamori::metrics::promql
