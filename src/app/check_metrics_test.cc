#include "app/check_metrics.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace mamori::app {
namespace {

struct Outcome {
  int code = 0;
  std::string out, err;
};

Outcome check(const std::string& page, std::vector<std::string_view> args = {}) {
  std::istringstream in(page);
  std::ostringstream out, err;
  const int code = run_check_metrics(args, in, out, err);
  return {code, out.str(), err.str()};
}

TEST(CheckMetrics, ExitsAsPromtoolDoes) {
  const auto good = check("# HELP a Text.\n# TYPE a gauge\na 1\n");
  EXPECT_EQ(good.code, 0);
  EXPECT_EQ(good.out, "stdin: 1 metrics, 1 samples, nothing to object to\n");
  const auto malformed = check("a 1\nb one\n");
  EXPECT_EQ(malformed.code, 1);
  EXPECT_EQ(malformed.out, "stdin:2:3: error: \"one\" is not a value\n");
  const auto lint = check("a 1\n");
  EXPECT_EQ(lint.code, 3);
  EXPECT_EQ(lint.out, "stdin:1:1: a no help text\n");
}

TEST(CheckMetrics, SpeaksJson) {
  EXPECT_EQ(check("a 1\n", {"--json"}).out,
            R"({"metrics":1,"samples":1,"findings":[{"line":1,"column":1,"metric":"a","text":"no help text"}]})"
            "\n");
}

TEST(CheckMetrics, NamesWhatIsWrongWithTheCall) {
  EXPECT_EQ(check("", {"/nonexistent"}).code, 2);
  EXPECT_EQ(check("", {"/nonexistent"}).err, "mamori check metrics: there is no file /nonexistent\n");
  EXPECT_EQ(check("", {"a", "b"}).code, 2);
  EXPECT_EQ(check("", {"--jsn"}).code, 2);
}

}  // namespace
}  // namespace mamori::app
