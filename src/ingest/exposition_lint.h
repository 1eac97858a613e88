// ingest/exposition_lint.h: judges a page of metrics strictly, as `promtool check metrics` does: what is malformed, and
// what offends the naming rules. For `mamori check metrics`; scraping itself is as lax as Prometheus'.
// Source: prometheus.io/docs/practices/naming; client_golang's promlint.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/exposition.h"

namespace mamori::ingest {

struct LintFinding {
  PagePlace at;
  std::string metric;  // "": the page is malformed there, and was not read further
  std::string text;
};

struct LintReport {
  std::vector<LintFinding> findings;  // by metric, then text; each once
  std::size_t metrics = 0, samples = 0;
};

/// A page whose last line is "# EOF" is OpenMetrics.
LintReport lint_exposition(std::string_view page);

}  // namespace mamori::ingest
