// metrics/promql/parser.h: text to a checked tree. What it returns is well typed: evaluation meets no type errors.
// Source: Prometheus 3 documentation, "Querying basics" and "Operators"; error texts as Prometheus words them, because
// tools show and match them.
#pragma once
#include <string_view>

#include "base/result.h"
#include "metrics/promql/ast.h"

namespace mamori::metrics::promql {

/// What a stock Prometheus 3 keeps behind feature flags.
struct Features {
  bool experimental_functions = false;
  bool duration_expressions = false;
  bool extended_ranges = false;  // anchored, smoothed
  bool fill_modifiers = false;
  static Features all() { return {true, true, true, true}; }
};

/// Errors: InvalidArgument, "line:column: parse error: …" of the first mistake.
Result<ExprPtr> parse(std::string_view query, Features features = {});

/// A bare selector, as match[] takes it. Errors as above.
Result<std::vector<Matcher>> parse_selector(std::string_view text);

/// What the tree of one expression node may hold; used by parse. Returns the first error, placed.
struct Misuse {
  Span span;
  std::string message;
};
std::optional<Misuse> check_types(const Expr& expr);

}  // namespace mamori::metrics::promql
