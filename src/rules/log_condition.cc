#include "rules/log_condition.h"

#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "base/text.h"

namespace mamori::rules {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '@'; }
bool is_operator(char c) { return c == '<' || c == '>' || c == '=' || c == '!'; }
bool is_logic(char c) { return c == '&' || c == '|'; }

/// Words, operators, quoted phrases and single other characters, each with the space before it.
struct Token {
  std::string_view text;
  bool space_before = false;
};

std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> tokens;
  bool space = false;
  for (std::size_t i = 0; i < text.size();) {
    if (std::isspace(static_cast<unsigned char>(text[i]))) {
      space = true;
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    if (text[i] == '"') {
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
    } else if (is_word(text[i])) {
      while (end < text.size() && is_word(text[end])) ++end;
    } else if (is_operator(text[i])) {
      while (end < text.size() && is_operator(text[end])) ++end;
    } else if (is_logic(text[i])) {
      while (end < text.size() && is_logic(text[end])) ++end;
    }
    tokens.push_back({text.substr(i, end - i), space});
    space = false;
    i = end;
  }
  return tokens;
}

std::optional<LogCondition::Op> op_of(std::string_view text) {
  using enum LogCondition::Op;
  if (text == ">") return Greater;
  if (text == ">=") return GreaterEqual;
  if (text == "<") return Less;
  if (text == "<=") return LessEqual;
  if (text == "=" || text == "==") return Equal;
  return std::nullopt;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || at != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_and(std::string_view text) { return text == "AND" || text == "&&"; }

/// Length of `count OP N` (or `count:OP N`) at `at`, 0 if it is none.
std::size_t count_clause(const std::vector<Token>& tokens, std::size_t at, LogCondition& out) {
  if (at >= tokens.size() || !equals_ignore_case(tokens[at].text, "count")) return 0;
  std::size_t next = at + 1;
  if (next < tokens.size() && tokens[next].text == ":") ++next;
  if (next + 1 >= tokens.size()) return 0;
  const auto op = op_of(tokens[next].text);
  const auto number = number_of<std::uint64_t>(tokens[next + 1].text);
  if (!op || !number) return 0;
  out.counts = true;
  out.op = *op;
  out.number = *number;
  return next + 2 - at;
}

/// The tokens as one query, with "field > 5" written as Lucene writes it: "field:>5".
std::string join(const std::vector<Token>& tokens, std::size_t begin, std::size_t end) {
  std::string query;
  for (std::size_t i = begin; i < end; ++i) {
    const bool compares = i > begin && i + 1 < end && op_of(tokens[i].text) && is_word(tokens[i - 1].text[0]) &&
                          is_word(tokens[i + 1].text[0]);
    if (compares) {
      query += ':';
      if (op_of(tokens[i].text) != LogCondition::Op::Equal) query += tokens[i].text;
      query += tokens[i + 1].text;
      ++i;
      continue;
    }
    if (tokens[i].space_before && !query.empty()) query += ' ';
    query += tokens[i].text;
  }
  return query;
}

void append_camel(std::string& name, std::string_view words) {
  bool upper = true;
  for (const char c : words) {
    if (!std::isalnum(static_cast<unsigned char>(c))) {
      upper = true;
      continue;
    }
    name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
}

}  // namespace

bool LogCondition::holds(std::uint64_t lines) const {
  switch (op) {
    case Op::Greater:
      return lines > number;
    case Op::GreaterEqual:
      return lines >= number;
    case Op::Less:
      return lines < number;
    case Op::LessEqual:
      return lines <= number;
    case Op::Equal:
      return lines == number;
  }
  return false;
}

std::string_view to_string(LogCondition::Op op) {
  using enum LogCondition::Op;
  switch (op) {
    case Greater:
      return ">";
    case GreaterEqual:
      return ">=";
    case Less:
      return "<";
    case LessEqual:
      return "<=";
    case Equal:
      return "=";
  }
  return ">";
}

Result<LogCondition> parse_log_condition(std::string_view text) {
  const auto tokens = tokenize(text);
  if (tokens.empty()) return invalid_argument("log alert: the condition is empty");
  LogCondition condition;
  std::size_t begin = 0;
  std::size_t end = tokens.size();
  if (const std::size_t length = count_clause(tokens, 0, condition); length > 0) {
    begin = length;
    if (begin < end && is_and(tokens[begin].text)) ++begin;
  } else {
    for (const std::size_t clause : {std::size_t{3}, std::size_t{4}}) {
      if (end < clause || count_clause(tokens, end - clause, condition) != clause) continue;
      end -= clause;
      if (end > 0 && is_and(tokens[end - 1].text)) --end;
      break;
    }
  }
  for (std::size_t i = begin; i < end; ++i) {
    if (tokens[i].text != "count" || (i > begin && tokens[i - 1].text == ":")) continue;
    return invalid_argument("log alert: condition \"" + std::string(text) +
                            "\": count stands once, first or last, as in: status:failed AND count > 10");
  }
  condition.query = join(tokens, begin, end);
  return condition;
}

std::string log_alert_name(std::string_view section, const LogCondition& condition) {
  std::string name;
  append_camel(name, section);
  for (const Token& token : tokenize(condition.query)) {
    if (!is_word(token.text[0]) && token.text[0] != '"') continue;
    if (std::isdigit(static_cast<unsigned char>(token.text[0])) || is_and(token.text)) continue;
    append_camel(name, token.text);
  }
  if (condition.counts) name += "Count";
  return name.empty() ? "LogLines" : name;
}

}  // namespace mamori::rules
