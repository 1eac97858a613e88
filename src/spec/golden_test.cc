// The design log's own sections, and the shipped configuration that mends them.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "spec/spec.h"

namespace mamori::spec {
namespace {

const std::filesystem::path kSource = MAMORI_SOURCE_DIR;

Loaded load_files(const std::vector<std::string>& names) {
  std::vector<std::string> paths;
  for (const std::string& name : names) paths.push_back((kSource / name).string());
  auto loaded = load(paths);
  if (!loaded) {
    ADD_FAILURE() << loaded.error().message;
    return {};
  }
  return *std::move(loaded);
}

std::set<int> mistakes(const Loaded& loaded) {
  std::set<int> numbers;
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.mistake) numbers.insert(*diagnostic.mistake);
  }
  return numbers;
}

TEST(DesignLog, ItsSectionsShowExactlyTheseMistakes) {
  const Loaded loaded = load_files({"tests/golden/spec/log-verbatim.yaml", "tests/golden/spec/log-verbatim.json"});
  // Not here, because the nine sections do not show them: 11 to 16, 18, 25, 32, 35, 37 and 55 stand in the log's prose,
  // diagram, script and checklists (next test).
  EXPECT_EQ(mistakes(loaded),
            (std::set<int>{1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 17, 19, 20, 21, 22, 23, 24, 26, 27, 28, 29, 30,
                           31, 33, 34, 36, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 56}));
  EXPECT_TRUE(loaded.has_errors());
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    EXPECT_TRUE(diagnostic.mistake) << to_string(diagnostic);
    EXPECT_GT(diagnostic.line, 0);
  }
}

TEST(DesignLog, ItsProseDiagramAndScriptShowTheOthers) {
  const Loaded loaded = load_files(
      {"tests/golden/spec/log-prose.md", "tests/golden/spec/log-verbatim.yaml", "tests/golden/spec/log-verbatim.json"});
  std::set<int> all;
  for (int number = 1; number <= 56; ++number) all.insert(number);
  EXPECT_EQ(mistakes(loaded), all);
  for (const Diagnostic& diagnostic : loaded.diagnostics) EXPECT_TRUE(diagnostic.mistake) << to_string(diagnostic);
}

TEST(DesignLog, TheShippedConfigurationMendsThem) {
  const Loaded loaded = load_files({"config/payment-platform.yaml"});
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    EXPECT_EQ(diagnostic.severity, Severity::Info) << to_string(diagnostic);
  }
  EXPECT_EQ(loaded.spec.indicators.size(), 4u);
  EXPECT_EQ(loaded.spec.log_alerts.size(), 2u);
  EXPECT_EQ(loaded.spec.dashboards.size(), 2u);
  EXPECT_EQ(loaded.spec.prometheus.scrape_configs.size(), 1u);
  EXPECT_TRUE(loaded.spec.notify.empty());
}

}  // namespace
}  // namespace mamori::spec
