// metrics/compensated.h: sums that keep what rounding takes from them.
// Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974.
#pragma once
#include <cmath>

namespace mamori::metrics {

/// The sum is `sum` + `rest`; of an infinite one `rest` is 0.
inline void add_compensated(double& sum, double& rest, double value) {
  const double total = sum + value;
  if (std::isinf(total)) {
    rest = 0;
  } else if (std::fabs(sum) >= std::fabs(value)) {
    rest += (sum - total) + value;
  } else {
    rest += (value - total) + sum;
  }
  sum = total;
}

}  // namespace mamori::metrics
