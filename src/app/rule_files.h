// app/rule_files.h: finds and reads rule files, and checks them to the last expression.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/rule_file.h"

namespace mamori::app {

/// All groups of the files that match. Errors: InvalidArgument with every mistake, a line each; Io.
Result<std::vector<spec::RuleGroupSpec>> load_rule_files(const std::vector<std::string>& globs);

/// `mamori check rules FILE…`.
std::string check_rules_help();
int run_check_rules(std::span<const std::string_view> args);

}  // namespace mamori::app
