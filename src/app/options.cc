#include "app/options.h"

#include <algorithm>

#include "base/text.h"

namespace mamori::app {
namespace {

const Option* find(std::span<const Option> options, std::string_view name) {
  const auto at = std::ranges::find(options, name, &Option::name);
  return at == options.end() ? nullptr : &*at;
}

Error unknown(std::span<const Option> options, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& option : options) names.emplace_back(option.name);
  const auto near = nearest(name, names);
  return invalid_argument("unknown option " + std::string(name) + (near.empty() ? "" : "; did you mean " + near + "?"));
}

}  // namespace

std::string ParsedOptions::get(std::string_view name) const {
  for (auto it = values_.rbegin(); it != values_.rend(); ++it) {
    if (it->first == name) return it->second;
  }
  const auto* option = find(options_, name);
  MAMORI_ASSERT(option != nullptr);
  return std::string(option->default_value);
}

std::vector<std::string> ParsedOptions::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : values_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

bool ParsedOptions::given(std::string_view name) const {
  return std::ranges::any_of(values_, [&](const auto& pair) { return pair.first == name; });
}

Result<ParsedOptions> parse_options(std::span<const Option> options, std::span<const std::string_view> args) {
  ParsedOptions parsed;
  parsed.options_ = options;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto arg = args[i];
    if (arg == "--") {
      for (++i; i < args.size(); ++i) parsed.positional_.emplace_back(args[i]);
      break;
    }
    if (!arg.starts_with('-') || arg == "-") {
      parsed.positional_.emplace_back(arg);
      continue;
    }
    const auto equals = arg.find('=');
    const auto name = arg.substr(0, equals);
    const auto* option = find(options, name);
    if (option == nullptr) return unknown(options, name);
    if (!option->repeatable && parsed.given(name)) return invalid_argument(std::string(name) + " is given twice");
    if (option->value.empty()) {
      if (equals != std::string_view::npos) return invalid_argument(std::string(name) + " takes no value");
      parsed.values_.emplace_back(name, "true");
    } else if (equals != std::string_view::npos) {
      parsed.values_.emplace_back(name, arg.substr(equals + 1));
    } else if (i + 1 < args.size()) {
      parsed.values_.emplace_back(name, args[++i]);
    } else {
      return invalid_argument(std::string(name) + " needs a value: " + std::string(name) + " " +
                              std::string(option->value));
    }
  }
  return parsed;
}

std::string options_help(std::span<const Option> options) {
  std::size_t width = 0;
  const auto left = [](const Option& option) {
    return "  " + std::string(option.name) + (option.value.empty() ? "" : " " + std::string(option.value));
  };
  for (const auto& option : options) width = std::max(width, left(option).size());
  std::string out;
  for (const auto& option : options) {
    std::string line = left(option);
    line.resize(width + 2, ' ');
    line += option.help;
    if (!option.default_value.empty()) line += " (default " + std::string(option.default_value) + ")";
    out += line + "\n";
  }
  return out;
}

}  // namespace mamori::app
