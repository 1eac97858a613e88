// metrics/promql/classic_histogram.h: quantiles and fractions from cumulative buckets with an upper bound "le" each.
// Source: Prometheus documentation, histogram_quantile: linear interpolation inside a bucket, whose lower bound is 0
// for the first one if its upper bound is positive.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

namespace mamori::metrics::promql {

struct Bucket {
  double upper = 0;
  double count = 0;  // of observations <= upper
};

/// The value of a label "le". None if it is not a number.
std::optional<double> parse_bound(std::string_view text);

/// Sorts, joins equal bounds and makes the counts ascend. False if they cannot be used: no +Inf bucket.
/// `forced`: whether a count had to be raised by more than a rounding error.
bool prepare_buckets(std::vector<Bucket>& buckets, bool& forced);

/// REQUIRES: buckets prepared.
double bucket_quantile(double q, const std::vector<Bucket>& buckets);
/// Share of the observations in (lower, upper].
double bucket_fraction(double lower, double upper, const std::vector<Bucket>& buckets);

}  // namespace mamori::metrics::promql
