// metrics/promql/extended_range.h: rate() and its sisters over `[5m] anchored` and `[5m] smoothed` ranges, which look
// beyond the window's borders instead of extrapolating (feature promql-extended-range-selectors).
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "metrics/promql/evaluator.h"

namespace mamori::metrics::promql {

/// Errors: InvalidArgument for a function that does not take such ranges.
Result<RangeApply> extended_function(std::string_view name, bool anchored);

}  // namespace mamori::metrics::promql
