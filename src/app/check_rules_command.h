// app/check_rules_command.h: `mamori check rules`: what promtool's command of that name finds, with places and
// remedies.
#pragma once
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace mamori::app {

std::string check_rules_help();

/// Reads `in` when no file is named. Returns the exit code.
int run_check_rules(std::span<const std::string_view> args, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace mamori::app
