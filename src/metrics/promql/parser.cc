#include "metrics/promql/parser.h"

#include <algorithm>
#include <cmath>

#include "metrics/promql/detail/length_parser.h"
#include "metrics/promql/signatures.h"

namespace mamori::metrics::promql {
namespace {

/// A recursive descent; the first mistake is kept and everything unwinds with nullptr.
class Parser : private LengthParser {
 public:
  Parser(std::string_view query, Features features) : LengthParser(query, features) {}

  Result<ExprPtr> run() {
    if (current().type == TokenType::Eof) {
      fail({0, 0}, "no expression found in input");
    } else {
      auto expr = expression(1);
      if (expr && current().type != TokenType::Eof) {
        unexpected("", "");
      } else if (expr) {
        if (const auto misuse = check_types(*expr)) {
          fail(misuse->span, misuse->message);
        } else {
          return expr;
        }
      }
    }
    return invalid_argument(line_and_column(query_, where_.begin) + ": parse error: " + message_);
  }

 private:
  ExprPtr expression(int precedence_min) {
    if (++nesting_ > kDepthMax) {
      --nesting_;
      return fail(current().span, "expression is nested too deeply");
    }
    auto left = unary();
    while (left) {
      const auto op = binary_op(current());
      if (!op || precedence(*op) < precedence_min) break;
      take();
      auto node = std::make_unique<BinaryExpr>(left->span, *op, std::move(left), nullptr);
      if (!binary_modifiers(*node)) {
        left = nullptr;
        break;
      }
      node->right = expression(*op == Op::Pow ? precedence(*op) : precedence(*op) + 1);
      if (!node->right) {
        left = nullptr;
        break;
      }
      node->span.end = node->right->span.end;
      const Expr *l = node->left.get(), *r = node->right.get();
      left = finish(std::move(node), {l, r});
    }
    --nesting_;
    return left;
  }

  bool binary_modifiers(BinaryExpr& node) {
    auto& matching = node.matching;
    if (is_set_operator(node.op)) matching.cardinality = Cardinality::ManyToMany;
    if (is_word("bool")) {
      take();
      node.return_bool = true;
    }
    if (is_word("on") || is_word("ignoring")) {
      matching.on = take().lower == "on";
      node.has_matching = true;
      if (!grouping_labels(matching.labels)) return false;
      if (is_word("group_left") || is_word("group_right")) {
        matching.cardinality = take().lower == "group_left" ? Cardinality::ManyToOne : Cardinality::OneToMany;
        if (is(TokenType::LeftParen) && !grouping_labels(matching.include)) return false;
      }
    }
    // A metric may be called fill, too.
    while ((is_word("fill") || is_word("fill_left") || is_word("fill_right")) && ahead().type == TokenType::LeftParen) {
      const auto word = take();
      if (!features_.fill_modifiers) {
        fail(word.span, "binop fill modifiers are experimental and not enabled");
        return false;
      }
      if (is_set_operator(node.op)) {
        fail(word.span, "filling in missing series not allowed for set operators");
        return false;
      }
      double value = 0;
      if (!expect(TokenType::LeftParen, "fill modifier", "\"(\"") || !signed_number(value) ||
          !expect(TokenType::RightParen, "fill modifier", "\")\"")) {
        return false;
      }
      node.has_matching = true;
      if (word.lower != "fill_right") matching.fill_left = value;
      if (word.lower != "fill_left") matching.fill_right = value;
    }
    return true;
  }

  bool signed_number(double& value) {
    double sign = 1;
    if (is(TokenType::Operator) && (current().text == "-" || current().text == "+")) {
      sign = take().text == "-" ? -1 : 1;
    }
    if (is(TokenType::Number)) {
      value = sign * number(take());
      return !failed();
    }
    if (is(TokenType::Duration)) {
      const auto ms = duration(take());
      value = sign * static_cast<double>(ms) / 1000;
      return !failed();
    }
    unexpected("", "number");
    return false;
  }

  ExprPtr unary() {
    if (!is(TokenType::Operator) || (current().text != "-" && current().text != "+")) return postfix(primary());
    const auto sign = take();
    auto inner = expression(precedence(Op::Pow));
    if (!inner) return nullptr;
    const Span span{sign.span.begin, inner->span.end};
    if (inner->kind == Kind::Number) {
      auto& number = static_cast<NumberExpr&>(*inner);
      if (sign.text == "-") number.value = -number.value;
      number.span = span;
      return inner;
    }
    const Expr* child = inner.get();
    return finish(std::make_unique<UnaryExpr>(span, sign.text == "-", std::move(inner)), {child});
  }

  ExprPtr primary() {
    switch (current().type) {
      case TokenType::Number:
      case TokenType::Duration:
        return number_literal();
      case TokenType::String: {
        const auto token = take();
        auto text = unquoted(token);
        if (failed()) return nullptr;
        return std::make_unique<StringExpr>(token.span, std::move(text));
      }
      case TokenType::LeftParen: {
        const auto begin = take().span.begin;
        auto inner = expression(1);
        if (!inner || !expect(TokenType::RightParen, "", "")) return nullptr;
        const Expr* child = inner.get();
        return finish(std::make_unique<ParenExpr>(Span{begin, last_end_}, std::move(inner)), {child});
      }
      case TokenType::LeftBrace:
      case TokenType::MetricIdentifier:
        return selector();
      case TokenType::Identifier:
        return ahead().type == TokenType::LeftParen ? call() : selector();
      case TokenType::Aggregator: {
        const auto& next = ahead();
        const bool grouping = next.type == TokenType::Keyword && (next.lower == "by" || next.lower == "without");
        return next.type == TokenType::LeftParen || grouping ? aggregate() : selector();
      }
      case TokenType::Keyword: {
        const auto& word = current().lower;
        const bool is_call = word == "start" || word == "end" || word == "step" || word == "range";
        if (is_call && ahead().type == TokenType::LeftParen) return call();
        if (word == "bool" || word == "on" || word == "ignoring" || word == "group_left" || word == "group_right") {
          return unexpected("", "");
        }
        return selector();
      }
      case TokenType::Operator:  // `and`, `or` and `unless` may name a metric
        if (current().lower == "and" || current().lower == "or" || current().lower == "unless") return selector();
        return unexpected("", "");
      default:
        return unexpected("", "");
    }
  }

  ExprPtr selector() {
    auto node = std::make_unique<SelectorExpr>(current().span);
    if (!is(TokenType::LeftBrace)) node->name = take().text;
    if (is(TokenType::LeftBrace) && !braces(*node)) return nullptr;
    node->span.end = last_end_;
    if (!node->name.empty()) add_matcher(*node, std::string(kMetricName), MatchOp::Equal, node->name, node->span);
    if (failed()) return nullptr;
    return node;
  }

  void add_matcher(SelectorExpr& node, std::string name, MatchOp op, std::string value, Span span) {
    auto matcher = Matcher::make(std::move(name), op, std::move(value));
    if (!matcher) {
      fail(span, "error parsing regexp: " + matcher.error().message);
      return;
    }
    node.matchers.push_back(*std::move(matcher));
  }

  bool braces(SelectorExpr& node) {
    take();
    bool quoted_name = false;
    while (!is(TokenType::RightBrace)) {
      if (!is(TokenType::Identifier) && !is(TokenType::String)) {
        unexpected("label matching", "identifier or \"}\"");
        return false;
      }
      const auto name = take();
      const auto label = name.type == TokenType::String ? unquoted(name) : name.text;
      if (failed()) return false;
      const bool alone = is(TokenType::Comma) || is(TokenType::RightBrace);
      if (name.type == TokenType::String && alone) {
        if (!node.name.empty() || quoted_name) {
          const auto earlier = node.name.empty() ? quoted_ : node.name;
          fail(node.span, "metric name must not be set twice: " + quote(earlier) + " or " + quote(label));
          return false;
        }
        quoted_name = true;
        quoted_ = label;
        add_matcher(node, std::string(kMetricName), MatchOp::Equal, label, name.span);
      } else if (!matcher(node, label)) {
        return false;
      }
      if (is(TokenType::RightBrace)) break;
      if (!is(TokenType::Comma)) {
        unexpected("label matching", "\",\" or \"}\"");
        return false;
      }
      take();
    }
    take();
    return !failed();
  }

  bool matcher(SelectorExpr& node, const std::string& label) {
    MatchOp op = MatchOp::Equal;
    if (is(TokenType::Operator) && current().text == "!=") {
      op = MatchOp::NotEqual;
    } else if (is(TokenType::Operator) && current().text == "=~") {
      op = MatchOp::Regex;
    } else if (is(TokenType::Operator) && current().text == "!~") {
      op = MatchOp::NotRegex;
    } else if (!is(TokenType::Equals)) {
      unexpected("label matching", "label matching operator");
      return false;
    }
    take();
    if (!is(TokenType::String)) {
      unexpected("label matching", "string");
      return false;
    }
    const auto value = take();
    auto text = unquoted(value);
    if (failed()) return false;
    add_matcher(node, label, op, std::move(text), value.span);
    return !failed();
  }

  bool grouping_labels(std::vector<std::string>& labels) {
    if (!expect(TokenType::LeftParen, "grouping opts", "\"(\"")) return false;
    while (!is(TokenType::RightParen)) {
      const auto type = current().type;
      if (type == TokenType::String) {
        auto label = unquoted(take());
        if (failed()) return false;
        labels.push_back(std::move(label));
      } else if (type == TokenType::Identifier || type == TokenType::Keyword || type == TokenType::Aggregator ||
                 (type == TokenType::Operator && is_plain_name(current().text, false))) {
        labels.push_back(take().text);
      } else {
        unexpected("grouping opts", "label");
        return false;
      }
      if (is(TokenType::RightParen)) break;
      if (!expect(TokenType::Comma, "grouping opts", "\",\" or \")\"")) return false;
    }
    take();
    return true;
  }

  bool arguments(std::vector<ExprPtr>& args, std::string_view context) {
    if (!expect(TokenType::LeftParen, context, "\"(\"")) return false;
    while (!is(TokenType::RightParen)) {
      auto arg = expression(1);
      if (!arg) return false;
      args.push_back(std::move(arg));
      if (is(TokenType::RightParen)) break;
      if (!is(TokenType::Comma)) {
        unexpected("", "");
        return false;
      }
      const auto comma = take();
      if (is(TokenType::RightParen)) {
        fail(comma.span, "trailing commas not allowed in function call args");
        return false;
      }
    }
    take();
    return true;
  }

  ExprPtr call() {
    auto node = std::make_unique<CallExpr>(current().span);
    const auto name = take();
    node->name = name.text;
    node->function = find_function(name.text);
    if (!arguments(node->args, "function call")) return nullptr;
    node->span.end = last_end_;
    if (!node->function) return fail(name.span, "unknown function with name " + quote(name.text));
    if (node->function->experimental && !features_.experimental_functions) {
      return fail(name.span, "function " + quote(name.text) + " is not enabled");
    }
    for (const auto& arg : node->args) node->depth = std::max(node->depth, arg->depth + 1);
    return finish(std::move(node), {});
  }

  ExprPtr aggregate() {
    auto node = std::make_unique<AggregateExpr>(current().span);
    const auto name = take();
    node->op = name.lower;
    const auto grouping = [&] {
      node->without = take().lower == "without";
      return grouping_labels(node->grouping);
    };
    const auto is_grouping = [&] { return is_word("by") || is_word("without"); };
    const bool before = is_grouping();
    std::vector<ExprPtr> args;
    if (before && !grouping()) return nullptr;
    ++aggregations_;
    const bool read = arguments(args, "aggregation");
    --aggregations_;
    if (!read || (!before && is_grouping() && !grouping())) return nullptr;
    node->span.end = last_end_;
    if (is_experimental_aggregation(node->op) && !features_.experimental_functions) {
      return fail(name.span, node->op +
                                 "() is experimental and must be enabled with "
                                 "--enable-feature=promql-experimental-functions");
    }
    if (args.empty()) return fail(node->span, "no arguments for aggregate expression provided");
    const std::size_t wanted = aggregation_takes_parameter(node->op) ? 2 : 1;
    if (args.size() != wanted) {
      return fail(node->span, "wrong number of arguments for aggregate expression provided, expected " +
                                  std::to_string(wanted) + ", got " + std::to_string(args.size()));
    }
    node->inner = std::move(args.back());
    if (wanted == 2) node->param = std::move(args.front());
    const Expr *inner = node->inner.get(), *param = node->param.get();
    return finish(std::move(node), {inner, param});
  }

  ExprPtr postfix(ExprPtr expr) {
    while (expr && !failed()) {
      if (is(TokenType::LeftBracket)) {
        expr = bracket(std::move(expr));
      } else if (is_word("offset")) {
        expr = offset(std::move(expr));
      } else if (is(TokenType::At)) {
        expr = at(std::move(expr));
      } else if (is_word("anchored") || is_word("smoothed")) {
        expr = extended(std::move(expr));
      } else {
        break;
      }
    }
    return failed() ? nullptr : std::move(expr);
  }

  ExprPtr bracket(ExprPtr expr) {
    const auto open = take();
    auto range = length(true);
    if (failed()) return nullptr;
    if (is(TokenType::Colon)) {
      take();
      auto node = std::make_unique<SubqueryExpr>(expr->span, std::move(expr));
      node->range = std::move(range);
      if (!is(TokenType::RightBracket)) {
        node->step = length(true);
        node->has_step = true;
        if (failed()) return nullptr;
      }
      if (!expect(TokenType::RightBracket, "subquery selector", "\"]\"")) return nullptr;
      node->span.end = last_end_;
      const Expr* child = node->inner.get();
      return finish(std::move(node), {child});
    }
    if (!expect(TokenType::RightBracket, "subquery or range selector", "\":\" or \"]\"")) return nullptr;
    const Span brackets{open.span.begin, last_end_};
    if (expr->kind != Kind::Selector) return fail(brackets, "ranges only allowed for vector selectors");
    auto selector = std::unique_ptr<SelectorExpr>(static_cast<SelectorExpr*>(expr.release()));
    if (selector->modifiers.has_offset) return fail(brackets, "no offset modifiers allowed before range");
    if (selector->modifiers.has_at()) return fail(brackets, "no @ modifiers allowed before range");
    const Span span{selector->span.begin, last_end_};
    auto node = std::make_unique<RangeExpr>(span, std::move(selector));
    node->range = std::move(range);
    return node;
  }

  Modifiers* modifiers(Expr& expr, std::string_view what) {
    switch (expr.kind) {
      case Kind::Selector:
        return &static_cast<SelectorExpr&>(expr).modifiers;
      case Kind::Range:
        return &static_cast<RangeExpr&>(expr).selector->modifiers;
      case Kind::Subquery:
        return &static_cast<SubqueryExpr&>(expr).modifiers;
      default:
        fail(expr.span, std::string(what) +
                            " modifier must be preceded by an instant vector selector or range vector selector or a "
                            "subquery");
        return nullptr;
    }
  }

  ExprPtr offset(ExprPtr expr) {
    take();
    auto value = length(false);
    if (failed()) return nullptr;
    auto* target = modifiers(*expr, "offset");
    if (!target) return nullptr;
    if (target->has_offset) return fail(expr->span, "offset may not be set multiple times");
    target->offset = std::move(value);
    target->has_offset = true;
    expr->span.end = last_end_;
    return expr;
  }

  ExprPtr at(ExprPtr expr) {
    take();
    std::optional<std::int64_t> at_ms;
    AtEdge edge = AtEdge::None;
    if (is_word("start") || is_word("end")) {
      edge = take().lower == "start" ? AtEdge::Start : AtEdge::End;
      if (!expect(TokenType::LeftParen, "@", "\"(\"") || !expect(TokenType::RightParen, "@", "\")\"")) return nullptr;
    } else {
      double seconds = 0;
      const auto span = current().span;
      double sign = 1;
      if (is(TokenType::Operator) && (current().text == "-" || current().text == "+")) {
        sign = take().text == "-" ? -1 : 1;
      }
      if (is(TokenType::Number)) {
        seconds = sign * number(take());
      } else if (is(TokenType::Duration)) {
        seconds = sign * static_cast<double>(duration(take())) / 1000;
      } else {
        return unexpected("@", "timestamp");
      }
      if (!std::isfinite(seconds) || std::fabs(seconds) > 9e14) {
        return fail(span, "timestamp out of bounds for @ modifier: " + format_float(seconds));
      }
      at_ms = static_cast<std::int64_t>(std::round(seconds * 1000));
    }
    if (failed()) return nullptr;
    auto* target = modifiers(*expr, "@");
    if (!target) return nullptr;
    if (target->has_at()) return fail(expr->span, "@ <timestamp> may not be set multiple times");
    target->at_ms = at_ms;
    target->at_edge = edge;
    expr->span.end = last_end_;
    return expr;
  }

  ExprPtr extended(ExprPtr expr) {
    const auto word = take();
    if (!features_.extended_ranges) {
      return fail(word.span, word.lower + " modifier is experimental and not enabled");
    }
    SelectorExpr* selector = nullptr;
    if (expr->kind == Kind::Selector) selector = static_cast<SelectorExpr*>(expr.get());
    if (expr->kind == Kind::Range) selector = static_cast<RangeExpr&>(*expr).selector.get();
    if (!selector || (word.lower == "anchored" && expr->kind == Kind::Selector)) {
      return fail(expr->span, word.lower + " modifier not allowed here");
    }
    if (selector->anchored || selector->smoothed) {
      return fail(expr->span, "anchored and smoothed modifiers cannot be used together");
    }
    (word.lower == "anchored" ? selector->anchored : selector->smoothed) = true;
    expr->span.end = last_end_;
    return expr;
  }

  std::string quoted_;  // the metric name given as a bare string in braces
};

}  // namespace

Result<ExprPtr> parse(std::string_view query, Features features) {
  // Positions are ints, and no query of a person is a megabyte.
  if (query.size() > (1u << 20)) return invalid_argument("1:1: parse error: query is longer than 1 MiB");
  return Parser(query, features).run();
}

Result<std::vector<Matcher>> parse_selector(std::string_view text) {
  MAMORI_TRY(const auto expr, parse(text));
  const bool plain = expr->kind == Kind::Selector && !static_cast<const SelectorExpr&>(*expr).modifiers.has_offset &&
                     !static_cast<const SelectorExpr&>(*expr).modifiers.has_at();
  if (!plain) return invalid_argument("1:1: parse error: expected a plain selector of series, such as up{job=\"a\"}");
  return std::move(static_cast<SelectorExpr&>(*expr).matchers);
}

}  // namespace mamori::metrics::promql
