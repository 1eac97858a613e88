#include "spec/detail/script.h"

#include <gtest/gtest.h>

namespace mamori::spec {
namespace {

Script read(std::vector<std::string> lines) { return read_script(Block{"bash", {0, 5, 1}, std::move(lines)}); }

TEST(Script, TellsFunctionsFromTheRest) {
  const Script script = read({"#!/bin/bash", "a() {", "  # only this", "}", "function b {", "  echo x # y", "}", "b"});
  ASSERT_EQ(script.functions.size(), 2u);
  EXPECT_TRUE(script.functions[0].statements.empty());
  EXPECT_EQ(script.functions[0].at, (Position{0, 6, 1}));
  EXPECT_EQ(script.functions[1].statements[0].text, "echo x");
  ASSERT_EQ(script.statements.size(), 1u);
  EXPECT_TRUE(script.defines("b"));
}

TEST(Script, JoinsContinuedLines) {
  const Script script = read({"aws rds promote \\", "   --id \\", "   x", "next"});
  ASSERT_EQ(script.statements.size(), 2u);
  EXPECT_EQ(script.statements[0].text, "aws rds promote --id x");
  EXPECT_EQ(script.statements[1].at.line, 8);
}

TEST(Script, FindsWordsInCommandPosition) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(commands_in("if check_a; then send_b \"run_c now\"; fi"), (Words{"check_a", "send_b", "fi"}));
  EXPECT_EQ(commands_in("X=1 Y=2 go_on arg_a || stop_it"), (Words{"go_on", "stop_it"}));
  EXPECT_EQ(commands_in("while true; do x=$(read_it); done"), (Words{"true", "x", "read_it", "done"}));
}

}  // namespace
}  // namespace mamori::spec
