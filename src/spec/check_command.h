// spec/check_command.h: the command `mamori check`.
#pragma once
#include <ostream>
#include <span>
#include <string_view>

namespace mamori::spec {

/// `args`: what follows `check` on the command line. Findings go to `out`; usage mistakes and missing files, with the
/// remedy, to `err` in one line. Returns the exit code: 0 (also with warnings), 2 for usage or a missing file, 3 with
/// errors in the spec.
int run_check(std::span<const std::string_view> args, std::ostream& out, std::ostream& err);

}  // namespace mamori::spec
