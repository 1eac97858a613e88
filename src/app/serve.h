// app/serve.h: `mamori serve`: reads its options, starts the watcher, waits for signals, ends cleanly.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace mamori::app {

/// Exit codes: 0 ended by SIGTERM or SIGINT, 1 failed while running, 2 usage or environment (port, directory, file),
/// 3 the spec has errors.
int run_serve(std::span<const std::string_view> args);
std::string serve_help();

}  // namespace mamori::app
