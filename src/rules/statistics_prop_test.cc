#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "rules/statistics.h"

namespace mamori::rules {
namespace {

RC_GTEST_PROP(BinomialTail, FallsAsFailuresRise, ()) {
  const auto n = *rc::gen::inRange<std::uint64_t>(1, 5000);
  const auto k = *rc::gen::inRange<std::uint64_t>(0, n);
  const double p = *rc::gen::inRange(1, 999) / 1000.0;
  RC_ASSERT(log_binomial_tail(k + 1, n, p) <= log_binomial_tail(k, n, p) + 1e-9);
}

RC_GTEST_PROP(BinomialTail, RisesWithMoreTrials, ()) {
  const auto n = *rc::gen::inRange<std::uint64_t>(1, 5000);
  const auto k = *rc::gen::inRange<std::uint64_t>(0, n + 1);
  const double p = *rc::gen::inRange(1, 999) / 1000.0;
  RC_ASSERT(log_binomial_tail(k, n + 1, p) >= log_binomial_tail(k, n, p) - 1e-9);
}

RC_GTEST_PROP(BinomialTail, RisesWithTheHealthyShare, ()) {
  const auto n = *rc::gen::inRange<std::uint64_t>(1, 5000);
  const auto k = *rc::gen::inRange<std::uint64_t>(0, n + 1);
  const int per_mille = *rc::gen::inRange(1, 998);
  RC_ASSERT(log_binomial_tail(k, n, (per_mille + 1) / 1000.0) >= log_binomial_tail(k, n, per_mille / 1000.0) - 1e-9);
}

RC_GTEST_PROP(BinomialTail, EqualsTheNaiveSum, ()) {
  const auto n = *rc::gen::inRange<std::uint64_t>(1, 60);
  const auto k = *rc::gen::inRange<std::uint64_t>(0, n + 1);
  const double p = *rc::gen::inRange(1, 999) / 1000.0;
  double sum = 0;
  double choose = 1;
  for (std::uint64_t i = 0; i <= n; ++i) {
    if (i >= k) sum += choose * std::pow(p, static_cast<double>(i)) * std::pow(1 - p, static_cast<double>(n - i));
    choose = choose * static_cast<double>(n - i) / static_cast<double>(i + 1);
  }
  RC_ASSERT(std::abs(binomial_tail(k, n, p) - sum) <= 1e-9 * std::max(sum, 1e-300) + 1e-13);
}

}  // namespace
}  // namespace mamori::rules
