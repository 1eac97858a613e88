// metrics/promql/histogram_binary.h: binary operators where at least one of two samples is a histogram.
#pragma once
#include <optional>

#include "metrics/promql/evaluator.h"

namespace mamori::metrics::promql {

/// A float, or a histogram.
struct Operand {
  double value = 0;
  HistogramPtr histogram{};
};

/// What the operator makes of the two; of a comparison that filters, the left one. None if it makes nothing, which is
/// said if it is because of their types. REQUIRES: at least one is a histogram, or the operator trims them.
std::optional<Operand> combine_operands(QueryContext& context, const BinaryExpr& expr, const Operand& left,
                                        const Operand& right);

/// The step has that value; nothing if there is none.
void put(Series& row, std::size_t step, std::optional<Operand> value);

}  // namespace mamori::metrics::promql
