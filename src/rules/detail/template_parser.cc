// Tokens to a tree. Messages are Go's, because people look them up.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "metrics/promql/ast.h"
#include "metrics/promql/lexer.h"
#include "rules/detail/template_ast.h"
#include "rules/detail/template_functions.h"
#include "rules/detail/template_lexer.h"

namespace mamori::rules {
namespace {

using Type = TemplateTokenType;
using Token = TemplateToken;
using Operand = TemplateOperand;
using Node = TemplateNode;

constexpr std::size_t kTextBytesMax = 64 << 10;  // of one template
constexpr int kDepthMax = 100;                   // actions in actions, parentheses in parentheses

std::string quoted(std::string_view text) { return metrics::promql::quote(text); }

std::optional<std::int64_t> read_int(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  int base = 10;
  std::string_view rest = digits;
  if (rest.size() > 1 && rest[0] == '0') {
    const char kind = rest[1];
    base = kind == 'x' || kind == 'X' ? 16 : kind == 'b' || kind == 'B' ? 2 : 8;
    rest.remove_prefix(base != 8 || kind == 'o' || kind == 'O' ? 2 : 1);
  }
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (failure != std::errc{} || end != rest.data() + rest.size() || rest.empty()) return std::nullopt;
  if (value > (std::uint64_t{1} << 63) - (negative ? 0 : 1)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

std::optional<double> read_float(std::string_view text) {
  if (text.find_first_of(".eEpP") == std::string_view::npos) return std::nullopt;
  const std::string plain(text);
  char* end = nullptr;
  const double value = std::strtod(plain.c_str(), &end);
  if (end != plain.c_str() + plain.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

class Parser {
 public:
  Parser(TemplateProgram& program, std::vector<Token> tokens, TemplateMistake& mistake)
      : program_(program), tokens_(std::move(tokens)), mistake_(mistake) {
    variables_.emplace_back("$");
    for (const auto& variable : kPredefinedVariables) variables_.emplace_back(variable.name);
  }

  Result<void> run() {
    while (peek().type != Type::End) {
      if (peek().type == Type::Open && peek(1).type == Type::Keyword && peek(1).text == "define") {
        MAMORI_TRY_VOID(definition());
        continue;
      }
      MAMORI_TRY_VOID(node(program_.root));
      if (stop_ != Stop::None) return bad(stop_at_, "unexpected {{" + std::string(word(stop_)) + "}}");
    }
    return {};
  }

 private:
  enum class Stop { None, End, Else };
  static std::string_view word(Stop stop) { return stop == Stop::Else ? "else" : "end"; }

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const Token& next() {
    const auto& token = peek();
    at_ = std::min(at_ + 1, tokens_.size() - 1);
    return token;
  }
  Error bad(const Token& token, std::string message) { return bad(token.begin, std::move(message)); }
  Error bad(std::size_t at, std::string message) {
    mistake_ = {at, std::move(message)};
    return invalid_argument(mistake_.message);
  }
  Error unexpected(const Token& token, std::string_view context) {
    if (token.type == Type::End) return bad(token, "unexpected EOF");
    if (token.type == Type::Close) return bad(token, "unexpected \"}}\" in " + std::string(context));
    const bool keyword = token.type == Type::Keyword;
    return bad(token, "unexpected " + (keyword ? "<" + std::string(token.text) + ">" : quoted(token.text)) + " in " +
                          std::string(context));
  }
  Result<void> close(std::string_view context) {
    if (const auto& token = next(); token.type != Type::Close) return unexpected(token, context);
    return {};
  }
  Result<void> deeper(std::size_t at) {
    if (++depth_ > kDepthMax) return bad(at, "nested deeper than " + std::to_string(kDepthMax) + " levels");
    return {};
  }

  /// Nodes up to {{end}} or {{else}}, which is consumed up to what follows its keyword.
  Result<TemplateList> list(std::string_view of) {
    TemplateList nodes;
    while (peek().type != Type::End) {
      MAMORI_TRY_VOID(node(nodes));
      if (stop_ != Stop::None) return nodes;
    }
    return bad(peek(), "unexpected EOF in {{" + std::string(of) + "}}");
  }

  Result<void> node(TemplateList& into) {
    stop_ = Stop::None;
    const auto& token = next();
    if (token.type == Type::Text) {
      Node text;
      text.text = token.text;
      text.begin = token.begin;
      into.push_back(std::move(text));
      return {};
    }
    return action(token, into);
  }

  Result<void> action(const Token& open, TemplateList& into) {
    const auto& token = peek();
    if (token.type == Type::Keyword) {
      next();
      if (token.text == "end") {
        stop_ = Stop::End;
        stop_at_ = open.begin;
        return close("end");
      }
      if (token.text == "else") {
        stop_ = Stop::Else;
        stop_at_ = open.begin;
        return {};  // what follows is read by whoever waits for it
      }
      if (token.text == "if") return control(Node::Kind::If, token, into);
      if (token.text == "with") return control(Node::Kind::With, token, into);
      if (token.text == "range") return control(Node::Kind::Range, token, into);
      if (token.text == "template") return invocation(token, into);
      if (token.text == "block") return block(token, into);
      if (token.text == "break" || token.text == "continue") {
        if (ranges_ == 0) return bad(token, "{{" + std::string(token.text) + "}} outside {{range}}");
        Node node;
        node.kind = token.text == "break" ? Node::Kind::Break : Node::Kind::Continue;
        node.begin = open.begin;
        into.push_back(std::move(node));
        return close(token.text);
      }
      return unexpected(token, "command");
    }
    Node node;
    node.kind = Node::Kind::Action;
    node.begin = open.begin;
    MAMORI_TRY(node.pipe, pipeline("command", Type::Close, false));
    into.push_back(std::move(node));
    return {};
  }

  Result<void> control(Node::Kind kind, const Token& keyword, TemplateList& into) {
    const auto known = variables_.size();
    MAMORI_TRY_VOID(deeper(keyword.begin));
    Node node;
    node.kind = kind;
    node.begin = keyword.begin;
    const bool range = kind == Node::Kind::Range;
    MAMORI_TRY(node.pipe, pipeline(keyword.text, Type::Close, range));
    ranges_ += range ? 1 : 0;
    MAMORI_TRY(node.body, list(keyword.text));
    ranges_ -= range ? 1 : 0;
    if (stop_ == Stop::Else) MAMORI_TRY_VOID(otherwise(node, keyword));
    stop_ = Stop::None;
    --depth_;
    variables_.resize(known);
    into.push_back(std::move(node));
    return {};
  }

  /// Behind "{{else".
  Result<void> otherwise(Node& node, const Token& keyword) {
    const auto& token = peek();
    const bool chained = token.type == Type::Keyword && ((node.kind == Node::Kind::If && token.text == "if") ||
                                                         (node.kind == Node::Kind::With && token.text == "with"));
    if (chained) {
      // {{else if}} is an if of its own that shares the {{end}}.
      next();
      return control(node.kind, token, node.otherwise);
    }
    MAMORI_TRY_VOID(close("else"));
    MAMORI_TRY(node.otherwise, list(keyword.text));
    if (stop_ == Stop::Else) return bad(stop_at_, "expected end; found {{else}}");
    return {};
  }

  Result<std::string> name_of(const Token& token, std::string_view context) {
    if (token.type != Type::String) return unexpected(token, context);
    auto name = metrics::promql::unquote(token.text);
    if (!name) return bad(token, name.error().message);
    return *std::move(name);
  }

  Result<void> invocation(const Token& keyword, TemplateList& into) {
    Node node;
    node.kind = Node::Kind::Template;
    node.begin = keyword.begin;
    MAMORI_TRY(node.text, name_of(next(), "template clause"));
    if (peek().type == Type::Close) {
      next();
    } else {
      MAMORI_TRY(node.pipe, pipeline("template clause", Type::Close, false));
    }
    into.push_back(std::move(node));
    return {};
  }

  /// {{block "name" pipeline}} … {{end}}: a definition and its use.
  Result<void> block(const Token& keyword, TemplateList& into) {
    Node node;
    node.kind = Node::Kind::Template;
    node.begin = keyword.begin;
    MAMORI_TRY(node.text, name_of(next(), "block clause"));
    MAMORI_TRY(node.pipe, pipeline("block clause", Type::Close, false));
    MAMORI_TRY_VOID(define(node.text, keyword));
    into.push_back(std::move(node));
    return {};
  }

  Result<void> definition() {
    next();
    const auto& keyword = next();
    MAMORI_TRY(const auto name, name_of(next(), "define clause"));
    MAMORI_TRY_VOID(close("define clause"));
    return define(name, keyword);
  }

  Result<void> define(const std::string& name, const Token& keyword) {
    MAMORI_TRY_VOID(deeper(keyword.begin));
    // A definition sees no variables but its own "$".
    auto outer = std::exchange(variables_, {"$"});
    const auto ranges = std::exchange(ranges_, 0);
    MAMORI_TRY(auto body, list("define"));
    if (stop_ == Stop::Else) return bad(stop_at_, "unexpected {{else}} in define clause");
    stop_ = Stop::None;
    variables_ = std::move(outer);
    ranges_ = ranges;
    --depth_;
    program_.definitions.insert_or_assign(name, std::move(body));
    return {};
  }

  Result<TemplatePipe> pipeline(std::string_view context, Type end, bool range) {
    MAMORI_TRY_VOID(deeper(peek().begin));
    TemplatePipe pipe;
    pipe.begin = peek().begin;
    std::vector<std::string> declared;
    MAMORI_TRY_VOID(declarations(pipe, declared, context, range));
    for (;;) {
      const auto& token = peek();
      if (token.type == end) {
        pipe.end = token.begin;
        next();
        break;
      }
      if (!begins_operand(token)) return unexpected(token, context);
      MAMORI_TRY(auto command, this->command());
      if (!pipe.commands.empty() && !executable(command.operands.front()))
        return bad(command.begin,
                   "non executable command in pipeline stage " + std::to_string(pipe.commands.size() + 1));
      pipe.commands.push_back(std::move(command));
    }
    if (pipe.commands.empty()) return bad(pipe.begin, "missing value for " + std::string(context));
    // Only what follows sees them: {{$x := $x}} names an outer $x.
    variables_.insert(variables_.end(), declared.begin(), declared.end());
    --depth_;
    return pipe;
  }

  Result<void> declarations(TemplatePipe& pipe, std::vector<std::string>& declared, std::string_view context,
                            bool range) {
    while (peek().type == Type::Variable) {
      const auto& variable = peek();
      const auto& after = peek(1);
      if (after.type == Type::Declare || after.type == Type::Assign) {
        pipe.assigns = after.type == Type::Assign;
        pipe.variables.emplace_back(variable.text);
        if (pipe.assigns) MAMORI_TRY_VOID(check_variable(variable));
        at_ += 2;
        if (!pipe.assigns) declared = pipe.variables;
        return {};
      }
      if (after.type != Type::Comma) return {};
      if (!range || !pipe.variables.empty()) return bad(variable, "too many declarations in " + std::string(context));
      pipe.variables.emplace_back(variable.text);
      at_ += 2;
      if (peek().type != Type::Variable) return bad(peek(), "range can only initialize variables");
    }
    return {};
  }

  static bool begins_operand(const Token& token) {
    switch (token.type) {
      case Type::Bool:
      case Type::Character:
      case Type::Dot:
      case Type::Field:
      case Type::Identifier:
      case Type::Number:
      case Type::Nil:
      case Type::String:
      case Type::Variable:
      case Type::LeftParen:
        return true;
      default:
        return false;
    }
  }

  static bool executable(const Operand& operand) {
    const bool plain = operand.kind == Operand::Kind::Constant || operand.kind == Operand::Kind::Nil ||
                       (operand.kind == Operand::Kind::Dot && operand.fields.empty());
    return !plain;
  }

  /// Operands up to a pipe, a closing parenthesis or the end of the action; the pipe is consumed.
  Result<TemplateCommand> command() {
    TemplateCommand command;
    command.begin = peek().begin;
    for (;;) {
      MAMORI_TRY(auto operand, this->operand());
      command.operands.push_back(std::move(operand));
      const auto& token = peek();
      if (token.type == Type::Close || token.type == Type::RightParen) return command;
      if (token.type == Type::Pipe) {
        next();
        if (!begins_operand(peek())) {
          if (peek().type == Type::Close) return bad(peek(), "missing value for command");
          return unexpected(peek(), "command");
        }
        return command;
      }
      if (!token.after_space || !begins_operand(token)) return unexpected(token, "operand");
    }
  }

  Result<Operand> operand() {
    Operand operand;
    const auto& token = next();
    operand.begin = token.begin;
    bool takes_fields = true;
    switch (token.type) {
      case Type::Dot:
        operand.kind = Operand::Kind::Dot;
        takes_fields = false;
        break;
      case Type::Nil:
        operand.kind = Operand::Kind::Nil;
        takes_fields = false;
        break;
      case Type::Field:
        operand.kind = Operand::Kind::Field;
        operand.fields.emplace_back(token.text.substr(1));
        break;
      case Type::Variable:
        MAMORI_TRY_VOID(check_variable(token));
        operand.kind = Operand::Kind::Variable;
        operand.name = token.text;
        break;
      case Type::Identifier:
        if (find_template_function(token.text) == nullptr)
          return bad(token, "function " + quoted(token.text) + " not defined");
        operand.kind = Operand::Kind::Function;
        operand.name = token.text;
        break;
      case Type::LeftParen: {
        operand.kind = Operand::Kind::Pipe;
        MAMORI_TRY(auto inner, pipeline("parenthesized pipeline", Type::RightParen, false));
        operand.pipe = std::make_unique<TemplatePipe>(std::move(inner));
        break;
      }
      default: {
        operand.kind = Operand::Kind::Constant;
        MAMORI_TRY(operand.constant, constant(token));
        takes_fields = false;
      }
    }
    operand.end = token.begin + token.text.size();
    if (operand.kind == Operand::Kind::Pipe) operand.end = tokens_[at_ - 1].begin + 1;
    while (peek().type == Type::Field && !peek().after_space) {
      if (!takes_fields) return bad(token, "unexpected . after term " + quoted(token.text));
      const auto& field = next();
      operand.fields.emplace_back(field.text.substr(1));
      operand.end = field.begin + field.text.size();
    }
    return operand;
  }

  Result<TemplateValue> constant(const Token& token) {
    if (token.type == Type::Bool) return TemplateValue(token.text == "true");
    if (token.type == Type::Number) {
      if (const auto number = read_int(token.text)) return TemplateValue(*number);
      if (const auto number = read_float(token.text)) return TemplateValue(*number);
      return bad(token, "bad number syntax: " + quoted(token.text));
    }
    auto text = metrics::promql::unquote(token.text);
    if (!text) return bad(token, text.error().message);
    if (token.type == Type::String) return TemplateValue(*std::move(text));
    return character(token, *text);
  }

  /// 'a' is the number of its character.
  Result<TemplateValue> character(const Token& token, std::string_view text) {
    if (text.empty()) return bad(token, "malformed character constant: " + std::string(token.text));
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (text.size() != length) return bad(token, "malformed character constant: " + std::string(token.text));
    std::int64_t point = length == 1 ? first : first & (0x7F >> length);
    for (std::size_t i = 1; i < length; ++i) point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
    return TemplateValue(point);
  }

  Result<void> check_variable(const Token& token) {
    if (std::ranges::find(variables_, token.text) != variables_.end()) return {};
    return bad(token, "undefined variable " + quoted(token.text));
  }

  TemplateProgram& program_;
  std::vector<Token> tokens_;
  TemplateMistake& mistake_;
  std::size_t at_ = 0;
  std::vector<std::string> variables_;
  int depth_ = 0, ranges_ = 0;
  Stop stop_ = Stop::None;
  std::size_t stop_at_ = 0;
};

}  // namespace

std::string template_place(const std::string& name, std::string_view text, std::size_t offset) {
  const auto lines = std::ranges::count(text.substr(0, offset), '\n');
  return name + ":" + std::to_string(lines + 1);
}

Result<std::shared_ptr<const TemplateProgram>> parse_template(std::string_view name, std::string_view text,
                                                              TemplateMistake* mistake) {
  TemplateMistake local;
  auto& found = mistake == nullptr ? local : *mistake;
  auto program = std::make_shared<TemplateProgram>();
  program->name = name;
  program->text = text;
  if (text.size() > kTextBytesMax) {
    found = {0, "the template is longer than " + std::to_string(kTextBytesMax) + " bytes"};
    return Error{Code::TooLarge, found.message};
  }
  const auto placed = [&] {
    return invalid_argument("template: " + template_place(program->name, text, found.offset) + ": " + found.message);
  };
  auto tokens = tokenize_template(program->text, found);
  if (!tokens) return placed();
  if (auto parsed = Parser(*program, *std::move(tokens), found).run(); !parsed) return placed();
  return program;
}

}  // namespace mamori::rules
