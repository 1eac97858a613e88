#include "metrics/promql/extended_range.h"

namespace mamori::metrics::promql {

Result<RangeApply> extended_function(std::string_view name, bool anchored) {
  const std::string list = anchored ? "changes, delta, increase, rate, resets" : "delta, increase, rate";
  return evaluation_error(std::string(anchored ? "anchored" : "smoothed") + " modifier can only be used with: " + list +
                          " - not with " + std::string(name));
}

}  // namespace mamori::metrics::promql
