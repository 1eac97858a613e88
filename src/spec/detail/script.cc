#include "spec/detail/script.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace mamori::spec {

namespace {

/// Without a comment that begins the line or follows a space outside of quotes.
std::string without_comment(const std::string& line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
      return line.substr(0, i);
    }
  }
  return line;
}

std::vector<Statement> join_lines(const Block& block) {
  std::vector<Statement> statements;
  bool goes_on = false;
  int number = block.at.line - 1;
  for (const std::string& raw : block.lines) {
    ++number;
    const std::string line = without_comment(raw);
    std::string_view text = trim(line);
    if (text.empty()) {
      goes_on = false;
      continue;
    }
    const bool continues = text.ends_with('\\');
    if (continues) text = trim(text.substr(0, text.size() - 1));
    if (goes_on) {
      statements.back().text += " " + std::string(text);
    } else {
      const auto indent = static_cast<int>(line.find_first_not_of(" \t"));
      statements.push_back({std::string(text), {block.at.file, number, indent + 1}});
    }
    goes_on = continues;
  }
  return statements;
}

}  // namespace

bool Script::defines(const std::string& name) const {
  return std::ranges::find(functions, name, &ScriptFunction::name) != functions.end();
}

Script read_script(const Block& block) {
  static const RE2 kBegin(R"((?:function\s+([A-Za-z_][\w-]*)\s*(?:\(\s*\))?|([A-Za-z_][\w-]*)\s*\(\s*\))\s*\{\s*(.*))");
  Script script;
  bool inside = false;
  int depth = 0;  // of braces inside the function
  for (Statement& statement : join_lines(block)) {
    std::string first, second, rest;
    if (!inside && RE2::FullMatch(statement.text, kBegin, &first, &second, &rest)) {
      script.functions.push_back({first.empty() ? second : first, statement.at, {}});
      inside = true;
      depth = 0;
      if (rest.empty()) continue;
      const bool closed = rest.ends_with('}');
      const std::string_view body = trim(closed ? std::string_view(rest).substr(0, rest.size() - 1) : rest);
      if (!body.empty()) script.functions.back().statements.push_back({std::string(body), statement.at});
      inside = !closed;
      continue;
    }
    if (!inside) {
      script.statements.push_back(std::move(statement));
      continue;
    }
    if (statement.text == "}" && depth == 0) {
      inside = false;
      continue;
    }
    if (statement.text == "{") ++depth;
    if (statement.text == "}") --depth;
    script.functions.back().statements.push_back(std::move(statement));
  }
  return script;
}

std::vector<std::string> commands_in(const std::string& statement) {
  // Quoted text can hold anything; what stands in it is no command, except inside $( ), which is read as well.
  static const RE2 kQuoted(R"('[^']*'|"[^"$`]*")");
  static const RE2 kBreak(R"(&&|\|\||[;|&(){}!`])");
  static const RE2 kLeading(
      R"(^\s*(?:(?:if|elif|while|until|then|do|else|time|exec)\s+|[A-Za-z_]\w*=\S*\s+)*([A-Za-z_][\w.-]*))");
  std::string text = statement;
  RE2::GlobalReplace(&text, kQuoted, "''");
  RE2::GlobalReplace(&text, kBreak, "\n");
  std::vector<std::string> commands;
  for (const std::string_view part : split(text, '\n')) {
    std::string word;
    if (RE2::PartialMatch(re2::StringPiece(part.data(), part.size()), kLeading, &word)) commands.push_back(word);
  }
  return commands;
}

bool is_shell_language(const std::string& language) {
  return language == "bash" || language == "sh" || language == "shell" || language == "zsh";
}

}  // namespace mamori::spec
