#include "rules/detail/template_lexer.h"

#include <algorithm>
#include <array>

#include "metrics/promql/lexer.h"

namespace mamori::rules {
namespace {

using Type = TemplateTokenType;

constexpr std::string_view kOpen = "{{", kClose = "}}", kCommentOpen = "/*", kCommentClose = "*/";
constexpr std::array<std::string_view, 10> kKeywords = {"block", "break", "continue", "define",   "else",
                                                        "end",   "if",    "range",    "template", "with"};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// Any byte of a character beyond ASCII may be part of a name.
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string_view trim_right(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

class Lexer {
 public:
  Lexer(std::string_view text, TemplateMistake& mistake) : text_(text), mistake_(mistake) {}

  Result<std::vector<TemplateToken>> run() {
    while (pos_ < text_.size()) {
      MAMORI_TRY_VOID(text());
      if (pos_ < text_.size()) MAMORI_TRY_VOID(action());
    }
    tokens_.push_back({Type::End, "", text_.size(), true});
    return std::move(tokens_);
  }

 private:
  Error bad(std::size_t at, std::string message) {
    mistake_ = {at, std::move(message)};
    return invalid_argument(mistake_.message);
  }
  char at(std::size_t offset = 0) const { return pos_ + offset < text_.size() ? text_[pos_ + offset] : '\0'; }
  bool starts_with(std::string_view what) const { return text_.substr(pos_).starts_with(what); }

  /// Up to the next action, or to the end.
  Result<void> text() {
    const auto begin = pos_;
    const auto open = std::min(text_.find(kOpen, pos_), text_.size());
    auto outside = text_.substr(begin, open - begin);
    pos_ = open;
    const bool trims = starts_with("{{-") && pos_ + 3 < text_.size() && is_space(text_[pos_ + 3]);
    if (trims) outside = trim_right(outside);
    if (!outside.empty()) tokens_.push_back({Type::Text, outside, begin, false});
    return {};
  }

  void skip_space() {
    while (pos_ < text_.size() && is_space(text_[pos_])) ++pos_;
  }

  bool take_trimming_close() {
    if (!is_space(at()) || !text_.substr(pos_ + 1).starts_with("-}}")) return false;
    pos_ += 4;
    skip_space();
    return true;
  }

  Result<void> action() {
    const auto begin = pos_;
    pos_ += 2;
    if (at() == '-' && is_space(at(1))) pos_ += 2;
    if (starts_with(kCommentOpen)) return comment(begin);
    tokens_.push_back({Type::Open, kOpen, begin, false});
    bool after_space = false;
    for (;;) {
      const auto here = pos_;
      if (take_trimming_close() || starts_with(kClose)) {
        if (pos_ == here) pos_ += 2;
        tokens_.push_back({Type::Close, kClose, here, after_space});
        return {};
      }
      if (pos_ >= text_.size()) return bad(begin, "unclosed action");
      if (is_space(at())) {
        ++pos_;
        after_space = true;
        continue;
      }
      MAMORI_TRY_VOID(token(after_space));
      after_space = false;
    }
  }

  Result<void> comment(std::size_t begin) {
    const auto end = text_.find(kCommentClose, pos_ + 2);
    if (end == std::string_view::npos) return bad(begin, "unclosed comment");
    pos_ = end + 2;
    if (take_trimming_close()) return {};
    if (!starts_with(kClose)) return bad(pos_, "comment ends before closing delimiter");
    pos_ += 2;
    return {};
  }

  void add(Type type, std::size_t begin, bool after_space) {
    tokens_.push_back({type, text_.substr(begin, pos_ - begin), begin, after_space});
  }

  Result<void> token(bool after_space) {
    const auto begin = pos_;
    const char c = at();
    const auto single = [&](Type type) -> Result<void> {
      ++pos_;
      add(type, begin, after_space);
      return {};
    };
    if (c == '"' || c == '`' || c == '\'') return quoted(c, after_space);
    if (c == '|') return single(Type::Pipe);
    if (c == '(') return single(Type::LeftParen);
    if (c == ')') return single(Type::RightParen);
    if (c == ',') return single(Type::Comma);
    if (c == '=') return single(Type::Assign);
    if (c == ':') {
      if (at(1) != '=') return bad(begin, "expected :=");
      ++pos_;
      return single(Type::Declare);
    }
    if (is_digit(c) || ((c == '+' || c == '-') && (is_digit(at(1)) || at(1) == '.')) || (c == '.' && is_digit(at(1)))) {
      return number(after_space);
    }
    if (c == '$' || c == '.') {
      ++pos_;
      while (is_word(at())) ++pos_;
      const bool bare = pos_ == begin + 1;
      add(c == '$' ? Type::Variable : bare ? Type::Dot : Type::Field, begin, after_space);
      return terminated(begin);
    }
    if (is_word(c)) return word(after_space);
    return bad(begin, "unexpected character " + metrics::promql::quote(std::string(1, c)) + " in an action");
  }

  Result<void> quoted(char quote, bool after_space) {
    const auto begin = pos_++;
    while (pos_ < text_.size() && text_[pos_] != quote) {
      if (quote != '`' && text_[pos_] == '\n') break;
      pos_ += quote != '`' && text_[pos_] == '\\' ? 2 : 1;
    }
    if (at() != quote || pos_ >= text_.size()) {
      return bad(begin, quote == '`'   ? "unterminated raw quoted string"
                        : quote == '"' ? "unterminated quoted string"
                                       : "unterminated character constant");
    }
    ++pos_;
    add(quote == '\'' ? Type::Character : Type::String, begin, after_space);
    return {};
  }

  Result<void> number(bool after_space) {
    const auto begin = pos_;
    if (at() == '+' || at() == '-') ++pos_;
    const bool hexadecimal = at() == '0' && (at(1) == 'x' || at(1) == 'X');
    while (is_word(at()) || at() == '.' ||
           ((at() == '+' || at() == '-') && (hexadecimal ? (text_[pos_ - 1] == 'p' || text_[pos_ - 1] == 'P')
                                                         : (text_[pos_ - 1] == 'e' || text_[pos_ - 1] == 'E')))) {
      ++pos_;
    }
    add(Type::Number, begin, after_space);
    return {};
  }

  Result<void> word(bool after_space) {
    const auto begin = pos_;
    while (is_word(at())) ++pos_;
    const auto text = text_.substr(begin, pos_ - begin);
    Type type = Type::Identifier;
    if (text == "true" || text == "false") type = Type::Bool;
    if (text == "nil") type = Type::Nil;
    if (std::ranges::find(kKeywords, text) != kKeywords.end()) type = Type::Keyword;
    add(type, begin, after_space);
    return terminated(begin);
  }

  /// What may follow a name directly.
  Result<void> terminated(std::size_t begin) {
    const char c = at();
    if (pos_ >= text_.size() || is_space(c) || c == '.' || c == ',' || c == '|' || c == ':' || c == '(' || c == ')' ||
        c == '=' || starts_with(kClose)) {
      return {};
    }
    return bad(begin, "bad character " + metrics::promql::quote(std::string(1, c)));
  }

  std::string_view text_;
  TemplateMistake& mistake_;
  std::size_t pos_ = 0;
  std::vector<TemplateToken> tokens_;
};

}  // namespace

Result<std::vector<TemplateToken>> tokenize_template(std::string_view text, TemplateMistake& mistake) {
  return Lexer(text, mistake).run();
}

}  // namespace mamori::rules
