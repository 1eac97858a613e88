// metrics/promql/detail/token_stream.h: what the parser's parts share: the tokens, and the first mistake, which is kept
// while everything unwinds with nullptr.
#pragma once
#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "base/text.h"
#include "metrics/promql/lexer.h"
#include "metrics/promql/parser.h"

namespace mamori::metrics::promql {

// Trees this deep are no query of a person or a tool; recursion over them must not exhaust a thread's stack.
inline constexpr int kDepthMax = 1500;

inline int precedence(Op op) {
  switch (op) {
    case Op::Or:
      return 1;
    case Op::And:
    case Op::Unless:
      return 2;
    case Op::Add:
    case Op::Sub:
      return 4;
    case Op::Mul:
    case Op::Div:
    case Op::Mod:
    case Op::Atan2:
      return 5;
    case Op::Pow:
      return 6;
    default:
      return 3;  // comparisons and trims
  }
}

inline std::optional<Op> binary_op(const Token& token) {
  if (token.type != TokenType::Operator) return std::nullopt;
  for (const Op op : {Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Mod, Op::Pow, Op::Atan2, Op::TrimUpper, Op::TrimLower,
                      Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge, Op::And, Op::Or, Op::Unless}) {
    if (token.lower == to_string(op)) return op;
  }
  return std::nullopt;
}

class TokenStream {
 protected:
  TokenStream(std::string_view query, Features features)
      : query_(query), features_(features), tokens_(tokenize(query)) {}

  const Token& current() const { return tokens_[pos_]; }
  const Token& ahead() const { return tokens_[std::min(pos_ + 1, tokens_.size() - 1)]; }
  bool is(TokenType type) const { return current().type == type; }
  bool is_word(std::string_view keyword) const {
    return current().type == TokenType::Keyword && current().lower == keyword;
  }
  Token take() {
    last_end_ = current().span.end;
    Token token = current();
    if (pos_ + 1 < tokens_.size()) ++pos_;
    return token;
  }

  std::nullptr_t fail(Span span, std::string message) {
    if (message_.empty()) {
      where_ = span;
      message_ = std::move(message);
    }
    return nullptr;
  }
  bool failed() const { return !message_.empty(); }

  std::nullptr_t unexpected(std::string_view context, std::string_view expected) {
    if (is(TokenType::Error)) return fail(current().span, current().text);
    std::string message = "unexpected " + describe(current());
    if (context.empty() && aggregations_ > 0) context = "aggregation";  // where Prometheus' grammar takes up again
    if (!context.empty()) message += " in " + std::string(context);
    if (!expected.empty()) message += ", expected " + std::string(expected);
    return fail(current().span, std::move(message));
  }

  bool expect(TokenType type, std::string_view context, std::string_view expected) {
    if (is(type)) {
      take();
      return true;
    }
    unexpected(context, expected);
    return false;
  }

  /// Depth of a node over its children; nullptr with an error when too deep.
  template <typename Node>
  ExprPtr finish(std::unique_ptr<Node> node, std::initializer_list<const Expr*> children) {
    for (const Expr* child : children) {
      if (child) node->depth = std::max(node->depth, child->depth + 1);
    }
    if (node->depth > kDepthMax) return fail(node->span, "expression is nested too deeply");
    return node;
  }

  double number(const Token& token) {
    const double value = number_value(token.text);
    const bool written = equals_ignore_case(token.text, "inf");
    if (std::isinf(value) && !written) {
      fail(token.span,
           "error parsing number: strconv.ParseFloat: parsing " + quote(token.text) + ": value out of range");
    }
    return value;
  }

  std::int64_t duration(const Token& token) {
    const auto ms = duration_ms(token.text);
    if (!ms) {
      const bool plain = std::ranges::all_of(token.text, [](char c) { return c >= '0' && c <= '9'; });
      fail(token.span, plain ? "duration out of range" : "not a valid duration string: " + quote(token.text));
    }
    return ms.value_or(0);
  }

  /// A number or a duration. REQUIRES: the current token is one.
  ExprPtr number_literal() {
    const auto token = take();
    if (token.type == TokenType::Number) {
      const double value = number(token);
      if (failed()) return nullptr;
      return std::make_unique<NumberExpr>(token.span, value);
    }
    const auto ms = duration(token);
    if (failed()) return nullptr;
    auto node = std::make_unique<NumberExpr>(token.span, static_cast<double>(ms) / 1000);
    node->is_duration = true;
    return node;
  }

  std::string unquoted(const Token& token) {
    auto text = unquote(token.text);
    if (!text) {
      fail(token.span, "error unquoting string " + quote(token.text) + ": " + text.error().message);
      return {};
    }
    return *std::move(text);
  }

  std::string_view query_;
  Features features_;
  int last_end_ = 0;
  int nesting_ = 0;
  int aggregations_ = 0;  // whose arguments are being read
  Span where_;
  std::string message_;

 private:
  std::vector<Token> tokens_;
  std::size_t pos_ = 0;
};

}  // namespace mamori::metrics::promql
