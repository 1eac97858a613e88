// app/main.cc: the command line. Chooses the command, catches what nobody else caught, and turns the outcome into an
// exit code: 0 done, 1 failed while running, 2 usage or environment, 3 the spec is wrong, 4 a check found violations.
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

#include "app/commands.h"

int main(int argc, char** argv) {
  // A peer that goes away is an error of that write, never the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string_view> args(argv + 1, argv + argc);
  try {
    return mamori::app::run_command(args);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mamori: internal error: %s\n", e.what());
    return 1;
  }
}
