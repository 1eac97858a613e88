// spec/detail/script.h: a shell script as functions and statements: enough to see what it defines, calls and waits for.
// No shell: quoting, here-documents and nested functions are read line by line.
#pragma once
#include <string>
#include <vector>

#include "spec/detail/node.h"

namespace mamori::spec {

struct Statement {
  std::string text;  // continued lines are joined, comments are gone
  Position at;
};

struct ScriptFunction {
  std::string name;
  Position at;
  std::vector<Statement> statements;  // empty: a body of nothing but comments
};

struct Script {
  std::vector<ScriptFunction> functions;
  std::vector<Statement> statements;  // outside of functions

  bool defines(const std::string& name) const;
};

Script read_script(const Block& block);

/// Words in command position: "if check_a; then send_b x" -> check_a, send_b.
std::vector<std::string> commands_in(const std::string& statement);

bool is_shell_language(const std::string& language);

}  // namespace mamori::spec
