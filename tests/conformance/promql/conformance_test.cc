// The scripts' passed evaluations per file against tests/conformance/promql/baseline.txt, which may only rise.
#include <cstdlib>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include "script.h"

namespace mamori::conformance {
namespace {

TEST(Script, CountsWhatPassesAndPlacesWhatFails) {
  const auto outcome = run_script("inline.test", R"(load 1m
  up{job="a"} 1 0+1x2 _ NaN stale

eval instant at 2m up
  up{job="a"} 1

eval range from 0 to 4m step 1m up
  up{job="a"} 1 0 1 2 2

eval instant at 0 1 + 1
  3

eval instant at 0 sum(
  expect fail
)");
  EXPECT_EQ(outcome.passed, 3u);
  ASSERT_EQ(outcome.failures.size(), 1u);
  EXPECT_EQ(outcome.failures[0].line, 10);
}

TEST(Conformance, PassesAtLeastAsManyEvaluationsAsBefore) {
  const char* root = std::getenv("MAMORI_CONFORMANCE_DIR");
  if (!root) GTEST_SKIP() << "MAMORI_CONFORMANCE_DIR is not set";
  const auto files = run_folder(std::string(root) + "/promql");
  ASSERT_TRUE(files) << files.error().message;
  std::map<std::string, std::size_t> passed;
  for (const auto& file : *files) passed[file.name] = file.passed;
  std::ifstream baseline(MAMORI_PROMQL_BASELINE);
  std::string name;
  std::size_t least = 0, lines = 0;
  for (; baseline >> name >> least; ++lines) {
    EXPECT_GE(passed[name], least) << name;
    if (passed[name] > least) std::printf("%s: %zu pass now, raise the baseline\n", name.c_str(), passed[name]);
  }
  EXPECT_GT(lines, 0u) << MAMORI_PROMQL_BASELINE;
}

}  // namespace
}  // namespace mamori::conformance
