// metrics/promql/histogram_mean.h: the mean of histograms, as Mean is that of floats.
#pragma once
#include "metrics/histogram_math.h"

namespace mamori::metrics::promql {

/// Sum / count, until a sum would overflow: then a running mean.
class HistogramMean {
 public:
  explicit HistogramMean(const Histogram& first) : sum_(first) {}

  Combined add(const Histogram& other) {
    if (!running_) {
      HistogramSum next = sum_;
      const auto met = next.add(other);
      if (met.incompatible) return met;
      ++count_;
      if (!next.overflows()) {
        sum_ = std::move(next);
        return met;
      }
      running_ = true;
      sum_.divide(count_ - 1);
    } else {
      ++count_;
    }
    auto share = other;
    const double before = (count_ - 1) / count_;
    sum_.scale(before);
    divide(share, count_);
    return sum_.add(share);
  }

  Histogram value() const {
    if (running_) return sum_.value();
    auto mean = sum_;
    mean.divide(count_);
    return mean.value();
  }

 private:
  HistogramSum sum_;
  double count_ = 1;
  bool running_ = false;
};

}  // namespace mamori::metrics::promql
