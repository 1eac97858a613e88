// The OpenMetrics project's own parser cases, read from $MAMORI_CONFORMANCE_DIR/openmetrics. They ask for a checker; a
// scraper must be laxer, or it loses pages that Prometheus takes. So: all that must parse does, and of what must be
// refused at least the number known so far is.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ingest/exposition.h"

namespace mamori::ingest {
namespace {

namespace fs = std::filesystem;

constexpr int kRefusedAtLeast = 34;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(OpenMetricsConformance, ReadsWhatMustParseAndRefusesNoLessThanBefore) {
  const char* root = std::getenv("MAMORI_CONFORMANCE_DIR");
  if (root == nullptr || *root == '\0') GTEST_SKIP() << "MAMORI_CONFORMANCE_DIR is not set";
  int cases = 0, refused = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(root) / "openmetrics" / "parsers")) {
    const auto about = read(entry.path() / "test.json");
    const bool must_parse = about.find("\"shouldParse\":true") != std::string::npos ||
                            about.find("\"shouldParse\": true") != std::string::npos;
    const auto page = parse_exposition(read(entry.path() / "metrics"), ExpositionFormat::OpenMetrics);
    ++cases;
    if (must_parse) {
      EXPECT_TRUE(page) << entry.path().filename() << ": " << page.error().message;
    } else if (!page) {
      ++refused;
    }
  }
  EXPECT_GT(cases, 100);
  EXPECT_GE(refused, kRefusedAtLeast);
  RecordProperty("refused", refused);
}

}  // namespace
}  // namespace mamori::ingest
