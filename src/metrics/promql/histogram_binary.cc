#include "metrics/promql/histogram_binary.h"

#include "metrics/histogram_math.h"
#include "metrics/histogram_trim.h"
#include "metrics/promql/histogram_notes.h"

namespace mamori::metrics::promql {
namespace {

std::optional<Operand> compared(const BinaryExpr& expr, const Operand& left, bool holds) {
  if (expr.return_bool) return Operand{.value = holds ? 1.0 : 0.0};
  return holds ? std::optional(left) : std::nullopt;
}

std::optional<Operand> sum_or_difference(QueryContext& context, const BinaryExpr& expr, const Histogram& left,
                                         const Histogram& right) {
  const bool plus = expr.op == Op::Add;
  Combined met;
  auto out = changed(left, [&](Histogram& histogram) {
    met = plus ? add(histogram, right) : subtract(histogram, right);
    if (!plus) histogram.reset = Histogram::Reset::Gauge;
  });
  if (met.incompatible) {
    context.warn(expr.span,
                 "incompatible bucket layout encountered for binary operator " + std::string(to_string(expr.op)));
    return std::nullopt;
  }
  const HistogramNotes notes(context, expr.span, Labels());
  const auto during = plus ? kAddition : kSubtraction;
  if (met.bounds_reconciled) notes.bounds_reconciled(during);
  if (met.resets_conflict) notes.resets_conflict(during);
  return Operand{.histogram = std::move(out)};
}

void note_incompatible(QueryContext& context, const BinaryExpr& expr, const Operand& left, const Operand& right) {
  const auto type = [](const Operand& operand) { return std::string(operand.histogram ? "histogram" : "float"); };
  const std::string op(to_string(expr.op));
  context.info(expr.span, "incompatible sample types encountered for binary operator " + quote(op) + ": " + type(left) +
                              " " + op + " " + type(right));
}

}  // namespace

std::optional<Operand> combine_operands(QueryContext& context, const BinaryExpr& expr, const Operand& left,
                                        const Operand& right) {
  const auto scaled = [](const Operand& histogram, auto change) {
    return Operand{.histogram = changed(*histogram.histogram, [&](Histogram& h) {
                     change(h);
                     compact(h);
                   })};
  };
  const bool both = left.histogram && right.histogram;
  switch (expr.op) {
    case Op::Add:
    case Op::Sub:
      if (both) return sum_or_difference(context, expr, *left.histogram, *right.histogram);
      break;
    case Op::Mul:
      if (both) break;
      if (left.histogram) return scaled(left, [&](Histogram& h) { scale(h, right.value); });
      return scaled(right, [&](Histogram& h) { scale(h, left.value); });
    case Op::Div:
      if (right.histogram) break;
      return scaled(left, [&](Histogram& h) { divide(h, right.value); });
    case Op::TrimUpper:
    case Op::TrimLower:
      if (!left.histogram || right.histogram) break;
      return Operand{.histogram = std::make_shared<const Histogram>(
                         trim(*left.histogram, right.value, expr.op == Op::TrimUpper ? Keep::Below : Keep::Above))};
    case Op::Eq:
      if (both) return compared(expr, left, same_data(*left.histogram, *right.histogram));
      break;
    case Op::Ne:
      if (both) return compared(expr, left, !same_data(*left.histogram, *right.histogram));
      break;
    default:
      break;
  }
  note_incompatible(context, expr, left, right);
  return std::nullopt;
}

void put(Series& row, std::size_t step, std::optional<Operand> value) {
  if (!value) {
    row.clear(step);
  } else if (value->histogram) {
    row.put(step, std::move(value->histogram));
  } else {
    row.clear(step);
    row.values[step] = value->value;
  }
}

}  // namespace mamori::metrics::promql
