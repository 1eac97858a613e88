// app/test_rules_command.h: `mamori test rules`: runs files of tests of rules, in promtool's format and with its exit
// codes.
#pragma once
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace mamori::app {

std::string test_rules_help();

/// Exit codes: 0 all passed, 1 a test failed or a file cannot be used, 2 usage.
int run_test_rules(std::span<const std::string_view> args, std::ostream& out, std::ostream& err);

}  // namespace mamori::app
