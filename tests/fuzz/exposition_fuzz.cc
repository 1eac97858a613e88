// Any bytes as a page of metrics, in both formats: parsing ends; every sample that comes out has a name, and an error
// has a place. The linter's findings have places, too.
#include <cstdint>
#include <string_view>

#include "ingest/exposition.h"
#include "ingest/exposition_lint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mamori::ingest;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto format : {ExpositionFormat::PrometheusText, ExpositionFormat::OpenMetrics}) {
    const auto page = parse_exposition(text, format);
    if (!page) MAMORI_ASSERT(page.error().message.starts_with("line "));
    if (!page) continue;
    for (const auto& sample : page->samples) MAMORI_ASSERT(sample.labels.has(mamori::metrics::kMetricName));
  }
  for (const auto& finding : lint_exposition(text).findings)
    MAMORI_ASSERT(finding.at.line > 0 && !finding.text.empty());
  return 0;
}
