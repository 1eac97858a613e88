// Chooses how a function is evaluated, and evaluates those that are neither over ranges nor element by element.
#include <cmath>
#include <numbers>

#include "metrics/promql/binomial.h"
#include "metrics/promql/evaluator.h"
#include "metrics/promql/numeric.h"

namespace mamori::metrics::promql {

Result<Value> Evaluator::call(const CallExpr& expr) {
  const std::string_view name = expr.name;
  const auto rows_value = [](Result<Rows> rows) -> Result<Value> {
    if (!rows) return std::move(rows).error();
    return Value{.rows = *std::move(rows)};
  };
  const auto scalar_value = [&](auto at) -> Result<Value> {
    Value value{.type = ValueType::Scalar, .scalar = std::vector<double>(grid_.steps)};
    for (std::size_t i = 0; i < grid_.steps; ++i) value.scalar[i] = at(i);
    return value;
  };
  if (is_range_function(name)) return rows_value(range_function(expr));
  if (is_vector_function(name)) return rows_value(vector_function(expr));
  if (name == "absent" || name == "absent_over_time") return rows_value(absent(expr));
  if (name == "label_replace" || name == "label_join") return rows_value(label_function(expr));
  if (name.starts_with("sort")) return rows_value(sort_function(expr));
  if (name.starts_with("histogram_")) return rows_value(histogram_function(expr));
  if (name == "info") return rows_value(info_function(expr));
  if (name == "binomial_tail") return rows_value(binomial_tail_function(expr));
  if (name == "pi") return scalar_value([](std::size_t) { return std::numbers::pi; });
  if (name == "time") return scalar_value([&](std::size_t i) { return static_cast<double>(grid_.time(i)) / 1000; });
  if (name == "start") return scalar_value([&](std::size_t) { return static_cast<double>(context_.start_ms) / 1000; });
  if (name == "end") return scalar_value([&](std::size_t) { return static_cast<double>(context_.end_ms) / 1000; });
  if (name == "step") return scalar_value([&](std::size_t) { return static_cast<double>(context_.step_ms) / 1000; });
  if (name == "range") {
    return scalar_value([&](std::size_t) { return static_cast<double>(context_.end_ms - context_.start_ms) / 1000; });
  }
  if (name == "max_of" || name == "min_of") {
    MAMORI_TRY(const auto a, scalar(*expr.args[0]));
    MAMORI_TRY(const auto b, scalar(*expr.args[1]));
    return scalar_value([&](std::size_t i) {
      if (std::isnan(a[i]) || std::isnan(b[i])) return kNaN;
      return name == "max_of" ? std::max(a[i], b[i]) : std::min(a[i], b[i]);
    });
  }
  if (name == "vector") {
    MAMORI_TRY(auto values, scalar(*expr.args[0]));
    Value value;
    value.rows.push_back({.values = std::move(values)});
    return value;
  }
  if (name == "scalar") {
    MAMORI_TRY(const auto rows, vector(*expr.args[0]));
    return scalar_value([&](std::size_t i) {
      const Series* only = nullptr;
      for (const auto& row : rows) {
        if (is_none(row.values[i])) continue;
        if (only) return kNaN;
        only = &row;
      }
      return only ? only->values[i] : kNaN;
    });
  }
  if (name == "timestamp") {
    const auto& arg = unwrap(*expr.args[0]);
    Rows rows;
    if (arg.kind == Kind::Selector) {
      MAMORI_TRY(rows, selector(static_cast<const SelectorExpr&>(arg), true));
    } else {
      MAMORI_TRY(rows, vector(arg));
      for (auto& row : rows) {
        for (std::size_t i = 0; i < grid_.steps; ++i) {
          if (row.has(i)) row.values[i] = static_cast<double>(grid_.time(i)) / 1000;
        }
        row.drop_histograms();
      }
    }
    for (auto& row : rows) drop_name(row);
    MAMORI_TRY_VOID(join_equal(rows));
    return Value{.rows = std::move(rows)};
  }
  return evaluation_error("function " + quote(name) + " is not implemented yet");
}

}  // namespace mamori::metrics::promql
