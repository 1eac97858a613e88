// Type rules of PromQL, checked bottom up after parsing; the first broken one in source order is reported.
#include <algorithm>

#include "metrics/promql/parser.h"
#include "metrics/promql/signatures.h"

namespace mamori::metrics::promql {
namespace {

using Found = std::optional<Misuse>;

Found expect_type(const Expr& expr, ValueType want, const std::string& context) {
  if (type_of(expr) == want) return std::nullopt;
  return Misuse{expr.span, "expected type " + std::string(documented_name(want)) + " in " + context + ", got " +
                               std::string(documented_name(type_of(expr)))};
}

Found check_selector(const SelectorExpr& expr) {
  std::size_t names = 0;
  for (const auto& matcher : expr.matchers) {
    if (matcher.name() != kMetricName || expr.name.empty()) continue;
    if (++names > 1 || matcher.value() != expr.name) {
      const auto& other = std::ranges::find_if(expr.matchers, [](const auto& m) { return m.name() == kMetricName; });
      return Misuse{expr.span,
                    "metric name must not be set twice: " + quote(expr.name) + " or " + quote(other->value())};
    }
  }
  // A selector that matches the empty label set would read every series there is.
  const bool all_empty = std::ranges::all_of(expr.matchers, [](const Matcher& m) { return m.matches(""); });
  if (all_empty) return Misuse{expr.span, "vector selector must contain at least one non-empty matcher"};
  return std::nullopt;
}

Found check_binary(const BinaryExpr& expr) {
  const auto left = type_of(*expr.left), right = type_of(*expr.right);
  const auto allowed = [](ValueType t) { return t == ValueType::Scalar || t == ValueType::Vector; };
  const auto& matching = expr.matching;
  if (expr.return_bool && !is_comparison(expr.op)) {
    return Misuse{expr.span, "bool modifier can only be used on comparison operators"};
  }
  if (is_trim(expr.op) && left == ValueType::Scalar && right == ValueType::Scalar) {
    return Misuse{expr.span, "operator " + quote(to_string(expr.op)) + " trims histograms, got two scalars"};
  }
  if (is_comparison(expr.op) && !expr.return_bool && left == ValueType::Scalar && right == ValueType::Scalar) {
    return Misuse{expr.span, "comparisons between scalars must use BOOL modifier"};
  }
  const bool grouped = matching.cardinality == Cardinality::ManyToOne || matching.cardinality == Cardinality::OneToMany;
  if (is_set_operator(expr.op) && grouped) {
    return Misuse{expr.span, "no grouping allowed for " + quote(to_string(expr.op)) + " operation"};
  }
  if (matching.on) {
    for (const auto& label : matching.labels) {
      if (std::ranges::find(matching.include, label) != matching.include.end()) {
        return Misuse{expr.span, "label " + quote(label) + " must not occur in ON and GROUP clause at once"};
      }
    }
  }
  if (!allowed(left)) {
    return Misuse{expr.left->span, "binary expression must contain only scalar and instant vector types"};
  }
  if (!allowed(right)) {
    return Misuse{expr.right->span, "binary expression must contain only scalar and instant vector types"};
  }
  const bool scalar = left == ValueType::Scalar || right == ValueType::Scalar;
  if (scalar && expr.has_matching && (!matching.labels.empty() || matching.on)) {
    return Misuse{expr.span, "vector matching only allowed between instant vectors"};
  }
  if (scalar && (matching.fill_left || matching.fill_right)) {
    return Misuse{expr.span, "filling in missing series only allowed between instant vectors"};
  }
  if (scalar && is_set_operator(expr.op)) {
    return Misuse{expr.span, "set operator " + quote(to_string(expr.op)) + " not allowed in binary scalar expression"};
  }
  return std::nullopt;
}

Found check_call(const CallExpr& call) {
  const auto& function = *call.function;
  const auto wanted = function.params.size(), got = call.args.size();
  const auto count_error = [&](std::string_view how, std::size_t count) {
    return Misuse{call.span, "expected " + std::string(how) + std::to_string(count) + " argument(s) in call to " +
                                 quote(call.name) + ", got " + std::to_string(got)};
  };
  if (function.optional == 0) {
    if (got != wanted) return count_error("", wanted);
  } else {
    const auto least = wanted - 1;
    if (got < least) return count_error("at least ", least);
    if (function.optional > 0) {
      const auto most = least + static_cast<std::size_t>(function.optional);
      if (got > most) return count_error("at most ", most);
    }
  }
  for (std::size_t i = 0; i < got; ++i) {
    const auto want = function.params[std::min(i, wanted - 1)];
    if (auto found = expect_type(*call.args[i], want, "call to function " + quote(call.name))) return found;
  }
  return std::nullopt;
}

Found check_info_selector(const Expr& arg) {
  const auto& expr = unwrap(arg);
  if (expr.kind != Kind::Selector) return Misuse{arg.span, "expected label selectors only"};
  if (!static_cast<const SelectorExpr&>(expr).name.empty()) {
    return Misuse{arg.span, "expected label selectors only, got vector selector instead"};
  }
  return std::nullopt;
}

Found first_of(Found found, auto&& next) { return found ? std::move(found) : next(); }

}  // namespace

std::optional<Misuse> check_types(const Expr& expr) {
  switch (expr.kind) {
    case Kind::Number:
    case Kind::String:
      return std::nullopt;
    case Kind::Selector:
      return check_selector(static_cast<const SelectorExpr&>(expr));
    case Kind::Range:
      return check_selector(*static_cast<const RangeExpr&>(expr).selector);
    case Kind::Paren:
      return check_types(*static_cast<const ParenExpr&>(expr).inner);
    case Kind::Subquery: {
      const auto& inner = *static_cast<const SubqueryExpr&>(expr).inner;
      return first_of(check_types(inner), [&]() -> Found {
        if (type_of(inner) == ValueType::Vector) return std::nullopt;
        return Misuse{expr.span, "subquery is only allowed on instant vector, got " +
                                     std::string(documented_name(type_of(inner))) + " instead"};
      });
    }
    case Kind::Unary: {
      const auto& inner = *static_cast<const UnaryExpr&>(expr).inner;
      return first_of(check_types(inner), [&]() -> Found {
        const auto type = type_of(inner);
        if (type == ValueType::Scalar || type == ValueType::Vector) return std::nullopt;
        return Misuse{expr.span, "unary expression only allowed on expressions of type scalar or instant vector, got " +
                                     quote(documented_name(type))};
      });
    }
    case Kind::Binary: {
      const auto& binary = static_cast<const BinaryExpr&>(expr);
      return first_of(check_types(*binary.left),
                      [&] { return first_of(check_types(*binary.right), [&] { return check_binary(binary); }); });
    }
    case Kind::Aggregate: {
      const auto& aggregate = static_cast<const AggregateExpr&>(expr);
      if (auto found = check_types(*aggregate.inner)) return found;
      if (auto found = expect_type(*aggregate.inner, ValueType::Vector, "aggregation expression")) return found;
      if (!aggregate.param) return std::nullopt;
      if (auto found = check_types(*aggregate.param)) return found;
      const auto want = aggregate.op == "count_values" ? ValueType::String : ValueType::Scalar;
      return expect_type(*aggregate.param, want, "aggregation parameter");
    }
    case Kind::Call: {
      const auto& call = static_cast<const CallExpr&>(expr);
      for (std::size_t i = 0; i < call.args.size(); ++i) {
        // info()'s second argument only looks like a selector: it chooses labels, and may match the empty one.
        if (call.name == "info" && i == 1) {
          if (auto found = check_info_selector(*call.args[i])) return found;
        } else if (auto found = check_types(*call.args[i])) {
          return found;
        }
      }
      return check_call(call);
    }
  }
  return std::nullopt;
}

}  // namespace mamori::metrics::promql
