#include "metrics/promql/ast.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "metrics/promql/signatures.h"

namespace mamori::metrics::promql {

std::string_view documented_name(ValueType type) {
  switch (type) {
    case ValueType::Scalar:
      return "scalar";
    case ValueType::String:
      return "string";
    case ValueType::Vector:
      return "instant vector";
    case ValueType::Matrix:
      return "range vector";
  }
  return "";
}

std::string line_and_column(std::string_view query, int offset) {
  const auto before = query.substr(0, std::min(query.size(), static_cast<std::size_t>(std::max(offset, 0))));
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto last_break = before.rfind('\n');
  const auto column = last_break == std::string_view::npos ? before.size() + 1 : before.size() - last_break;
  return std::to_string(line) + ":" + std::to_string(column);
}

std::string_view to_string(Op op) {
  switch (op) {
    case Op::Add:
      return "+";
    case Op::Sub:
      return "-";
    case Op::Mul:
      return "*";
    case Op::Div:
      return "/";
    case Op::Mod:
      return "%";
    case Op::Pow:
      return "^";
    case Op::Atan2:
      return "atan2";
    case Op::TrimUpper:
      return "</";
    case Op::TrimLower:
      return ">/";
    case Op::Eq:
      return "==";
    case Op::Ne:
      return "!=";
    case Op::Lt:
      return "<";
    case Op::Le:
      return "<=";
    case Op::Gt:
      return ">";
    case Op::Ge:
      return ">=";
    case Op::And:
      return "and";
    case Op::Or:
      return "or";
    case Op::Unless:
      return "unless";
  }
  return "";
}

std::string_view to_string(MatchOp op) {
  switch (op) {
    case MatchOp::Equal:
      return "=";
    case MatchOp::NotEqual:
      return "!=";
    case MatchOp::Regex:
      return "=~";
    case MatchOp::NotRegex:
      return "!~";
  }
  return "";
}

bool is_trim(Op op) { return op == Op::TrimUpper || op == Op::TrimLower; }
bool is_comparison(Op op) { return op >= Op::Eq && op <= Op::Ge; }
bool is_set_operator(Op op) { return op >= Op::And; }

ValueType type_of(const Expr& expr) {
  switch (expr.kind) {
    case Kind::Number:
      return ValueType::Scalar;
    case Kind::String:
      return ValueType::String;
    case Kind::Selector:
    case Kind::Aggregate:
      return ValueType::Vector;
    case Kind::Range:
    case Kind::Subquery:
      return ValueType::Matrix;
    case Kind::Unary:
      return type_of(*static_cast<const UnaryExpr&>(expr).inner);
    case Kind::Paren:
      return type_of(*static_cast<const ParenExpr&>(expr).inner);
    case Kind::Binary: {
      const auto& binary = static_cast<const BinaryExpr&>(expr);
      const bool scalar = type_of(*binary.left) == ValueType::Scalar && type_of(*binary.right) == ValueType::Scalar;
      return scalar ? ValueType::Scalar : ValueType::Vector;
    }
    case Kind::Call: {
      const auto* function = static_cast<const CallExpr&>(expr).function;
      return function ? function->result : ValueType::Scalar;
    }
  }
  return ValueType::Scalar;
}

const Expr& unwrap(const Expr& expr) {
  const Expr* at = &expr;
  while (at->kind == Kind::Paren) at = static_cast<const ParenExpr&>(*at).inner.get();
  return *at;
}

bool is_plain_name(std::string_view name, bool colon) {
  const auto letter = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
  };
  if (name.empty() || !letter(name[0])) return false;
  return std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    switch (text[i]) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\v':
        out += "\\v";
        break;
      default: {
        std::size_t length = 1;
        bool valid = byte >= 0x20 && byte < 0x7F;
        if (byte >= 0xC2) {  // whole UTF-8 sequences stay as they are, other bytes are escaped
          length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
          valid = byte < 0xF5 && i + length <= text.size();
          for (std::size_t k = 1; valid && k < length; ++k) {
            valid = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
          }
        }
        if (valid) {
          out += text.substr(i, length);
          i += length - 1;
        } else {
          out += "\\x";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
        }
      }
    }
  }
  return out + "\"";
}

std::string format_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  // Go's 'g' with shortest digits goes to an exponent below 1e-4 and from 1e21 on.
  const double size = std::fabs(value);
  char buffer[400];
  const auto format = size < 1e-4 || size >= 1e21 ? std::chars_format::scientific : std::chars_format::fixed;
  const auto [end, failure] = std::to_chars(buffer, buffer + sizeof buffer, value, format);
  return {buffer, end};
}

}  // namespace mamori::metrics::promql
