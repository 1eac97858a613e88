// metrics/promql/applied_rows.h: rows of a function over ranges that has no row maker of its own: it is applied to each
// window's samples anew.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "metrics/promql/evaluator.h"
#include "metrics/promql/row_maker.h"

namespace mamori::metrics::promql {

struct AppliedRange {
  RangeApply apply = nullptr;
  Grid grid;
  std::int64_t lookback_ms = 0;
  bool looks_around = false;  // anchored, smoothed: beyond the window, for so long
};

/// `window_ends` and `params`: one per step; must outlive what is returned.
std::unique_ptr<RowMaker> applied_rows(const AppliedRange& applied, std::span<const std::int64_t> window_ends,
                                       std::int64_t length_ms, std::span<const std::vector<double>> params);

}  // namespace mamori::metrics::promql
