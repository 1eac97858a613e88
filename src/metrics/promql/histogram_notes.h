// metrics/promql/histogram_notes.h: what a query says about histograms that it could not treat as asked, in Prometheus'
// words.
#pragma once
#include <string>

#include "metrics/histogram_math.h"
#include "metrics/promql/evaluator.h"

namespace mamori::metrics::promql {

/// " for metric name "x"", or nothing for a series without a name.
std::string for_metric(std::string_view name);

/// Of one series, or of a group by its first series.
class HistogramNotes {
 public:
  HistogramNotes(QueryContext& context, Span span, const Labels& labels)
      : context_(context), span_(span), name_(labels.get(kMetricName)) {}

  void mixed_types() const;    // floats and histograms in one range
  void mixed_schemas() const;  // exponential and custom buckets
  void not_a_counter() const;
  void not_a_gauge() const;
  void histograms_ignored() const;                        // in a range with floats, by a function of floats
  void bounds_reconciled(std::string_view during) const;  // "addition", "subtraction", "aggregation"
  void resets_conflict(std::string_view during) const;

 private:
  QueryContext& context_;
  Span span_;
  std::string name_;
};

/// Whether some of several counters begin after a reset and others surely do not: their sum is of little use.
class ResetWatch {
 public:
  void see(const Histogram& histogram) {
    reset_ = reset_ || histogram.reset == Histogram::Reset::Reset;
    not_reset_ = not_reset_ || histogram.reset == Histogram::Reset::NotReset;
  }
  bool conflict() const { return reset_ && not_reset_; }

 private:
  bool reset_ = false, not_reset_ = false;
};

inline constexpr std::string_view kAddition = "addition", kSubtraction = "subtraction", kAggregation = "aggregation";

}  // namespace mamori::metrics::promql
