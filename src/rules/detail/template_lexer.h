// rules/detail/template_lexer.h: a template's text as tokens. White space beside "{{-" and "-}}" is already trimmed.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "rules/template.h"

namespace mamori::rules {

enum class TemplateTokenType {
  Text,   // outside of actions; trimmed
  Open,   // {{
  Close,  // }}
  Identifier,
  Keyword,  // block, define, if, ...
  Bool,
  Nil,
  Dot,
  Field,     // .name
  Variable,  // $name, $
  Number,
  Character,  // 'a'
  String,     // "a", `a`
  Pipe,
  LeftParen,
  RightParen,
  Declare,  // :=
  Assign,   // =
  Comma,
  End,
};

struct TemplateToken {
  TemplateTokenType type = TemplateTokenType::End;
  std::string_view text;  // as written
  std::size_t begin = 0;
  bool after_space = false;
};

/// Errors: InvalidArgument; `mistake` has the place.
Result<std::vector<TemplateToken>> tokenize_template(std::string_view text, TemplateMistake& mistake);

}  // namespace mamori::rules
