// metrics/promql/histogram_literal.h: native histograms as test scripts write them:
// {{schema:0 count:4 sum:5 z_bucket:1 z_bucket_w:0.001 buckets:[1 2] offset:1 n_buckets:[1] counter_reset_hint:gauge}}
#pragma once
#include <string_view>

#include "base/result.h"
#include "metrics/histogram.h"

namespace mamori::metrics::promql {

struct HistogramLiteral {
  Histogram value;
  bool names_reset = false;  // an expected one is compared by its counter_reset_hint only if it names one
};

/// `text`: without the braces. Errors: InvalidArgument naming what does not fit.
Result<HistogramLiteral> parse_histogram_literal(std::string_view text);

/// The same up to rounding; empty buckets do not matter.
bool nearly_equal(const HistogramLiteral& want, const Histogram& got);
/// Upstream's tolerance, 1e-6 of the values.
bool nearly_equal(double a, double b);

}  // namespace mamori::metrics::promql
