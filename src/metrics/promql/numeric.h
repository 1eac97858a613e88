// metrics/promql/numeric.h: the sums, means and quantiles that functions and aggregations share. Sums are compensated,
// as Prometheus' are: a plain sum of many floats would differ from it in the last digits.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "metrics/compensated.h"

namespace mamori::metrics::promql {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInf = std::numeric_limits<double>::infinity();

class KahanSum {
 public:
  void add(double value) { add_compensated(sum_, rest_, value); }
  void scale(double factor) {
    sum_ *= factor;
    rest_ *= factor;
  }
  double raw() const { return sum_; }
  double rest() const { return rest_; }
  double value() const { return std::isinf(sum_) ? sum_ : sum_ + rest_; }

 private:
  double sum_ = 0, rest_ = 0;
};

/// Sum / count, until the sum would overflow: then a running mean.
class Mean {
 public:
  void add(double value) {
    ++count_;
    if (!running_) {
      KahanSum next = sum_;
      next.add(value);
      if (count_ == 1 || !std::isinf(next.raw())) {
        sum_ = next;
        return;
      }
      running_ = true;
      sum_.scale(1 / (count_ - 1));
    }
    sum_.scale((count_ - 1) / count_);
    sum_.add(value / count_);
  }
  double value() const {
    if (running_) return sum_.raw() + sum_.rest();
    return sum_.raw() / count_ + sum_.rest() / count_;
  }

 private:
  KahanSum sum_;
  double count_ = 0;
  bool running_ = false;
};

/// Population variance by Welford's method.
class Variance {
 public:
  void add(double value) {
    ++count_;
    const double delta = value - (mean_.raw() + mean_.rest());
    mean_.add(delta / count_);
    squares_.add(delta * (value - (mean_.raw() + mean_.rest())));
  }
  double value() const { return (squares_.raw() + squares_.rest()) / count_; }

 private:
  double count_ = 0;
  KahanSum mean_, squares_;
};

/// Order of values with NaN below everything.
inline bool value_less(double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; }

/// Linear interpolation between the nearest ranks. Sorts `values`. Outside [0, 1]: -Inf and +Inf.
inline double quantile_of(double q, std::vector<double>& values) {
  if (values.empty() || std::isnan(q)) return kNaN;
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  std::ranges::sort(values, value_less);
  const auto n = static_cast<double>(values.size());
  const double rank = q * (n - 1);
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(n - 1, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[static_cast<std::size_t>(lower)] * (1 - weight) + values[static_cast<std::size_t>(upper)] * weight;
}

}  // namespace mamori::metrics::promql
