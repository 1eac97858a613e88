// demo/demo.h: `mamori demo …`: a small shop on loopback whose payments mamori watches. Everything that it shows is
// generated; the programs in between (nginx, rsyslog, node exporter, mamori itself) are the real ones.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace mamori::demo {

/// `args`: what follows `mamori demo`. `self_exe`: path of this binary, which the demo runs again as `serve` and as the
/// demo's own processes. Returns the exit code: 0 ended as asked, 1 something could not start, 2 the call is wrong
/// (flag, port in use, missing program), each with one line on stderr that names the remedy.
/// REQUIRES: called from the main thread, before any other thread was started.
int run_demo(std::span<const std::string_view> args, const std::string& self_exe);

/// What `mamori demo --help` prints.
std::string demo_help();

}  // namespace mamori::demo
