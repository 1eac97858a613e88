#include "app/check_rules_command.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace mamori::app {
namespace {

struct Got {
  int code = 0;
  std::string out, err;
};

Got check(const std::string& text, std::vector<std::string_view> args = {}) {
  std::istringstream in(text);
  std::ostringstream out, err;
  Got got;
  got.code = run_check_rules(args, in, out, err);
  got.out = out.str();
  got.err = err.str();
  return got;
}

const std::string kTwice = "groups: [{name: g, rules: [{record: r, expr: up}, {record: r, expr: up + 1}]}]\n";

TEST(CheckRules, CountsTheRulesOfAValidFile) {
  const auto got = check("groups: [{name: g, rules: [{record: r, expr: up}, {alert: A, expr: up}]}]\n");
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(got.out, "Checking standard input\n  SUCCESS: 2 rules found\n\n");
  EXPECT_EQ(got.err, "");
}

TEST(CheckRules, NamesThePlaceOfAMistakeAndEndsWith1) {
  const auto got = check("groups:\n- name: g\n  rules:\n  - record: r\n    expr: sum(\n");
  EXPECT_EQ(got.code, 1);
  EXPECT_NE(got.err.find("standard input:5:"), std::string::npos) << got.err;
  EXPECT_NE(got.err.find("[rules.expression]"), std::string::npos) << got.err;
}

TEST(CheckRules, LintEndsWith3OnlyWhenAsked) {
  EXPECT_EQ(check(kTwice).code, 0);
  EXPECT_EQ(check(kTwice, {"--lint-fatal"}).code, 3);
  EXPECT_EQ(check(kTwice, {"--lint-fatal", "--lint=none"}).code, 0);
  EXPECT_EQ(check(kTwice, {"--lint-fatal", "--lint", "all"}).code, 3);
  EXPECT_EQ(check(kTwice, {"--lint=everything"}).code, 2);
}

TEST(CheckRules, UnknownKeysAreMistakesUnlessTheyAreToBeIgnored) {
  EXPECT_EQ(check("groups: []\nowner: me\n").code, 1);
  EXPECT_EQ(check("groups: []\nowner: me\n", {"--ignore-unknown-fields"}).code, 0);
}

TEST(CheckRules, WritesJson) {
  const auto got = check(kTwice, {"--json"});
  EXPECT_TRUE(got.out.starts_with(R"([{"file":"standard input","rules":2,"valid":true,"findings":[{"file":)"))
      << got.out;
  EXPECT_NE(got.out.find(R"("id":"rules.duplicate")"), std::string::npos);
}

TEST(CheckRules, AFileThatIsNotThereIsAMistake) {
  const auto got = check("", {"/nowhere/a.yml"});
  EXPECT_EQ(got.code, 1);
  EXPECT_NE(got.err.find("/nowhere/a.yml"), std::string::npos);
}

}  // namespace
}  // namespace mamori::app
