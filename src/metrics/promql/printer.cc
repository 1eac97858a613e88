// A tree as text: print() on one line, pretty() broken where a line would pass 100 columns.
#include <algorithm>

#include "metrics/promql/lexer.h"
#include "metrics/promql/signatures.h"

namespace mamori::metrics::promql {
namespace {

constexpr std::size_t kColumnsMax = 100;  // Prometheus' limit, its indentation not counted

std::string label_name(const std::string& name) { return is_plain_name(name, false) ? name : quote(name); }

std::string join(const std::vector<std::string>& labels) {
  std::string out;
  for (const auto& label : labels) {
    if (!out.empty()) out += ", ";
    out += label_name(label);
  }
  return out;
}

std::string length_text(const Length& length) {
  return length.expr ? print(*length.expr) : format_duration_ms(length.ms);
}

std::string modifiers_text(const Modifiers& modifiers) {
  std::string out;
  if (modifiers.at_ms) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, " @ %.3f", static_cast<double>(*modifiers.at_ms) / 1000);
    out += buffer;
  } else if (modifiers.at_edge != AtEdge::None) {
    out += modifiers.at_edge == AtEdge::Start ? " @ start()" : " @ end()";
  }
  if (modifiers.has_offset && (modifiers.offset.expr || modifiers.offset.ms != 0)) {
    out += " offset " + length_text(modifiers.offset);
  }
  return out;
}

std::string selector_text(const SelectorExpr& expr, std::string_view range) {
  std::string out = expr.name;
  std::string inner;
  for (const auto& matcher : expr.matchers) {
    if (matcher.name() == kMetricName && matcher.op() == MatchOp::Equal && matcher.value() == expr.name) continue;
    if (!inner.empty()) inner += ",";
    inner += label_name(matcher.name());
    inner += to_string(matcher.op());
    inner += quote(matcher.value());
  }
  if (!inner.empty() || out.empty()) out += "{" + inner + "}";
  out += range;
  if (expr.anchored) out += " anchored";
  if (expr.smoothed) out += " smoothed";
  return out + modifiers_text(expr.modifiers);
}

std::string matching_text(const BinaryExpr& expr) {
  std::string out = expr.return_bool ? " bool" : "";
  const auto& matching = expr.matching;
  const bool grouped = matching.cardinality == Cardinality::ManyToOne || matching.cardinality == Cardinality::OneToMany;
  if (matching.on || !matching.labels.empty() || grouped) {
    out += matching.on ? " on (" : " ignoring (";
    out += join(matching.labels) + ")";
    if (grouped) {
      out += matching.cardinality == Cardinality::ManyToOne ? " group_left (" : " group_right (";
      out += join(matching.include) + ")";
    }
  }
  if (matching.fill_left && matching.fill_right && *matching.fill_left == *matching.fill_right) {
    return out + " fill (" + format_float(*matching.fill_left) + ")";
  }
  if (matching.fill_left) out += " fill_left (" + format_float(*matching.fill_left) + ")";
  if (matching.fill_right) out += " fill_right (" + format_float(*matching.fill_right) + ")";
  return out;
}

std::string aggregate_head(const AggregateExpr& expr) {
  std::string out = expr.op;
  if (expr.without) {
    out += " without (" + join(expr.grouping) + ") ";
  } else if (!expr.grouping.empty()) {
    out += " by (" + join(expr.grouping) + ") ";
  }
  return out;
}

std::string subquery_tail(const SubqueryExpr& expr) {
  return "[" + length_text(expr.range) + ":" + (expr.has_step ? length_text(expr.step) : "") + "]" +
         modifiers_text(expr.modifiers);
}

std::string number_text(const NumberExpr& expr) {
  if (!expr.is_duration) return format_float(expr.value);
  return format_duration_ms(static_cast<std::int64_t>(expr.value * 1000 + (expr.value < 0 ? -0.5 : 0.5)));
}

std::string indent(int level) { return std::string(static_cast<std::size_t>(level) * 2, ' '); }

std::string pretty_at(const Expr& expr, int level);

std::string pretty_list(const std::vector<const Expr*>& args, int level) {
  std::string out = "(\n";
  for (std::size_t i = 0; i < args.size(); ++i) {
    out += pretty_at(*args[i], level + 1);
    out += i + 1 < args.size() ? ",\n" : "\n";
  }
  return out + indent(level) + ")";
}

std::string pretty_at(const Expr& expr, int level) {
  const auto flat = print(expr);
  if (flat.size() <= kColumnsMax) return indent(level) + flat;
  switch (expr.kind) {
    case Kind::Paren:
      return indent(level) + "(\n" + pretty_at(*static_cast<const ParenExpr&>(expr).inner, level + 1) + "\n" +
             indent(level) + ")";
    case Kind::Binary: {
      const auto& binary = static_cast<const BinaryExpr&>(expr);
      return pretty_at(*binary.left, level + 1) + "\n" + indent(level) + std::string(to_string(binary.op)) +
             matching_text(binary) + "\n" + pretty_at(*binary.right, level + 1);
    }
    case Kind::Aggregate: {
      const auto& aggregate = static_cast<const AggregateExpr&>(expr);
      std::vector<const Expr*> args;
      if (aggregate.param) args.push_back(aggregate.param.get());
      args.push_back(aggregate.inner.get());
      return indent(level) + aggregate_head(aggregate) + pretty_list(args, level);
    }
    case Kind::Call: {
      const auto& call = static_cast<const CallExpr&>(expr);
      std::vector<const Expr*> args;
      for (const auto& arg : call.args) args.push_back(arg.get());
      return args.empty() ? indent(level) + flat : indent(level) + call.name + pretty_list(args, level);
    }
    case Kind::Subquery: {
      const auto& subquery = static_cast<const SubqueryExpr&>(expr);
      return pretty_at(*subquery.inner, level) + subquery_tail(subquery);
    }
    case Kind::Unary: {
      const auto& unary = static_cast<const UnaryExpr&>(expr);
      return indent(level) + (unary.negative ? "-" : "+") + pretty_at(*unary.inner, level).substr(indent(level).size());
    }
    default:
      return indent(level) + flat;
  }
}

}  // namespace

std::string print(const Expr& expr) {
  switch (expr.kind) {
    case Kind::Number:
      return number_text(static_cast<const NumberExpr&>(expr));
    case Kind::String:
      return quote(static_cast<const StringExpr&>(expr).value);
    case Kind::Selector:
      return selector_text(static_cast<const SelectorExpr&>(expr), "");
    case Kind::Range: {
      const auto& range = static_cast<const RangeExpr&>(expr);
      return selector_text(*range.selector, "[" + length_text(range.range) + "]");
    }
    case Kind::Subquery: {
      const auto& subquery = static_cast<const SubqueryExpr&>(expr);
      return print(*subquery.inner) + subquery_tail(subquery);
    }
    case Kind::Unary: {
      const auto& unary = static_cast<const UnaryExpr&>(expr);
      return (unary.negative ? "-" : "+") + print(*unary.inner);
    }
    case Kind::Paren:
      return "(" + print(*static_cast<const ParenExpr&>(expr).inner) + ")";
    case Kind::Binary: {
      const auto& binary = static_cast<const BinaryExpr&>(expr);
      auto left = print(*binary.left);
      // A sign binds weaker than ^: "+Inf ^ 2" would be read as +(Inf ^ 2).
      if (binary.op == Op::Pow && binary.left->kind == Kind::Number && left == "+Inf") left = "Inf";
      return left + " " + std::string(to_string(binary.op)) + matching_text(binary) + " " + print(*binary.right);
    }
    case Kind::Aggregate: {
      const auto& aggregate = static_cast<const AggregateExpr&>(expr);
      std::string out = aggregate_head(aggregate) + "(";
      if (aggregate.param) out += print(*aggregate.param) + ", ";
      return out + print(*aggregate.inner) + ")";
    }
    case Kind::Call: {
      const auto& call = static_cast<const CallExpr&>(expr);
      std::string out = call.name + "(";
      for (std::size_t i = 0; i < call.args.size(); ++i) {
        if (i > 0) out += ", ";
        out += print(*call.args[i]);
      }
      return out + ")";
    }
  }
  return {};
}

std::string pretty(const Expr& expr) { return pretty_at(expr, 0); }

}  // namespace mamori::metrics::promql
