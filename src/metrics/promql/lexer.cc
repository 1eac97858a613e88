#include "metrics/promql/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "metrics/promql/signatures.h"

namespace mamori::metrics::promql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return is_letter(c) || is_digit(c); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

constexpr std::array kKeywords{"offset",      "by",    "without",  "on",       "ignoring", "group_left",
                               "group_right", "bool",  "anchored", "smoothed", "fill",     "fill_left",
                               "fill_right",  "start", "end",      "step",     "range"};

bool is_keyword(std::string_view lower) {
  return std::ranges::any_of(kKeywords, [&](std::string_view word) { return word == lower; });
}

/// 'x' as Go's %q of a rune.
std::string quote_character(std::string_view rest) {
  std::size_t length = 1;
  const auto first = static_cast<unsigned char>(rest[0]);
  if (first >= 0xF0) {
    length = 4;
  } else if (first >= 0xE0) {
    length = 3;
  } else if (first >= 0xC0) {
    length = 2;
  }
  if (rest[0] == '\'') return "'\\''";
  if (rest[0] == '\\') return "'\\\\'";
  if (rest[0] == '\n') return "'\\n'";
  return "'" + std::string(rest.substr(0, length)) + "'";
}

class Lexer {
 public:
  explicit Lexer(std::string_view query) : query_(query) {}

  std::vector<Token> run() {
    while (!done_) next();
    return std::move(tokens_);
  }

 private:
  char at(std::size_t offset = 0) const { return pos_ + offset < query_.size() ? query_[pos_ + offset] : '\0'; }
  bool more() const { return pos_ < query_.size(); }

  void emit(TokenType type, std::size_t begin) {
    Token token{.type = type,
                .text = std::string(query_.substr(begin, pos_ - begin)),
                .span = {static_cast<int>(begin), static_cast<int>(pos_)}};
    if (type == TokenType::Keyword || type == TokenType::Aggregator || type == TokenType::Operator ||
        type == TokenType::Identifier) {
      token.lower = to_lower(token.text);
    }
    tokens_.push_back(std::move(token));
  }

  void error(std::size_t begin, std::string message) {
    tokens_.push_back({.type = TokenType::Error,
                       .text = std::move(message),
                       .span = {static_cast<int>(begin), static_cast<int>(std::max(pos_, begin))}});
    done_ = true;
  }

  void one(TokenType type) {
    const auto begin = pos_++;
    emit(type, begin);
  }
  void two(TokenType type) {
    const auto begin = pos_;
    pos_ += 2;
    emit(type, begin);
  }

  void next() {
    while (more()) {
      if (is_space(at())) {
        ++pos_;
      } else if (at() == '#') {
        while (more() && at() != '\n') ++pos_;
      } else {
        break;
      }
    }
    if (!more()) return end_of_input();
    if (in_braces_) return inside_braces();
    const char c = at();
    if (is_digit(c) || (c == '.' && is_digit(at(1)))) return number();
    if (is_letter(c) || (c == ':' && !in_brackets_)) return word();
    switch (c) {
      case '(':
        ++parens_;
        return one(TokenType::LeftParen);
      case ')':
        if (parens_-- == 0) return error(pos_, "unexpected right parenthesis ')'");
        return one(TokenType::RightParen);
      case '{':
        in_braces_ = true;
        return one(TokenType::LeftBrace);
      case '[':
        if (in_brackets_) return error(pos_, "unexpected left bracket '['");
        in_brackets_ = true;
        return one(TokenType::LeftBracket);
      case ']':
        if (!in_brackets_) return error(pos_, "unexpected right bracket ']'");
        in_brackets_ = false;
        return one(TokenType::RightBracket);
      case ':':
        return one(TokenType::Colon);
      case ',':
        return one(TokenType::Comma);
      case '@':
        return one(TokenType::At);
      case '"':
      case '\'':
      case '`':
        return string();
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
      case '^':
        return one(TokenType::Operator);
      case '=':
        if (at(1) == '=') return two(TokenType::Operator);
        if (at(1) == '~') return error(pos_, "unexpected character after '=': '~'");
        return one(TokenType::Equals);
      case '!':
        if (at(1) == '=') return two(TokenType::Operator);
        if (pos_ + 1 >= query_.size()) return error(pos_, "unexpected end of input after '!'");
        return error(pos_, "unexpected character after '!': " + quote_character(query_.substr(pos_ + 1)));
      case '<':
      case '>':
        return at(1) == '=' || at(1) == '/' ? two(TokenType::Operator) : one(TokenType::Operator);
      default:
        return error(pos_, "unexpected character: " + quote_character(query_.substr(pos_)));
    }
  }

  void end_of_input() {
    if (in_braces_) return error(pos_, "unexpected end of input inside braces");
    if (in_brackets_) return error(pos_, "unclosed left bracket");
    if (parens_ > 0) return error(pos_, "unclosed left parenthesis");
    done_ = true;
    emit(TokenType::Eof, pos_);
  }

  void inside_braces() {
    const char c = at();
    if (is_letter(c)) {
      const auto begin = pos_;
      while (is_word(at())) ++pos_;
      return emit(TokenType::Identifier, begin);
    }
    if (c == '"' || c == '\'' || c == '`') return string();
    if (c == ',') return one(TokenType::Comma);
    if (c == '}') {
      in_braces_ = false;
      return one(TokenType::RightBrace);
    }
    if (c == '=') return at(1) == '~' ? two(TokenType::Operator) : one(TokenType::Equals);
    if (c == '!') {
      if (at(1) == '=' || at(1) == '~') return two(TokenType::Operator);
      if (pos_ + 1 >= query_.size()) return error(pos_, "unexpected end of input inside braces");
      return error(pos_, "unexpected character after '!' inside braces: " + quote_character(query_.substr(pos_ + 1)));
    }
    return error(pos_, "unexpected character inside braces: " + quote_character(query_.substr(pos_)));
  }

  void word() {
    const auto begin = pos_;
    bool colon = false;
    while (is_word(at()) || (at() == ':' && !in_brackets_)) colon |= query_[pos_++] == ':';
    if (colon) return emit(TokenType::MetricIdentifier, begin);
    const auto lower = to_lower(query_.substr(begin, pos_ - begin));
    if (lower == "inf" || lower == "nan") return emit(TokenType::Number, begin);
    if (lower == "and" || lower == "or" || lower == "unless" || lower == "atan2") {
      return emit(TokenType::Operator, begin);
    }
    if (is_keyword(lower)) return emit(TokenType::Keyword, begin);
    if (is_aggregation(lower)) return emit(TokenType::Aggregator, begin);
    emit(TokenType::Identifier, begin);
  }

  // Length of the longest number at pos_, 0 if none.
  std::size_t scan_number() const {
    std::size_t i = 0;
    const auto digits = [&](auto is) {
      const auto start = i;
      while (is(at(i)) || (at(i) == '_' && i > start && is(at(i + 1)))) ++i;
      return i > start;
    };
    const auto decimal = [](char c) { return is_digit(c); };
    if (at() == '0' && (at(1) == 'x' || at(1) == 'X')) {
      i = 2;
      const bool any = digits([](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
      return any ? i : 1;
    }
    digits(decimal);
    if (at(i) == '.') {
      ++i;
      digits(decimal);
    }
    if (at(i) == 'e' || at(i) == 'E') {
      const auto before = i++;
      if (at(i) == '+' || at(i) == '-') ++i;
      if (!digits(decimal)) i = before;
    }
    return i;
  }

  std::size_t scan_duration() const {
    std::size_t i = 0, whole = 0;
    for (;;) {
      const auto start = i;
      while (is_digit(at(i))) ++i;
      if (i == start) return whole;
      if (at(i) == 'm' && at(i + 1) == 's') {
        i += 2;
      } else if (std::string_view("smhdwy").contains(at(i)) && at(i) != '\0') {
        ++i;
      } else {
        return whole;
      }
      whole = i;
    }
  }

  void number() {
    const auto begin = pos_;
    const auto number_length = scan_number();
    const auto duration_length = scan_duration();
    const auto length = std::max(number_length, duration_length);
    if (is_word(at(length)) || length == 0) {
      pos_ = std::min(query_.size(), pos_ + length + 1);
      return error(begin, "bad number or duration syntax: " + quote(query_.substr(begin, pos_ - begin)));
    }
    pos_ += length;
    emit(duration_length > number_length ? TokenType::Duration : TokenType::Number, begin);
  }

  void string() {
    const auto begin = pos_;
    const char mark = at();
    ++pos_;
    while (more() && at() != mark) {
      if (mark != '`') {
        if (at() == '\n') return error(begin, "unterminated quoted string");
        if (at() == '\\') ++pos_;
      }
      ++pos_;
    }
    pos_ = std::min(pos_, query_.size());
    if (!more()) {
      return error(begin, mark == '`' ? "unterminated raw string" : "unterminated quoted string");
    }
    ++pos_;
    emit(TokenType::String, begin);
  }

  std::string_view query_;
  std::size_t pos_ = 0;
  int parens_ = 0;
  bool in_braces_ = false, in_brackets_ = false, done_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view query) { return Lexer(query).run(); }

std::string describe(const Token& token) {
  switch (token.type) {
    case TokenType::Eof:
      return "end of input";
    case TokenType::Error:
      return token.text;
    case TokenType::Identifier:
      return "identifier " + quote(token.text);
    case TokenType::MetricIdentifier:
      return "metric identifier " + quote(token.text);
    case TokenType::String:
      return "string " + quote(token.text);
    case TokenType::Number:
      return "number " + quote(token.text);
    case TokenType::Duration:
      return "duration " + quote(token.text);
    case TokenType::Keyword:
      return "<" + token.text + ">";
    case TokenType::Aggregator:
      return "<aggr:" + token.text + ">";
    case TokenType::Operator:
      return "<op:" + token.text + ">";
    default:
      return quote(token.text);
  }
}

double number_value(std::string_view text) {
  const auto lower = to_lower(text);
  if (lower == "inf") return std::numeric_limits<double>::infinity();
  if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  const auto whole = [&](std::size_t skip, int base) -> std::optional<double> {
    std::uint64_t value = 0;
    const auto* end = digits.data() + digits.size();
    const auto [at, failure] = std::from_chars(digits.data() + skip, end, value, base);
    if (failure != std::errc{} || at != end) return std::nullopt;
    return static_cast<double>(value);
  };
  if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
    return whole(2, 16).value_or(std::numeric_limits<double>::infinity());
  }
  if (digits.size() > 1 && digits[0] == '0') {  // Go reads 0755 as octal, and so does Prometheus
    if (const auto octal = whole(1, 8)) return *octal;
  }
  double value = 0;
  const auto [at, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failure == std::errc::result_out_of_range) return std::strtod(digits.c_str(), nullptr);
  return value;
}

std::optional<std::int64_t> duration_ms(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t ms;
  };
  static constexpr std::array kUnits{
      Unit{"y", 31'536'000'000}, Unit{"w", 604'800'000}, Unit{"d", 86'400'000}, Unit{"h", 3'600'000},
      Unit{"m", 60'000},         Unit{"s", 1000},        Unit{"ms", 1}};
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max() / 1'000'000;  // nanoseconds in 64 bits
  std::int64_t total = 0;
  std::size_t next_unit = 0, i = 0;
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  while (i < text.size()) {
    const auto start = i;
    std::int64_t count = 0;
    while (i < text.size() && is_digit(text[i])) {
      count = count * 10 + (text[i++] - '0');
      if (count > kMax) return std::nullopt;
    }
    if (i == start) return std::nullopt;
    const auto unit_start = i;
    while (i < text.size() && !is_digit(text[i])) ++i;
    const auto unit = text.substr(unit_start, i - unit_start);
    while (next_unit < kUnits.size() && kUnits[next_unit].name != unit) ++next_unit;
    if (next_unit == kUnits.size()) return std::nullopt;  // unknown, twice, or not from large to small
    if (count > (kMax - total) / kUnits[next_unit].ms) return std::nullopt;
    total += count * kUnits[next_unit++].ms;
  }
  return total;
}

std::string format_duration_ms(std::int64_t ms) {
  if (ms == 0) return "0s";
  std::string out = ms < 0 ? "-" : "";
  auto rest = ms < 0 ? 0 - static_cast<std::uint64_t>(ms) : static_cast<std::uint64_t>(ms);
  const auto take = [&](std::string_view unit, std::uint64_t length, bool only_whole) {
    if (only_whole && rest % length != 0) return;
    if (const auto count = rest / length) {
      out += std::to_string(count);
      out += unit;
      rest -= count * length;
    }
  };
  take("y", 31'536'000'000, true);
  take("w", 604'800'000, true);
  take("d", 86'400'000, false);
  take("h", 3'600'000, false);
  take("m", 60'000, false);
  take("s", 1000, false);
  take("ms", 1, false);
  return out;
}

Result<std::string> unquote(std::string_view text) {
  if (text.size() < 2) return invalid_argument("invalid syntax");
  const char mark = text[0];
  const auto body = text.substr(1, text.size() - 2);
  if (mark == '`') return std::string(body);
  std::string out;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      out += body[i];
      continue;
    }
    if (++i >= body.size()) return invalid_argument("escape sequence not terminated");
    const auto hex = [&](std::size_t count) -> std::optional<std::uint32_t> {
      if (i + count >= body.size()) return std::nullopt;
      std::uint32_t value = 0;
      const auto* begin = body.data() + i + 1;
      const auto [end, failure] = std::from_chars(begin, begin + count, value, 16);
      if (failure != std::errc{} || end != begin + count) return std::nullopt;
      i += count;
      return value;
    };
    const char c = body[i];
    switch (c) {
      case 'a':
        out += '\a';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'v':
        out += '\v';
        break;
      case '\\':
        out += '\\';
        break;
      case 'x': {
        const auto value = hex(2);
        if (!value) return invalid_argument("illegal character in escape sequence");
        out += static_cast<char>(*value);
        break;
      }
      case 'u':
      case 'U': {
        const auto value = hex(c == 'u' ? 4 : 8);
        if (!value) return invalid_argument("illegal character in escape sequence");
        if (*value > 0x10FFFF || (*value >= 0xD800 && *value < 0xE000)) {
          return invalid_argument("escape sequence is an invalid Unicode code point");
        }
        append_utf8(out, *value);
        break;
      }
      default:
        if (c == mark) {
          out += c;
        } else if (c >= '0' && c <= '7' && i + 2 < body.size()) {
          std::uint32_t value = 0;
          for (std::size_t k = 0; k < 3; ++k) {
            if (body[i + k] < '0' || body[i + k] > '7') return invalid_argument("illegal character in escape sequence");
            value = value * 8 + static_cast<std::uint32_t>(body[i + k] - '0');
          }
          if (value > 255) return invalid_argument("octal escape value out of range");
          i += 2;
          out += static_cast<char>(value);
        } else {
          return invalid_argument("unknown escape sequence " + quote_character(body.substr(i)));
        }
    }
  }
  return out;
}

}  // namespace mamori::metrics::promql
