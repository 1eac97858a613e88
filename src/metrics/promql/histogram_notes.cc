#include "metrics/promql/histogram_notes.h"

namespace mamori::metrics::promql {

std::string for_metric(std::string_view name) { return name.empty() ? "" : " for metric name " + quote(name); }

void HistogramNotes::mixed_types() const {
  context_.warn(span_, "encountered a mix of histograms and floats for metric name " + quote(name_));
}

void HistogramNotes::mixed_schemas() const {
  context_.warn(span_,
                "vector contains a mix of histograms with exponential and custom buckets schemas for metric name " +
                    quote(name_));
}

void HistogramNotes::not_a_counter() const {
  context_.warn(span_, "this native histogram metric is not a counter: " + quote(name_));
}

void HistogramNotes::not_a_gauge() const {
  context_.warn(span_, "this native histogram metric is not a gauge: " + quote(name_));
}

void HistogramNotes::histograms_ignored() const {
  context_.info(span_,
                "ignored histograms in a range containing both floats and histograms for metric name " + quote(name_));
}

void HistogramNotes::bounds_reconciled(std::string_view during) const {
  context_.info(span_, "mismatched custom buckets were reconciled during " + std::string(during));
}

void HistogramNotes::resets_conflict(std::string_view during) const {
  context_.warn(span_, "conflicting counter resets during histogram " + std::string(during));
}

}  // namespace mamori::metrics::promql
