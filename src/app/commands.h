// app/commands.h: the table of commands, their help, and who runs them.
#pragma once
#include <span>
#include <string_view>

namespace mamori::app {

inline constexpr std::string_view kVersion = "0.1.0";

/// `args`: without the program's name. Returns the exit code.
int run_command(std::span<const std::string_view> args);

}  // namespace mamori::app
