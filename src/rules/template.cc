#include "rules/template.h"

#include <algorithm>

#include "rules/detail/template_ast.h"
#include "rules/detail/template_functions.h"
#include "rules/detail/template_time.h"

namespace mamori::rules {
namespace {

using Kind = TemplateValue::Kind;
using Operand = TemplateOperand;
using Node = TemplateNode;

constexpr int kCallsMax = 100;           // templates that invoke templates
constexpr std::size_t kContextMax = 20;  // Go shows so much of what failed
// Prometheus puts the definitions of $labels and the like in front of the text; columns of the first line count them.
constexpr std::size_t kDefinitionsLength = 112;

enum class Flow { On, Break, Continue };

class Executor {
 public:
  Executor(const TemplateProgram& program, const TemplateData& data, const TemplateBounds& bounds)
      : program_(program), data_(data), bounds_(bounds), name_(program.name) {}

  Result<std::string> run() {
    auto fields = std::make_shared<ValueMap>();
    fields->emplace("Labels", TemplateValue::labels({data_.labels.begin(), data_.labels.end()}));
    fields->emplace("ExternalLabels",
                    TemplateValue::labels({data_.external_labels.begin(), data_.external_labels.end()}));
    fields->emplace("ExternalURL", TemplateValue(data_.external_url));
    fields->emplace("Value", TemplateValue::of_number(data_.value));
    const auto dot = TemplateValue::data(fields);
    variables_.emplace_back("$", dot);
    for (const auto& [name, field] : kPredefinedVariables)
      variables_.emplace_back(name, fields->at(std::string(field)));
    MAMORI_TRY_VOID(walk(program_.root, dot));
    return std::move(out_);
  }

 private:
  // ---- errors ----

  Error at(std::size_t begin, std::size_t end, const Error& error) const {
    auto context = program_.text.substr(begin, std::min(end, program_.text.size()) - begin);
    if (context.size() > kContextMax) context = context.substr(0, kContextMax) + "...";
    const auto before = program_.text.rfind('\n', begin == 0 ? 0 : begin - 1);
    const bool first_line = begin == 0 || before == std::string::npos;
    const auto column = first_line ? begin + kDefinitionsLength : begin - before - 1;
    return {error.code, "template: " + template_place(program_.name, program_.text, begin) + ":" +
                            std::to_string(column) + ": executing \"" + name_ + "\" at <" + context +
                            ">: " + error.message};
  }
  Error at(const Operand& operand, const Error& error) const { return at(operand.begin, operand.end, error); }
  Error at(const TemplateCommand& command, const Error& error) const {
    return at(command.begin, command.operands.back().end, error);
  }

  Result<void> step(std::size_t at_byte) {
    if (++steps_ <= bounds_.steps) return {};
    return at(at_byte, at_byte, {Code::TooLarge, "more than " + std::to_string(bounds_.steps) + " steps"});
  }

  Result<void> write(std::string_view text, std::size_t at_byte) {
    out_ += text;
    if (out_.size() <= bounds_.output_bytes) return {};
    return at(at_byte, at_byte,
              {Code::TooLarge, "more than " + std::to_string(bounds_.output_bytes) + " bytes of output"});
  }

  // ---- nodes ----

  Result<Flow> walk(const TemplateList& nodes, const TemplateValue& dot) {
    for (const auto& node : nodes) {
      MAMORI_TRY_VOID(step(node.begin));
      MAMORI_TRY(const auto flow, walk(node, dot));
      if (flow != Flow::On) return flow;
    }
    return Flow::On;
  }

  Result<Flow> walk(const Node& node, const TemplateValue& dot) {
    switch (node.kind) {
      case Node::Kind::Text:
        MAMORI_TRY_VOID(write(node.text, node.begin));
        return Flow::On;
      case Node::Kind::Action: {
        MAMORI_TRY(const auto value, pipeline(node.pipe, dot));
        if (!node.pipe.variables.empty()) return Flow::On;
        MAMORI_TRY_VOID(write(value.is(Kind::Nil) ? "<no value>" : value.print(), node.begin));
        return Flow::On;
      }
      case Node::Kind::If:
      case Node::Kind::With:
        return choose(node, dot);
      case Node::Kind::Range:
        return repeat(node, dot);
      case Node::Kind::Template:
        return invoke(node, dot);
      case Node::Kind::Break:
        return Flow::Break;
      case Node::Kind::Continue:
        break;
    }
    return Flow::Continue;
  }

  Result<Flow> choose(const Node& node, const TemplateValue& dot) {
    const auto known = variables_.size();
    MAMORI_TRY(const auto value, pipeline(node.pipe, dot));
    const bool truth = value.truth();
    auto flow = truth ? walk(node.body, node.kind == Node::Kind::With ? value : dot) : walk(node.otherwise, dot);
    variables_.resize(known);
    return flow;
  }

  Result<Flow> repeat(const Node& node, const TemplateValue& dot) {
    const auto known = variables_.size();
    MAMORI_TRY(const auto over, pipeline(node.pipe, dot));
    bool any = false, ended = false;
    const auto one = [&](TemplateValue key, TemplateValue element) -> Result<void> {
      any = true;
      MAMORI_TRY_VOID(step(node.begin));
      const auto& names = node.pipe.variables;
      const auto inner = variables_.size();
      if (names.size() == 1) MAMORI_TRY_VOID(set(names[0], element, node.pipe));
      if (names.size() == 2) {
        MAMORI_TRY_VOID(set(names[0], std::move(key), node.pipe));
        MAMORI_TRY_VOID(set(names[1], element, node.pipe));
      }
      MAMORI_TRY(const auto flow, walk(node.body, element));
      variables_.resize(inner);
      ended = flow == Flow::Break;
      return {};
    };
    switch (over.kind()) {
      case Kind::Int:
        for (std::int64_t i = 0; i < over.as_int() && !ended; ++i) MAMORI_TRY_VOID(one(i, i));
        break;
      case Kind::Samples: {
        std::int64_t i = 0;
        for (const auto& sample : over.as_samples()) {
          if (ended) break;
          MAMORI_TRY_VOID(one(i++, TemplateValue::sample(sample)));
        }
        break;
      }
      case Kind::Labels:
        for (const auto& [name, value] : over.as_labels()) {
          if (ended) break;
          MAMORI_TRY_VOID(one(name, value));
        }
        break;
      case Kind::Map:
        for (const auto& [name, value] : over.as_map()) {
          if (ended) break;
          MAMORI_TRY_VOID(one(name, value));
        }
        break;
      case Kind::Nil:
        break;
      default:
        return at(node.pipe.begin, node.pipe.end, invalid_argument("range can't iterate over " + over.print()));
    }
    Result<Flow> flow = Flow::On;
    if (!any) flow = walk(node.otherwise, dot);
    variables_.resize(known);
    return flow;
  }

  Result<Flow> invoke(const Node& node, const TemplateValue& dot) {
    const auto end = node.begin + node.text.size() + 11;
    const auto found = program_.definitions.find(node.text);
    if (found == program_.definitions.end())
      return at(node.begin, end, invalid_argument("template \"" + node.text + "\" not defined"));
    if (++calls_ > kCallsMax) return at(node.begin, end, invalid_argument("exceeded maximum template depth (100)"));
    TemplateValue argument;
    if (!node.pipe.commands.empty()) {
      MAMORI_TRY(argument, pipeline(node.pipe, dot));
    }
    auto outer = std::exchange(variables_, {{"$", argument}});
    auto name = std::exchange(name_, node.text);
    MAMORI_TRY_VOID(walk(found->second, argument));
    variables_ = std::move(outer);
    name_ = std::move(name);
    --calls_;
    return Flow::On;
  }

  // ---- variables ----

  TemplateValue* find(std::string_view name) {
    const auto found =
        std::find_if(variables_.rbegin(), variables_.rend(), [&](const auto& v) { return v.first == name; });
    return found == variables_.rend() ? nullptr : &found->second;
  }

  Result<void> set(const std::string& name, TemplateValue value, const TemplatePipe& pipe) {
    if (!pipe.assigns) {
      variables_.emplace_back(name, std::move(value));
      return {};
    }
    auto* known = find(name);
    if (known == nullptr) return at(pipe.begin, pipe.end, invalid_argument("undefined variable: " + name));
    *known = std::move(value);
    return {};
  }

  // ---- values ----

  Result<TemplateValue> pipeline(const TemplatePipe& pipe, const TemplateValue& dot) {
    TemplateValue value;
    bool first = true;
    for (const auto& command : pipe.commands) {
      MAMORI_TRY_VOID(step(command.begin));
      MAMORI_TRY(value, this->command(command, dot, first ? nullptr : &value));
      first = false;
    }
    for (const auto& name : pipe.variables) MAMORI_TRY_VOID(set(name, value, pipe));
    return value;
  }

  /// `last`: what the pipeline gave so far; becomes the last argument.
  Result<TemplateValue> command(const TemplateCommand& command, const TemplateValue& dot, const TemplateValue* last) {
    const auto& head = command.operands.front();
    if (head.kind == Operand::Kind::Function && head.fields.empty()) return function(command, dot, last);
    if (!head.fields.empty()) {
      std::vector<TemplateValue> args;
      for (std::size_t i = 1; i < command.operands.size(); ++i) {
        MAMORI_TRY(auto arg, operand(command.operands[i], dot));
        args.push_back(std::move(arg));
      }
      if (last != nullptr) args.push_back(*last);
      return fields(head, dot, args);
    }
    if (command.operands.size() > 1 || last != nullptr) {
      return at(head, invalid_argument("can't give argument to non-function " + text_of(head)));
    }
    if (head.kind == Operand::Kind::Nil) return at(head, invalid_argument("nil is not a command"));
    return operand(head, dot);
  }

  std::string text_of(const Operand& operand) const {
    return program_.text.substr(operand.begin, operand.end - operand.begin);
  }

  Result<TemplateValue> operand(const Operand& operand, const TemplateValue& dot) {
    if (!operand.fields.empty()) return fields(operand, dot, {});
    return bare(operand, dot);
  }

  /// Without its fields.
  Result<TemplateValue> bare(const Operand& operand, const TemplateValue& dot) {
    switch (operand.kind) {
      case Operand::Kind::Dot:
      case Operand::Kind::Field:
        return dot;
      case Operand::Kind::Nil:
        return TemplateValue();
      case Operand::Kind::Constant:
        return operand.constant;
      case Operand::Kind::Variable: {
        const auto* value = find(operand.name);
        if (value == nullptr) return at(operand, invalid_argument("undefined variable: " + operand.name));
        return *value;
      }
      case Operand::Kind::Function: {
        TemplateCommand alone;
        alone.begin = operand.begin;
        alone.operands.push_back({.kind = Operand::Kind::Function,
                                  .begin = operand.begin,
                                  .end = operand.end,
                                  .name = operand.name,
                                  .constant = {},
                                  .pipe = {},
                                  .fields = {}});
        return function(alone, dot, nullptr);
      }
      case Operand::Kind::Pipe:
        break;
    }
    return pipeline(*operand.pipe, dot);
  }

  Result<TemplateValue> fields(const Operand& operand, const TemplateValue& dot, std::span<const TemplateValue> args) {
    MAMORI_TRY(auto value, bare(operand, dot));
    for (std::size_t i = 0; i < operand.fields.size(); ++i) {
      const bool is_last = i + 1 == operand.fields.size();
      auto next = field(value, operand.fields[i], is_last ? args : std::span<const TemplateValue>{});
      if (!next) return at(operand, next.error());
      value = *std::move(next);
    }
    return value;
  }

  static Result<TemplateValue> field(const TemplateValue& of, const std::string& name,
                                     std::span<const TemplateValue> args) {
    if (of.is(Kind::Time)) return template_time_method(of.as_time(), name, args);
    if (of.is(Kind::Duration)) return template_duration_method(of.as_duration(), name, args);
    if (!args.empty()) return invalid_argument(name + " is not a method but has arguments");
    switch (of.kind()) {
      case Kind::Labels: {
        const auto found = of.as_labels().find(name);
        return TemplateValue(found == of.as_labels().end() ? std::string() : found->second);
      }
      case Kind::Map: {
        const auto found = of.as_map().find(name);
        return found == of.as_map().end() ? TemplateValue() : found->second;
      }
      case Kind::Data:
        if (const auto found = of.as_data().find(name); found != of.as_data().end()) return found->second;
        break;
      case Kind::Sample:
        if (name == "Labels")
          return TemplateValue::labels({of.as_sample().labels.begin(), of.as_sample().labels.end()});
        if (name == "Value") return TemplateValue::of_number(of.as_sample().value);
        break;
      case Kind::Nil:
        return invalid_argument("nil pointer evaluating interface {}." + name);
      default:
        break;
    }
    return invalid_argument("can't evaluate field " + name + " in type " + std::string(of.type_name()));
  }

  Result<TemplateValue> function(const TemplateCommand& command, const TemplateValue& dot, const TemplateValue* last) {
    const auto& name = command.operands.front().name;
    if (name == "and" || name == "or") return decide(command, dot, last);
    const auto& found = *find_template_function(name);
    const auto count = command.operands.size() - 1 + (last != nullptr ? 1 : 0);
    if (count < found.args_min || count > found.args_max) {
      const bool open = found.args_max == kManyArgs;
      return at(command,
                invalid_argument("wrong number of args for " + name + ": want " + (open ? "at least " : "") +
                                 std::to_string(open || count < found.args_min ? found.args_min : found.args_max) +
                                 " got " + std::to_string(count)));
    }
    std::vector<TemplateValue> args;
    for (std::size_t i = 1; i < command.operands.size(); ++i) {
      MAMORI_TRY(auto arg, operand(command.operands[i], dot));
      args.push_back(std::move(arg));
    }
    if (last != nullptr) args.push_back(*last);
    auto value = found.call({data_, bounds_, queries_}, args);
    if (!value) return at(command, called(name, value.error()));
    return *std::move(value);
  }

  static Error called(const std::string& name, const Error& error) {
    const bool of_type =
        error.message.starts_with("wrong type for value") || error.message.starts_with("invalid value;");
    return of_type ? error : Error{error.code, "error calling " + name + ": " + error.message};
  }

  /// `and` and `or`: the first argument that decides; what follows is not evaluated.
  Result<TemplateValue> decide(const TemplateCommand& command, const TemplateValue& dot, const TemplateValue* last) {
    const auto& name = command.operands.front().name;
    if (command.operands.size() == 1 && last == nullptr)
      return at(command, invalid_argument("wrong number of args for " + name + ": want at least 1 got 0"));
    TemplateValue value;
    for (std::size_t i = 1; i < command.operands.size(); ++i) {
      MAMORI_TRY(value, operand(command.operands[i], dot));
      if (value.truth() == (name == "or")) return value;
    }
    return last == nullptr ? value : *last;
  }

  const TemplateProgram& program_;
  const TemplateData& data_;
  const TemplateBounds& bounds_;
  std::string name_;  // of the template that runs
  std::vector<std::pair<std::string, TemplateValue>> variables_;
  std::string out_;
  std::size_t steps_ = 0, queries_ = 0;
  int calls_ = 0;
};

}  // namespace

Result<Template> Template::parse(std::string_view name, std::string_view text, TemplateMistake* mistake) {
  Template made;
  MAMORI_TRY(made.program_, parse_template(name, text, mistake));
  return made;
}

Result<std::string> Template::expand(const TemplateData& data, const TemplateBounds& bounds) const {
  return Executor(*program_, data, bounds).run();
}

}  // namespace mamori::rules
