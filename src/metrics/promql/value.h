// metrics/promql/value.h: what evaluation passes around: one row of values per series, one value per step.
#pragma once
#include <bit>
#include <cstdint>
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

struct Series {
  Labels labels;
  bool drop_name = false;      // delayed removal of __name__ (Engine options)
  std::vector<double> values;  // one per step
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
};

}  // namespace mamori::metrics::promql
