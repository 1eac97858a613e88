// rules/detail/template_ast.h: a parsed template.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/detail/template_value.h"
#include "rules/template.h"

namespace mamori::rules {

struct TemplatePipe;

/// One operand of a command, with the fields that follow it: `$x.Labels`, `(first .).Value`, `printf`.
struct TemplateOperand {
  enum class Kind { Dot, Nil, Constant, Variable, Field, Function, Pipe };
  Kind kind = Kind::Dot;
  std::size_t begin = 0, end = 0;  // in the text, for messages
  std::string name;                // of a variable ("$x", "$") or function
  TemplateValue constant;
  std::unique_ptr<TemplatePipe> pipe;
  std::vector<std::string> fields;
};

struct TemplateCommand {
  std::size_t begin = 0;
  std::vector<TemplateOperand> operands;
};

struct TemplatePipe {
  std::size_t begin = 0, end = 0;
  std::vector<std::string> variables;  // that it declares or assigns
  bool assigns = false;
  std::vector<TemplateCommand> commands;
};

struct TemplateNode;
using TemplateList = std::vector<TemplateNode>;

struct TemplateNode {
  enum class Kind { Text, Action, If, With, Range, Template, Break, Continue };
  Kind kind = Kind::Text;
  std::size_t begin = 0;
  std::string text;   // of Text; the name of a Template
  TemplatePipe pipe;  // no commands: a Template without argument
  TemplateList body, otherwise;
};

struct TemplateProgram {
  std::string name, text;
  TemplateList root;
  std::map<std::string, TemplateList> definitions;
};

/// Variables that are there from the beginning, and the field of the data that each holds.
struct PredefinedVariable {
  std::string_view name, field;
};
inline constexpr PredefinedVariable kPredefinedVariables[] = {
    {"$labels", "Labels"},
    {"$externalLabels", "ExternalLabels"},
    {"$externalURL", "ExternalURL"},
    {"$value", "Value"},
};

/// "name:line" of a byte.
std::string template_place(const std::string& name, std::string_view text, std::size_t offset);

Result<std::shared_ptr<const TemplateProgram>> parse_template(std::string_view name, std::string_view text,
                                                              TemplateMistake* mistake);

}  // namespace mamori::rules
