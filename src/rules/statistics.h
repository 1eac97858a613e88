// rules/statistics.h: the two pieces of statistics that decide whether somebody is woken up.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace mamori::rules {

/// ln P(K >= k) for K ~ Binomial(n, p): how likely `k` or more failures among `n` payments are while all is well.
/// Exact up to rounding (relative error of P below 1e-9 for n up to 10^7), computed in logarithms, so a tail far below
/// the smallest double still compares. k = 0 gives 0; k > n gives -infinity. REQUIRES: 0 <= p <= 1.
double log_binomial_tail(std::uint64_t k, std::uint64_t n, double p);

/// exp of the above; 0 when it is below the smallest double.
double binomial_tail(std::uint64_t k, std::uint64_t n, double p);

/// True if the tail is really below `alpha`: a tail that equals alpha (four of four at p = 1 %, alpha = 1e-8) is not,
/// whatever the last bit says.
bool tail_below(std::uint64_t k, std::uint64_t n, double p, double alpha);

/// Index (from 0) of the nearest-rank percentile in `count` ascending values: ceil(percent / 100 * count) - 1.
/// REQUIRES: count > 0, 0 < percent <= 100.
std::size_t nearest_rank(std::size_t count, double percent);

/// The nearest-rank percentile itself; reorders `values`. REQUIRES: not empty.
double percentile(std::span<double> values, double percent);

}  // namespace mamori::rules
