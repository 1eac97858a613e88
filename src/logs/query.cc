#include "logs/query.h"

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "logs/detail/query_node.h"

namespace mamori::logs {
namespace {

using Node = Query::Node;
using NodePtr = std::shared_ptr<const Node>;

// A query is typed by a person or a spec; more is an attack on the parser's stack or on the time of every scan.
constexpr std::size_t kBytesMax = 16u << 10;
constexpr int kDepthMax = 64;

std::optional<double> as_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Timestamp> as_time(std::string_view text) {
  if (text.size() == 10 && text[4] == '-') {
    if (auto day = parse_rfc3339(std::string(text) + "T00:00:00Z")) return *day;
  }
  if (auto time = parse_rfc3339(text)) return *time;
  return std::nullopt;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

Bound bound(std::string text, bool inclusive) {
  return {.text = text, .inclusive = inclusive, .number = as_number(text), .time = as_time(text)};
}

/// Recursive descent over:  or = and ("OR" and)* ;  and = not (["AND"] not)* ;  not = ("NOT"|"!"|"-"|"+")* primary
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<NodePtr> parse() {
    if (text_.size() > kBytesMax) return Error{Code::InvalidArgument, "the query is longer than 16 KiB"};
    skip_spaces();
    if (at_end()) return std::make_shared<Node>();
    MAMORI_TRY(auto node, parse_or(""));
    if (!at_end()) return error("\")\" closes nothing");
    return node;
  }

 private:
  // ---- grammar; `field` is what a group belongs to: status:(failed OR pending) ----

  Result<NodePtr> parse_or(const std::string& field) {
    MAMORI_TRY(auto first, parse_and(field));
    std::vector<NodePtr> any{std::move(first)};
    while (take_operator("OR", "||")) {
      MAMORI_TRY(auto next, parse_and(field));
      any.push_back(std::move(next));
    }
    return joined(Node::Kind::Or, std::move(any));
  }

  Result<NodePtr> parse_and(const std::string& field) {
    MAMORI_TRY(auto first, parse_not(field));
    std::vector<NodePtr> all{std::move(first)};
    while (true) {
      const bool explicit_and = take_operator("AND", "&&");
      if (!explicit_and && (at_end() || peek() == ')' || sees_operator("OR", "||"))) break;
      MAMORI_TRY(auto next, parse_not(field));
      all.push_back(std::move(next));
    }
    return joined(Node::Kind::And, std::move(all));
  }

  Result<NodePtr> parse_not(const std::string& field) {
    bool negated = false;
    while (true) {
      skip_spaces();
      if (take_operator("NOT", "")) {
        negated = !negated;
      } else if (!at_end() && (peek() == '!' || peek() == '-')) {
        ++at_;
        negated = !negated;
      } else if (!at_end() && peek() == '+') {
        ++at_;
      } else {
        break;
      }
    }
    MAMORI_TRY(auto node, parse_primary(field));
    if (!negated) return node;
    auto inverse = std::make_shared<Node>();
    inverse->kind = Node::Kind::Not;
    inverse->children.push_back(std::move(node));
    return inverse;
  }

  Result<NodePtr> parse_primary(const std::string& field) {
    skip_spaces();
    if (at_end()) return error("a term is missing here");
    if (peek() == '(') return parse_group(field);
    if (peek() == ')') return error(at_ > 0 ? "a term is missing before \")\"" : "\")\" closes nothing");
    if (!field.empty() && starts_value_syntax()) return parse_value(field);
    if (peek() == '"') return parse_value(field);
    if (peek() == '[' || peek() == '{') return error("a range needs its field before it: field:[1 TO 5]");

    const std::size_t start = at_;
    MAMORI_TRY(auto word, take_term(/*colon_ends=*/field.empty()));
    if (field.empty() && !at_end() && peek() == ':') {
      ++at_;
      return parse_fielded(word.text_as_written);
    }
    // "processing_time > 5000", as the design log writes it: no Lucene, but what people mean.
    if (field.empty() && sees_spaced_comparison()) {
      skip_spaces();
      return parse_comparison(word.text_as_written);
    }
    for (const std::string_view name : {"AND", "OR", "&&", "||"}) {
      if (word.text_as_written == name) return error_at(start, "a term is missing before " + std::string(name));
    }
    return term_node(field, std::move(word.pattern));
  }

  Result<NodePtr> parse_group(const std::string& field) {
    const std::size_t open = at_++;
    if (++depth_ > kDepthMax) return error_at(open, "groups are nested too deep");
    MAMORI_TRY(auto node, parse_or(field));
    --depth_;
    if (at_end()) return error_at(open, "\"(\" is not closed");
    ++at_;  // ')': nothing else ends parse_or
    return after_value(std::move(node));
  }

  Result<NodePtr> parse_fielded(const std::string& field) {
    if (field.empty()) return error("a field's name is missing before \":\"");
    skip_spaces();
    if (at_end()) return error("a value is missing after \"" + field + ":\"");
    if (field == "_exists_") {
      MAMORI_TRY(auto name, take_term(false));
      auto node = std::make_shared<Node>();
      node->kind = Node::Kind::Exists;
      node->field = name.text_as_written;
      return NodePtr(std::move(node));
    }
    const std::string name = field == "*" ? "" : field;  // *:x asks for any field, and *:* for all lines
    if (peek() == '(') return parse_group(name);
    return parse_value(name);
  }

  bool starts_value_syntax() const {
    return peek() == '[' || peek() == '{' || peek() == '>' || peek() == '<' || peek() == '"';
  }

  Result<NodePtr> parse_value(const std::string& field) {
    const char c = peek();
    if (c == '[' || c == '{') return parse_range(field);
    if (c == '>' || c == '<') return parse_comparison(field);
    if (c == '"') {
      MAMORI_TRY(auto phrase, take_quoted());
      TermPattern pattern{.text = to_lower(phrase), .kinds = std::string(phrase.size(), 'l')};
      return term_node(field, std::move(pattern));
    }
    MAMORI_TRY(auto word, take_term(false));
    return term_node(field, std::move(word.pattern));
  }

  Result<NodePtr> parse_comparison(const std::string& field) {
    const bool greater = text_[at_++] == '>';
    bool inclusive = false;
    if (!at_end() && peek() == '=') {
      inclusive = true;
      ++at_;
    }
    skip_spaces();
    if (at_end()) return error("a value is missing after the comparison");
    const std::size_t start = at_;
    MAMORI_TRY(auto value, take_range_end(/*in_brackets=*/false));
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::Range;
    node->field = field;
    (greater ? node->low : node->high) = bound(std::move(value), inclusive);
    MAMORI_TRY_VOID(check_time(*node, start));
    return after_value(std::move(node));
  }

  Result<NodePtr> parse_range(const std::string& field) {
    const std::size_t open = at_;
    const bool low_inclusive = text_[at_++] == '[';
    MAMORI_TRY(auto low, take_range_end(true));
    if (!take_operator("TO", "")) return error("a range needs \" TO \" between its ends: [1 TO 5]");
    MAMORI_TRY(auto high, take_range_end(true));
    skip_spaces();
    if (at_end()) return error_at(open, "the range is not closed");
    if (peek() != ']' && peek() != '}') return error("the range must end here, with ] or }");
    const bool high_inclusive = text_[at_++] == ']';
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::Range;
    node->field = field;
    if (low != "*") node->low = bound(std::move(low), low_inclusive);
    if (high != "*") node->high = bound(std::move(high), high_inclusive);
    MAMORI_TRY_VOID(check_time(*node, open));
    return after_value(std::move(node));
  }

  Result<void> check_time(const Node& node, std::size_t at) {
    if (node.field != "@timestamp") return {};
    for (const auto& end : {node.low, node.high}) {
      if (end && !end->time) return error_at(at, "@timestamp needs a time, such as 2026-01-31T23:59:59Z");
    }
    return {};
  }

  /// What may follow a value: a boost is read and ignored, as order by relevance means nothing for logs.
  Result<NodePtr> after_value(NodePtr node) {
    if (at_end()) return node;
    if (peek() == '~') return error("fuzzy and proximity search (~) is not known here; use wildcards");
    if (peek() == '^') {
      ++at_;
      while (!at_end() && (std::isdigit(static_cast<unsigned char>(peek())) || peek() == '.')) ++at_;
    }
    return node;
  }

  Result<NodePtr> term_node(const std::string& field, TermPattern pattern) {
    auto node = std::make_shared<Node>();
    node->field = field;
    if (pattern.is_star()) {
      node->kind = field.empty() ? Node::Kind::All : Node::Kind::Exists;
    } else {
      node->kind = Node::Kind::Term;
      if (!pattern.has_wildcards()) node->number = as_number(pattern.text);
      node->term = std::move(pattern);
    }
    return after_value(std::move(node));
  }

  static Result<NodePtr> joined(Node::Kind kind, std::vector<NodePtr> children) {
    if (children.size() == 1) return std::move(children.front());
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->children = std::move(children);
    return NodePtr(std::move(node));
  }

  // ---- tokens ----

  struct Word {
    std::string text_as_written;  // unescaped, case kept
    TermPattern pattern;
  };

  Result<Word> take_term(bool colon_ends) {
    skip_spaces();
    Word word;
    const auto add = [&](char c, char kind) {
      word.text_as_written += c;
      word.pattern.text += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
      word.pattern.kinds += kind;
    };
    while (!at_end()) {
      const char c = peek();
      if (is_space(c) || c == '(' || c == ')' || c == '"' || c == '[' || c == ']' || c == '{' || c == '}') break;
      if (c == '^' || c == '~' || (colon_ends && c == ':')) break;
      if (c == '\\') {
        if (at_ + 1 >= text_.size()) return error("a \"\\\" at the end escapes nothing");
        add(text_[at_ + 1], 'l');
        at_ += 2;
        continue;
      }
      add(c, c == '*' || c == '?' ? c : 'l');
      ++at_;
    }
    if (word.text_as_written.empty()) return error("a term is missing here");
    return word;
  }

  Result<std::string> take_quoted() {
    const std::size_t open = at_++;
    std::string out;
    while (!at_end() && peek() != '"') {
      if (peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_++];
    }
    if (at_end()) return error_at(open, "the quote is not closed");
    ++at_;
    return out;
  }

  Result<std::string> take_range_end(bool in_brackets) {
    skip_spaces();
    if (at_end()) return error("a value is missing here");
    if (peek() == '"') return take_quoted();
    std::string out;
    while (!at_end() && !is_space(peek()) && peek() != ')' && !(in_brackets && (peek() == ']' || peek() == '}'))) {
      if (peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_++];
    }
    if (out.empty()) return error("a value is missing here");
    return out;
  }

  /// True if the text goes on with the operator: a word that stands alone, or its sign.
  bool sees_operator(std::string_view word, std::string_view sign) {
    skip_spaces();
    const std::string_view rest = text_.substr(at_);
    if (!sign.empty() && rest.starts_with(sign)) return true;
    if (!rest.starts_with(word)) return false;
    if (rest.size() == word.size()) return true;
    const char next = rest[word.size()];
    return is_space(next) || next == '(' || next == ')' || next == '"' || next == '[' || next == '{';
  }

  bool take_operator(std::string_view word, std::string_view sign) {
    if (!sees_operator(word, sign)) return false;
    at_ += !sign.empty() && text_.substr(at_).starts_with(sign) ? sign.size() : word.size();
    return true;
  }

  bool sees_spaced_comparison() const {
    std::size_t at = at_;
    while (at < text_.size() && is_space(text_[at])) ++at;
    return at < text_.size() && (text_[at] == '>' || text_[at] == '<');
  }

  void skip_spaces() {
    while (!at_end() && is_space(peek())) ++at_;
  }
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }

  Error error(const std::string& what) const { return error_at(at_, what); }

  /// The message, the query, and a caret below the spot; columns count characters, not bytes.
  Error error_at(std::size_t at, const std::string& what) const {
    std::size_t column = 0;
    for (std::size_t i = 0; i < at && i < text_.size(); ++i) {
      if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++column;
    }
    std::string shown;
    for (const char c : text_) shown += is_space(c) ? ' ' : c;
    return invalid_argument("query, column " + std::to_string(column + 1) + ": " + what + "\n" + shown + "\n" +
                            std::string(column, ' ') + "^");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Query> Query::parse(std::string_view text) {
  MAMORI_TRY(auto root, Parser(text).parse());
  Query query;
  query.root_ = std::move(root);
  return query;
}

bool Query::matches(const Line& line) const { return !root_ || node_matches(*root_, line); }

}  // namespace mamori::logs
