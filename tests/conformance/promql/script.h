// tests/conformance/promql/script.h: runs scripts in the language of Prometheus' promqltest: load, clear, eval.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mamori::conformance {

struct Failure {
  int line = 0;  // of the eval, from 1
  std::string reason;
};

struct FileOutcome {
  std::string name;
  std::size_t passed = 0;
  std::vector<Failure> failures;
};

FileOutcome run_script(std::string name, std::string_view text);

/// Every *.test file of a folder, in order of names. Errors: NotFound if there is none.
Result<std::vector<FileOutcome>> run_folder(const std::string& folder);

}  // namespace mamori::conformance
