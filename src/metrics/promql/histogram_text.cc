#include "metrics/promql/histogram_text.h"

#include <charconv>
#include <cmath>

#include "metrics/histogram_buckets.h"
#include "metrics/promql/ast.h"

namespace mamori::metrics::promql {
namespace {

/// Go's %g: shortest digits, with an exponent below 1e-4 and from 1e6 on.
std::string number(double value) {
  if (!std::isfinite(value) || value == 0) return format_float(value);
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const auto e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);
  return exponent < -4 || exponent >= 6 ? std::string(text) : format_float(value);
}

}  // namespace

std::string to_text(const Histogram& histogram) {
  std::vector<HistogramBucket> buckets;
  list_buckets(histogram, buckets);
  std::string out = "{count:" + number(histogram.count) + ", sum:" + number(histogram.sum);
  for (const auto& bucket : buckets) {
    out += bucket.lower_inclusive ? ", [" : ", (";
    out += number(bucket.lower) + "," + number(bucket.upper);
    out += (bucket.upper_inclusive ? "]:" : "):") + number(bucket.count);
  }
  return out + "}";
}

}  // namespace mamori::metrics::promql
