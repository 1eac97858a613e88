#include <simdjson.h>

#include <charconv>
#include <functional>

#include "base/text.h"
#include "logs/detail/query_node.h"

namespace mamori::logs {
namespace {

namespace dom = simdjson::dom;
using Node = Query::Node;

char lower(char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }
bool is_ascii_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_word(char c) { return is_ascii_word(c) || static_cast<unsigned char>(c) >= 0x80; }

// ---- text ----

/// `needle` (lower case) stands in `text` as whole words. Where a script has no spaces between words (Japanese), any
/// place counts: only two ASCII word characters side by side make a word longer than the needle.
bool contains_words(std::string_view text, std::string_view needle) {
  if (needle.empty()) return text.empty();
  if (needle.size() > text.size()) return false;
  for (std::size_t i = 0; i + needle.size() <= text.size(); ++i) {
    std::size_t k = 0;
    while (k < needle.size() && lower(text[i + k]) == needle[k]) ++k;
    if (k < needle.size()) continue;
    const std::size_t end = i + needle.size();
    if (i > 0 && is_ascii_word(text[i - 1]) && is_ascii_word(needle.front())) continue;
    if (end < text.size() && is_ascii_word(text[end]) && is_ascii_word(needle.back())) continue;
    return true;
  }
  return false;
}

/// Steps over one character of UTF-8.
std::size_t next_character(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

bool glob(std::string_view text, const TermPattern& pattern) {
  std::size_t t = 0, p = 0;
  std::size_t star = std::string::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.kinds.size() && pattern.kinds[p] == 'l' && lower(text[t]) == pattern.text[p]) {
      ++t;
      ++p;
    } else if (p < pattern.kinds.size() && pattern.kinds[p] == '?') {
      t = next_character(text, t);
      ++p;
    } else if (p < pattern.kinds.size() && pattern.kinds[p] == '*') {
      star = p++;
      star_text = t;
    } else if (star != std::string::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.kinds.size() && pattern.kinds[p] == '*') ++p;
  return p == pattern.kinds.size();
}

bool glob_value_or_word(std::string_view text, const TermPattern& pattern) {
  if (glob(text, pattern)) return true;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    if (end > at && glob(text.substr(at, end - at), pattern)) return true;
    at = end + 1;
  }
  return false;
}

bool text_matches(std::string_view text, const Node& node) {
  return node.term.has_wildcards() ? glob_value_or_word(text, node.term) : contains_words(text, node.term.text);
}

// ---- values ----

std::string number_text(dom::element value) { return simdjson::minify(value); }

bool term_matches(dom::element value, const Node& node) {
  switch (value.type()) {
    case dom::element_type::STRING:
      return text_matches(std::string_view(value), node);
    case dom::element_type::BOOL:
      return text_matches(bool(value) ? "true" : "false", node);
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE: {
      if (node.term.has_wildcards()) return glob(number_text(value), node.term);
      double number = 0;
      return node.number && value.get(number) == simdjson::SUCCESS && number == *node.number;
    }
    default:
      return false;
  }
}

template <typename T>
bool inside(const T& value, const std::optional<T>& low, bool low_inclusive, const std::optional<T>& high,
            bool high_inclusive) {
  if (low && (low_inclusive ? value < *low : !(*low < value))) return false;
  if (high && (high_inclusive ? *high < value : !(value < *high))) return false;
  return true;
}

/// One form (number, time or text) of both ends; an end that has no such form makes the form unusable.
template <typename T, typename Get>
bool inside_as(const T& value, const Node& node, Get form, bool& usable) {
  std::optional<T> low, high;
  usable = true;
  if (node.low && !(low = form(*node.low))) usable = false;
  if (node.high && !(high = form(*node.high))) usable = false;
  return usable && inside(value, low, node.low && node.low->inclusive, high, node.high && node.high->inclusive);
}

bool range_matches_number(double value, const Node& node) {
  bool usable = false;
  return inside_as<double>(value, node, [](const Bound& end) { return end.number; }, usable);
}

bool range_matches_text(std::string_view text, const Node& node) {
  bool usable = false;
  // Numbers and times are often shipped as strings; they compare as what they are if the bounds are such, too.
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) {
    const bool match = inside_as<double>(number, node, [](const Bound& b) { return b.number; }, usable);
    if (usable) return match;
  }
  if (const auto time = parse_rfc3339(text)) {
    const bool match = inside_as<Timestamp>(*time, node, [](const Bound& b) { return b.time; }, usable);
    if (usable) return match;
  }
  const auto as_text = [](const Bound& b) { return std::optional<std::string>(to_lower(b.text)); };
  return inside_as<std::string>(to_lower(text), node, as_text, usable);
}

bool range_matches(dom::element value, const Node& node) {
  double number = 0;
  if (value.is_number() && value.get(number) == simdjson::SUCCESS) return range_matches_number(number, node);
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS && range_matches_text(text, node);
}

// ---- fields ----

using Visit = std::function<bool(dom::element)>;  // true: found, stop

/// Visits the scalars of a value: itself, or each of an array.
bool any_scalar(dom::element value, const Visit& visit) {
  dom::array array;
  if (value.get(array) != simdjson::SUCCESS) return visit(value);
  for (const auto item : array) {
    if (any_scalar(item, visit)) return true;
  }
  return false;
}

/// All values at a dotted path. A key may hold dots itself ("user.id": 1), and arrays of objects are looked through.
bool any_at_path(dom::element value, std::string_view path, const Visit& visit) {
  dom::array array;
  if (value.get(array) == simdjson::SUCCESS) {
    for (const auto item : array) {
      if (any_at_path(item, path, visit)) return true;
    }
    return false;
  }
  dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return false;
  dom::element found;
  if (object.at_key(path).get(found) == simdjson::SUCCESS && any_scalar(found, visit)) return true;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    if (object.at_key(path.substr(0, dot)).get(found) != simdjson::SUCCESS) continue;
    if (any_at_path(found, path.substr(dot + 1), visit)) return true;
  }
  return false;
}

bool any_value(dom::element value, const Visit& visit) {
  dom::object object;
  dom::array array;
  if (value.get(object) == simdjson::SUCCESS) {
    for (const auto field : object) {
      if (any_value(field.value, visit)) return true;
    }
    return false;
  }
  if (value.get(array) == simdjson::SUCCESS) {
    for (const auto item : array) {
      if (any_value(item, visit)) return true;
    }
    return false;
  }
  return visit(value);
}

/// One line, parsed when the first test needs it.
class Document {
 public:
  explicit Document(const Line& line) : line_(line) {}
  const Line& line() const { return line_; }
  const dom::element* root() {
    if (!parsed_) {
      thread_local dom::parser parser;
      parsed_ = true;
      good_ = parser.parse(line_.json.data(), line_.json.size()).get(root_) == simdjson::SUCCESS;
    }
    return good_ ? &root_ : nullptr;
  }

 private:
  const Line& line_;
  dom::element root_;
  bool parsed_ = false, good_ = false;
};

bool is_stream_field(std::string_view field) { return field == "_index" || field == "_stream"; }

bool test_term(const Node& node, Document& document) {
  if (is_stream_field(node.field)) return glob(document.line().stream, node.term);
  const auto* root = document.root();
  if (root == nullptr) return false;
  const Visit visit = [&](dom::element value) { return term_matches(value, node); };
  return node.field.empty() ? any_value(*root, visit) : any_at_path(*root, node.field, visit);
}

bool test_range(const Node& node, Document& document) {
  if (node.field == "@timestamp") {
    bool usable = false;
    return inside_as<Timestamp>(document.line().time, node, [](const Bound& b) { return b.time; }, usable);
  }
  if (is_stream_field(node.field)) return range_matches_text(document.line().stream, node);
  const auto* root = document.root();
  if (root == nullptr) return false;
  const Visit visit = [&](dom::element value) { return range_matches(value, node); };
  return node.field.empty() ? any_value(*root, visit) : any_at_path(*root, node.field, visit);
}

bool test_exists(const Node& node, Document& document) {
  if (node.field == "@timestamp" || is_stream_field(node.field)) return true;
  const auto* root = document.root();
  return root != nullptr && any_at_path(*root, node.field, [](dom::element value) { return !value.is_null(); });
}

bool test(const Node& node, Document& document) {
  switch (node.kind) {
    case Node::Kind::All:
      return true;
    case Node::Kind::And:
      for (const auto& child : node.children) {
        if (!test(*child, document)) return false;
      }
      return true;
    case Node::Kind::Or:
      for (const auto& child : node.children) {
        if (test(*child, document)) return true;
      }
      return false;
    case Node::Kind::Not:
      return !test(*node.children.front(), document);
    case Node::Kind::Term:
      return test_term(node, document);
    case Node::Kind::Range:
      return test_range(node, document);
    case Node::Kind::Exists:
      return test_exists(node, document);
  }
  return false;
}

}  // namespace

bool node_matches(const Query::Node& node, const Line& line) {
  Document document(line);
  return test(node, document);
}

}  // namespace mamori::logs
