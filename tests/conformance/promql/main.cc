// promql_conformance DIR: runs every *.test script of a folder. Exit 0 only if nothing failed.
#include <cstdio>

#include "script.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: promql_conformance DIR   (a folder with promqltest scripts, *.test)\n");
    return 2;
  }
  const auto files = mamori::conformance::run_folder(argv[1]);
  if (!files) {
    std::fprintf(stderr, "%s\n", files.error().message.c_str());
    return 2;
  }
  std::size_t passed = 0, failed = 0;
  for (const auto& file : *files) {
    for (const auto& failure : file.failures) {
      std::printf("%s:%d: %s\n", file.name.c_str(), failure.line, failure.reason.c_str());
    }
  }
  for (const auto& file : *files) {
    std::printf("%s: %zu passed, %zu failed\n", file.name.c_str(), file.passed, file.failures.size());
    passed += file.passed;
    failed += file.failures.size();
  }
  std::printf("%zu passed, %zu failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
