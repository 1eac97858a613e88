#include "rules/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace mamori::rules {
namespace {

TEST(BinomialTail, AgreesWithValuesWorkedOutByHand) {
  const auto check = [](std::uint64_t k, std::uint64_t n, double p, double want) {
    EXPECT_NEAR(binomial_tail(k, n, p) / want, 1, 1e-9) << "k=" << k << " n=" << n << " p=" << p;
  };
  check(1, 1, 0.005, 0.005);
  check(1, 2, 0.005, 1 - 0.995 * 0.995);
  check(2, 2, 0.005, 0.000025);
  check(3, 3, 0.005, 1.25e-7);
  check(2, 3, 0.5, 0.5);
  check(5, 5, 0.01, 1e-10);
  check(3, 10, 0.5, 1 - (1 + 10 + 45) / 1024.0);
  check(8, 10, 0.5, (45 + 10 + 1) / 1024.0);
}

// Reference values: Python's fractions, summing the exact rational terms.
TEST(BinomialTail, AgreesWithExactRationalSums) {
  const auto check = [](std::uint64_t k, std::uint64_t n, double p, double want) {
    EXPECT_NEAR(binomial_tail(k, n, p) / want, 1, 1e-9) << "k=" << k << " n=" << n << " p=" << p;
  };
  check(4, 20, 0.005, 2.840261829026047e-06);
  check(15, 200, 0.005, 1.8747333685820904e-13);
  check(10, 20, 0.01, 1.6863605465421848e-15);
  check(20, 600, 0.005, 6.592062918076402e-11);
  check(5, 600, 0.005, 0.18431474367094847);
  check(60, 12000, 0.005, 0.5172982266953124);
}

TEST(BinomialTail, StaysFiniteFarBelowTheSmallestDouble) {
  EXPECT_NEAR(log_binomial_tail(1000, 1000, 0.01), 1000 * std::log(0.01), 1e-6);
  EXPECT_EQ(binomial_tail(1000, 1000, 0.01), 0);
}

TEST(BinomialTail, HandlesTheEdges) {
  EXPECT_EQ(binomial_tail(0, 0, 0.01), 1);
  EXPECT_EQ(binomial_tail(0, 100, 0.01), 1);
  EXPECT_EQ(binomial_tail(3, 2, 0.01), 0);
  EXPECT_EQ(binomial_tail(1, 2, 0), 0);
  EXPECT_EQ(binomial_tail(2, 2, 1), 1);
}

TEST(BinomialTail, IsRightForTenMillionPayments) {
  // 50 000 expected at 0.5 %; the standard deviation is 223.05, so the mean's tail is a little over one half.
  const double half = binomial_tail(50'000, 10'000'000, 0.005);
  EXPECT_GT(half, 0.5);
  EXPECT_LT(half, 0.502);
  // Seven standard deviations up: the normal distribution says 1.28e-12; the binomial's right tail is a little heavier.
  const double seven = binomial_tail(50'000 + 1562, 10'000'000, 0.005);
  EXPECT_GT(seven, 1.2e-12);
  EXPECT_LT(seven, 2e-12);
}

TEST(TailBelow, DoesNotTakeEqualForBelow) {
  EXPECT_FALSE(tail_below(4, 4, 0.01, 1e-8));
  EXPECT_TRUE(tail_below(5, 5, 0.01, 1e-8));
}

TEST(Percentile, IsTheNearestRank) {
  const auto check = [](std::vector<double> values, double percent, double want) {
    EXPECT_EQ(percentile(values, percent), want) << "p" << percent << " of " << values.size();
  };
  check({7}, 99, 7);
  check({15, 20, 35, 40, 50}, 5, 15);
  check({50, 15, 40, 20, 35}, 30, 20);
  check({15, 20, 35, 40, 50}, 40, 20);
  check({15, 20, 35, 40, 50}, 50, 35);
  check({15, 20, 35, 40, 50}, 100, 50);
  std::vector<double> hundred;
  for (int i = 100; i >= 1; --i) hundred.push_back(i);
  check(hundred, 99, 99);
  check(hundred, 0.1, 1);
  EXPECT_EQ(nearest_rank(1000, 99.9), 998u);
}

}  // namespace
}  // namespace mamori::rules
