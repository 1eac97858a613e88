#include "metrics/promql/histogram_aggregate.h"

#include "metrics/promql/histogram_mean.h"
#include "metrics/promql/histogram_notes.h"

namespace mamori::metrics::promql {
namespace {

template <typename Sum>
HistogramPtr add_up(std::span<const Histogram* const> histograms, const HistogramNotes& notes) {
  Sum sum(*histograms.front());
  ResetWatch resets;
  resets.see(*histograms.front());
  for (const auto* histogram : histograms.subspan(1)) {
    const auto met = sum.add(*histogram);
    if (met.incompatible) {
      notes.mixed_schemas();
      return nullptr;
    }
    if (met.bounds_reconciled) notes.bounds_reconciled(kAggregation);
    resets.see(*histogram);
  }
  if (resets.conflict()) notes.resets_conflict(kAggregation);
  return std::make_shared<const Histogram>(sum.value());
}

}  // namespace

void AggregationNotes::mixed_types() const {
  context_.warn(span(), "encountered a mix of histograms and floats for aggregation");
}

void AggregationNotes::histogram_ignored() const {
  context_.info(span(), "ignored histogram in " + expr_.op + " aggregation");
}

HistogramPtr add_up(bool mean, std::span<const Histogram* const> histograms, const HistogramNotes& notes) {
  return mean ? add_up<HistogramMean>(histograms, notes) : add_up<HistogramSum>(histograms, notes);
}

HistogramPtr aggregate_histograms(const AggregateExpr& expr, const GroupValues& values, const Labels& metric,
                                  const AggregationNotes& notes) {
  if (!values.floats.empty()) {
    notes.mixed_types();
    return nullptr;
  }
  const HistogramNotes of_metric(notes.context(), notes.span(), metric);
  return add_up(expr.op == "avg", values.histograms, of_metric);
}

}  // namespace mamori::metrics::promql
