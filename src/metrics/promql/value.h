// metrics/promql/value.h: what evaluation passes around: one row of values per series, one value per step.
#pragma once
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/labels.h"
#include "metrics/promql/ast.h"
#include "metrics/store.h"

namespace mamori::metrics::promql {

/// The moments at which an expression is evaluated.
struct Grid {
  std::int64_t start_ms = 0, step_ms = 1;
  std::size_t steps = 1;
  std::int64_t time(std::size_t i) const { return start_ms + static_cast<std::int64_t>(i) * step_ms; }
  std::int64_t end_ms() const { return time(steps - 1); }
};

/// "No value at this step" is the staleness marker, which no query ever shows.
inline double none() { return std::bit_cast<double>(kStaleNanBits); }
inline bool is_none(double value) { return std::bit_cast<std::uint64_t>(value) == kStaleNanBits; }

/// A step has a float, a histogram, or nothing.
struct Series {
  Labels labels;
  bool drop_name = false;                // delayed removal of __name__ (Engine options)
  std::vector<double> values;            // one per step; none() where there is a histogram or nothing
  std::vector<HistogramPtr> histograms;  // empty if no step has one; else one per step, null where there is none

  const Histogram* histogram(std::size_t step) const { return histograms.empty() ? nullptr : histograms[step].get(); }
  bool has(std::size_t step) const { return !is_none(values[step]) || histogram(step); }
  bool has_any() const;
  void put(std::size_t step, HistogramPtr histogram);
  /// The step has what `from` has at that step.
  void copy(std::size_t step, const Series& from);
  void clear(std::size_t step);
  /// Floats only: what most functions do, which pass over histograms.
  void drop_histograms() { histograms.clear(); }
  /// Of memory that the histograms take.
  std::size_t histogram_bytes() const;
};
using Rows = std::vector<Series>;

struct Value {
  ValueType type = ValueType::Vector;
  Rows rows;                   // Vector
  std::vector<double> scalar;  // Scalar: one per step
  std::string text;            // String
};

/// What says what a series measures, not which one it is: gone once a function or an operator changes its meaning.
inline bool is_metadata_label(std::string_view name) {
  return name == kMetricName || name == "__type__" || name == "__unit__";
}
Labels without_metadata(const Labels& labels);

struct LabelsHash {
  std::size_t operator()(const Labels& labels) const { return labels.hash(); }
};

/// A series' samples for functions over ranges; staleness markers are taken out.
struct RangeSeries {
  Labels labels;
  bool drop_name = false;
  std::vector<Sample> samples;
  std::vector<HistogramPoint> histograms;  // usually none; no time is in both
};

/// A copy with `change` made to it.
template <typename Change>
HistogramPtr changed(const Histogram& histogram, Change change) {
  auto copy = std::make_shared<Histogram>(histogram);
  change(*copy);
  return copy;
}

/// How many samples' worth Prometheus counts a histogram as: one of 16 bytes each.
std::uint64_t sample_count(const Histogram& histogram);
std::uint64_t sample_count(std::span<const HistogramPoint> histograms);

}  // namespace mamori::metrics::promql
