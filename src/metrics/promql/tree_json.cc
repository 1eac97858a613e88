#include "metrics/promql/tree_json.h"

#include <charconv>
#include <cmath>

#include "base/json.h"
#include "metrics/promql/signatures.h"

namespace mamori::metrics::promql {
namespace {

std::string_view type_word(ValueType type) {
  switch (type) {
    case ValueType::Scalar:
      return "scalar";
    case ValueType::String:
      return "string";
    case ValueType::Vector:
      return "vector";
    case ValueType::Matrix:
      return "matrix";
  }
  return "";
}

std::string_view cardinality_word(Cardinality cardinality) {
  switch (cardinality) {
    case Cardinality::OneToOne:
      return "one-to-one";
    case Cardinality::ManyToOne:
      return "many-to-one";
    case Cardinality::OneToMany:
      return "one-to-many";
    case Cardinality::ManyToMany:
      return "many-to-many";
  }
  return "";
}

/// As Go's 'f' with the shortest digits: never an exponent, zeros instead.
std::string plain_number(double value) {
  if (!std::isfinite(value) || value == 0) return format_float(value);
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const auto e = text.find('e');
  std::string digits(text.substr(0, e));
  std::erase(digits, '.');
  const auto power = std::stoi(std::string(text.substr(e + 1)));
  if (power < 0) {
    digits.insert(0, "0." + std::string(static_cast<std::size_t>(-power - 1), '0'));
  } else if (const auto whole = static_cast<std::size_t>(power) + 1; whole >= digits.size()) {
    digits.append(whole - digits.size(), '0');
  } else {
    digits.insert(whole, ".");
  }
  return value < 0 ? "-" + digits : digits;
}

/// Writes fields in ascending order of their names, as Go writes a map.
class TreeWriter {
 public:
  void write(const Expr* expr) {
    if (expr == nullptr) {
      json_.null();
      return;
    }
    json_.begin_object();
    fields(*expr);
    json_.end_object();
  }

  std::string take() && { return std::move(json_).take(); }

 private:
  void fields(const Expr& expr) {
    switch (expr.kind) {
      case Kind::Number:
        json_.field("type", "numberLiteral").field("val", plain_number(static_cast<const NumberExpr&>(expr).value));
        break;
      case Kind::String:
        json_.field("type", "stringLiteral").field("val", static_cast<const StringExpr&>(expr).value);
        break;
      case Kind::Selector:
        selector(static_cast<const SelectorExpr&>(expr), nullptr);
        break;
      case Kind::Range: {
        const auto& range = static_cast<const RangeExpr&>(expr);
        selector(*range.selector, &range.range);
        break;
      }
      case Kind::Subquery:
        subquery(static_cast<const SubqueryExpr&>(expr));
        break;
      case Kind::Unary: {
        const auto& unary = static_cast<const UnaryExpr&>(expr);
        child("expr", unary.inner.get());
        json_.field("op", unary.negative ? "-" : "+").field("type", "unaryExpr");
        break;
      }
      case Kind::Binary:
        binary(static_cast<const BinaryExpr&>(expr));
        break;
      case Kind::Aggregate:
        aggregate(static_cast<const AggregateExpr&>(expr));
        break;
      case Kind::Call:
        call(static_cast<const CallExpr&>(expr));
        break;
      case Kind::Paren:
        child("expr", static_cast<const ParenExpr&>(expr).inner.get());
        json_.field("type", "parenExpr");
        break;
    }
  }

  void child(std::string_view name, const Expr* expr) {
    json_.key(name);
    write(expr);
  }

  void names(std::string_view name, const std::vector<std::string>& list) {
    json_.key(name).begin_array();
    for (const auto& one : list) json_.string(one);
    json_.end_array();
  }

  void edge(const Modifiers& modifiers) {
    if (modifiers.at_edge == AtEdge::None) {
      json_.key("startOrEnd").null();
    } else {
      json_.field("startOrEnd", modifiers.at_edge == AtEdge::Start ? "start" : "end");
    }
  }

  void timestamp(const Modifiers& modifiers) {
    json_.key("timestamp");
    if (modifiers.at_ms) {
      json_.integer(*modifiers.at_ms);
    } else {
      json_.null();
    }
  }

  void selector(const SelectorExpr& expr, const Length* range) {
    json_.field("anchored", expr.anchored).key("matchers").begin_array();
    for (const auto& matcher : expr.matchers) {
      json_.begin_object().field("name", matcher.name());
      json_.field("type", to_string(matcher.op())).field("value", matcher.value()).end_object();
    }
    json_.end_array().field("name", expr.name).field("offset", expr.modifiers.offset.ms);
    if (range != nullptr) json_.field("range", range->ms);
    json_.field("smoothed", expr.smoothed);
    edge(expr.modifiers);
    timestamp(expr.modifiers);
    json_.field("type", range != nullptr ? "matrixSelector" : "vectorSelector");
  }

  void subquery(const SubqueryExpr& expr) {
    child("expr", expr.inner.get());
    json_.field("offset", expr.modifiers.offset.ms).field("range", expr.range.ms);
    edge(expr.modifiers);
    json_.field("step", expr.step.ms);
    timestamp(expr.modifiers);
    json_.field("type", "subquery");
  }

  void number_or_null(std::string_view name, const std::optional<double>& value) {
    json_.key(name);
    if (value) {
      json_.number(*value);
    } else {
      json_.null();
    }
  }

  void binary(const BinaryExpr& expr) {
    json_.field("bool", expr.return_bool);
    child("lhs", expr.left.get());
    json_.key("matching");
    if (type_of(*expr.left) == ValueType::Vector && type_of(*expr.right) == ValueType::Vector) {
      const auto& matching = expr.matching;
      json_.begin_object().field("card", cardinality_word(matching.cardinality)).key("fillValues").begin_object();
      number_or_null("lhs", matching.fill_left);
      number_or_null("rhs", matching.fill_right);
      json_.end_object();
      names("include", matching.include);
      names("labels", matching.labels);
      json_.field("on", matching.on).end_object();
    } else {
      json_.null();
    }
    json_.field("op", to_string(expr.op));
    child("rhs", expr.right.get());
    json_.field("type", "binaryExpr");
  }

  void aggregate(const AggregateExpr& expr) {
    child("expr", expr.inner.get());
    names("grouping", expr.grouping);
    json_.field("op", expr.op);
    child("param", expr.param.get());
    json_.field("type", "aggregation").field("without", expr.without);
  }

  void call(const CallExpr& expr) {
    json_.key("args").begin_array();
    for (const auto& arg : expr.args) write(arg.get());
    json_.end_array().key("func").begin_object().key("argTypes").begin_array();
    for (const auto type : expr.function->params) json_.string(type_word(type));
    json_.end_array().field("name", expr.name).field("returnType", type_word(expr.function->result));
    json_.field("variadic", expr.function->optional).end_object().field("type", "call");
  }

  JsonWriter json_;
};

void collect(const Expr* expr, std::vector<std::vector<Matcher>>& found) {
  if (expr == nullptr) return;
  switch (expr->kind) {
    case Kind::Selector:
      found.push_back(static_cast<const SelectorExpr&>(*expr).matchers);
      break;
    case Kind::Range:
      found.push_back(static_cast<const RangeExpr&>(*expr).selector->matchers);
      break;
    case Kind::Subquery:
      collect(static_cast<const SubqueryExpr&>(*expr).inner.get(), found);
      break;
    case Kind::Unary:
      collect(static_cast<const UnaryExpr&>(*expr).inner.get(), found);
      break;
    case Kind::Paren:
      collect(static_cast<const ParenExpr&>(*expr).inner.get(), found);
      break;
    case Kind::Binary:
      collect(static_cast<const BinaryExpr&>(*expr).left.get(), found);
      collect(static_cast<const BinaryExpr&>(*expr).right.get(), found);
      break;
    case Kind::Aggregate:
      collect(static_cast<const AggregateExpr&>(*expr).param.get(), found);
      collect(static_cast<const AggregateExpr&>(*expr).inner.get(), found);
      break;
    case Kind::Call:
      for (const auto& arg : static_cast<const CallExpr&>(*expr).args) collect(arg.get(), found);
      break;
    case Kind::Number:
    case Kind::String:
      break;
  }
}

}  // namespace

std::string tree_json(const Expr& expr) {
  TreeWriter writer;
  writer.write(&expr);
  return std::move(writer).take();
}

std::vector<std::vector<Matcher>> selectors_of(const Expr& expr) {
  std::vector<std::vector<Matcher>> found;
  collect(&expr, found);
  return found;
}

}  // namespace mamori::metrics::promql
