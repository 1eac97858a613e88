// metrics/histogram_math.h: adds, subtracts, scales and compares native histograms as Prometheus does.
// Two exponential histograms meet at the coarser schema and the wider zero bucket of the two; two with custom buckets
// at the bounds that both have. Exponential and custom buckets do not meet. Source: Prometheus documentation, "Native
// Histograms" (specification), "PromQL".
#pragma once
#include "metrics/detail/histogram_cells.h"
#include "metrics/histogram.h"

namespace mamori::metrics {

/// What was met when two histograms were combined.
struct Combined {
  bool incompatible = false;       // exponential with custom buckets: nothing was done
  bool resets_conflict = false;    // one begins after a counter reset, the other does not
  bool bounds_reconciled = false;  // their custom buckets ended at different bounds
};

using detail::Rounding;

/// A histogram that others are added to one after another.
class HistogramSum {
 public:
  /// `Compensated`: what rounding takes from each number is kept until value().
  explicit HistogramSum(const Histogram& first, Rounding rounding = Rounding::Compensated);

  Combined add(const Histogram& other) { return combine(other, 1); }
  Combined subtract(const Histogram& other) { return combine(other, -1); }
  void scale(double factor);
  void divide(double divisor);
  /// To a coarser schema; none that is finer.
  void reduce_to(std::int32_t schema);
  /// Whether one of its numbers is infinite.
  bool overflows() const;
  /// Without empty buckets.
  Histogram value() const;

 private:
  friend bool was_reset(const Histogram& now, const Histogram& before);
  using Number = detail::Number;
  using Cells = detail::Cells;

  Combined combine(const Histogram& other, double sign);
  void combine_exponential(const Histogram& other, double sign);
  void combine_custom(const Histogram& other, double sign);
  bool combine_in_place(const Histogram& other, double sign);
  void widen_zero_bucket(double threshold);
  void add(Number& to, double value) const;
  template <typename Visit>
  void each_number(Visit visit);

  Rounding rounding_;
  Histogram::Reset reset_;
  std::int32_t schema_;
  double zero_threshold_;
  Number zero_count_, count_, sum_;
  Cells positive_, negative_;
  std::vector<double> custom_bounds_;
};

/// Adds to `to`; its empty buckets go.
Combined add(Histogram& to, const Histogram& other);
Combined subtract(Histogram& from, const Histogram& other);

/// Every number times `factor`. A negative factor makes a gauge of it: counters do not fall.
void scale(Histogram& histogram, double factor);
/// By zero: the buckets go, as their counts would be no numbers.
void divide(Histogram& histogram, double divisor);

/// Without its empty buckets.
void compact(Histogram& histogram);

/// Whether a counter was reset between two samples: some count is smaller, or the buckets have become finer than they
/// could have without starting anew. What the sample says of itself goes first.
bool was_reset(const Histogram& now, const Histogram& before);

/// The same buckets, empty ones too, with the same numbers to the last bit.
bool same_data(const Histogram& a, const Histogram& b);

/// Whether one of its numbers is infinite.
bool overflows(const Histogram& histogram);

}  // namespace mamori::metrics
