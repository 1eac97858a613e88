// metrics/promql/lexer.h: cuts a query into tokens. A character that fits nowhere becomes an Error token in its place,
// so that a syntax error before it is reported first.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "metrics/promql/ast.h"

namespace mamori::metrics::promql {

enum class TokenType {
  Eof,
  Error,  // text is the message
  Identifier,
  MetricIdentifier,  // holds a colon
  String,            // text as written, quotes included
  Number,
  Duration,
  Keyword,     // by, on, offset, bool, ... ; lower: the word
  Aggregator,  // sum, topk, ...
  Operator,    // + - ... == and or unless atan2 =~ !~
  Equals,      // =
  At,
  LeftParen,
  RightParen,
  LeftBrace,
  RightBrace,
  LeftBracket,
  RightBracket,
  Comma,
  Colon,
};

struct Token {
  TokenType type = TokenType::Eof;
  std::string text;   // as written; for Error the message
  std::string lower;  // of words
  Span span;
};

/// The last token is Eof or Error.
std::vector<Token> tokenize(std::string_view query);

/// As in messages: `identifier "b"`, `<op:*>`, `end of input`, `"}"`.
std::string describe(const Token& token);

/// Value of a number as PromQL writes it: 1_000, 0x1F, 1e-3, .5, Inf. REQUIRES: a Number token's text.
double number_value(std::string_view text);
/// Milliseconds of "1h30m"; nullopt if it is none or passes 292 years.
std::optional<std::int64_t> duration_ms(std::string_view text);
/// "1h30m"
std::string format_duration_ms(std::int64_t ms);

/// Content of a quoted string with its escapes resolved ('...' and "..." as in Go, `...` raw). Error: the reason.
Result<std::string> unquote(std::string_view text);

}  // namespace mamori::metrics::promql
