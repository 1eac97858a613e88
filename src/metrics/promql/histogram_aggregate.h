// metrics/promql/histogram_aggregate.h: one group's value at one step, of floats and histograms.
#pragma once
#include <span>
#include <vector>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/histogram_notes.h"

namespace mamori::metrics::promql {

/// What a group has at a step.
struct GroupValues {
  std::vector<double> floats;
  std::vector<const Histogram*> histograms;
};

/// What an aggregation says of its histograms.
class AggregationNotes {
 public:
  AggregationNotes(QueryContext& context, const AggregateExpr& expr) : context_(context), expr_(expr) {}
  void mixed_types() const;
  void histogram_ignored() const;
  QueryContext& context() const { return context_; }
  Span span() const { return expr_.inner->span; }

 private:
  QueryContext& context_;
  const AggregateExpr& expr_;
};

/// The sum or the mean. Null if one has exponential buckets and another custom ones.
/// REQUIRES: at least one.
HistogramPtr add_up(bool mean, std::span<const Histogram* const> histograms, const HistogramNotes& notes);

/// sum and avg of a group. Null if there is no such thing: floats beside histograms, or buckets that do not fit
/// together. `metric`: labels of the group's first series, for warnings. REQUIRES: at least one histogram.
HistogramPtr aggregate_histograms(const AggregateExpr& expr, const GroupValues& values, const Labels& metric,
                                  const AggregationNotes& notes);

}  // namespace mamori::metrics::promql
