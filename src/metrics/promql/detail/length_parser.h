// metrics/promql/detail/length_parser.h: reads lengths of time in brackets and after offset: 5m, 300, 1h - step(),
// (5m * 2), max(step(), 5m).
#pragma once
#include "metrics/promql/detail/token_stream.h"

namespace mamori::metrics::promql {

class LengthParser : protected TokenStream {
 protected:
  using TokenStream::TokenStream;

  Length length(bool in_brackets) {
    auto expr = in_brackets ? length_expression(1) : length_unary();
    Length out;
    if (!expr) return out;
    if (expr->kind == Kind::Number) {
      const auto& number = static_cast<const NumberExpr&>(*expr);
      if (!std::isfinite(number.value) || std::fabs(number.value) > 9.2e9) {
        fail(number.span, "duration out of range");
        return out;
      }
      out.ms = static_cast<std::int64_t>(std::round(number.value * 1000));
      if (in_brackets && out.ms <= 0) fail(number.span, "duration must be greater than 0");
      return out;
    }
    if (!features_.duration_expressions) {
      fail(expr->span, "experimental duration expression is not enabled");
      return out;
    }
    out.expr = std::move(expr);
    return out;
  }

  ExprPtr length_expression(int precedence_min) {
    if (++nesting_ > kDepthMax) {
      --nesting_;
      return fail(current().span, "expression is nested too deeply");
    }
    auto left = length_unary();
    while (left) {
      const auto op = binary_op(current());
      if (!op || precedence(*op) < std::max(precedence_min, 4) || *op == Op::Atan2) break;
      take();
      auto right = length_expression(*op == Op::Pow ? precedence(*op) : precedence(*op) + 1);
      if (!right) {
        left = nullptr;
        break;
      }
      const Span span{left->span.begin, right->span.end};
      auto node = std::make_unique<BinaryExpr>(span, *op, std::move(left), std::move(right));
      const Expr *l = node->left.get(), *r = node->right.get();
      left = finish(std::move(node), {l, r});
    }
    --nesting_;
    return left;
  }

  ExprPtr length_unary() {
    if (is(TokenType::Operator) && (current().text == "-" || current().text == "+")) {
      const auto sign = take();
      if (++nesting_ > kDepthMax) {
        --nesting_;
        return fail(sign.span, "expression is nested too deeply");
      }
      auto inner = length_unary();
      --nesting_;
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
    if (is(TokenType::Number) || is(TokenType::Duration)) return number_literal();
    if (is(TokenType::LeftParen)) {
      const auto begin = take().span.begin;
      auto inner = length_expression(1);
      if (!inner || !expect(TokenType::RightParen, "", "")) return nullptr;
      const Expr* child = inner.get();
      return finish(std::make_unique<ParenExpr>(Span{begin, last_end_}, std::move(inner)), {child});
    }
    const bool nullary = is_word("step") || is_word("range");
    const bool binary = (is(TokenType::Aggregator) && (current().lower == "min" || current().lower == "max")) ||
                        (is(TokenType::Identifier) && (current().text == "min_of" || current().text == "max_of"));
    if ((nullary || binary) && ahead().type == TokenType::LeftParen) {
      auto node = std::make_unique<CallExpr>(current().span);
      node->name = take().lower;
      take();
      for (int i = 0; binary && i < 2; ++i) {
        if (i == 1 && !expect(TokenType::Comma, "duration expression", "\",\"")) return nullptr;
        auto arg = length_expression(1);
        if (!arg) return nullptr;
        node->depth = std::max(node->depth, arg->depth + 1);
        node->args.push_back(std::move(arg));
      }
      if (!expect(TokenType::RightParen, "duration expression", "\")\"")) return nullptr;
      node->span.end = last_end_;
      return finish(std::move(node), {});
    }
    return unexpected(kContext,
                      features_.duration_expressions ? "number, duration, step(), or range()" : "number or duration");
  }

 private:
  static constexpr std::string_view kContext = "subquery or range or offset selector";
};

}  // namespace mamori::metrics::promql
