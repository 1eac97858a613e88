// demo/supervisor.h: starts the demo's programs in order, watches and restarts them, and ends them in order.
#pragma once
#include <string>

#include "demo/options.h"

namespace mamori::demo {

/// Returns the exit code (demo.h). REQUIRES: the main thread; SIGINT, SIGTERM, SIGHUP and SIGCHLD are blocked.
int run_supervisor(const Options& options, const std::string& self_exe);

}  // namespace mamori::demo
