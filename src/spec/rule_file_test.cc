#include "spec/rule_file.h"

#include <gtest/gtest.h>

namespace mamori::spec {
namespace {

/// "line:column id" of the only finding.
std::string only_finding(const std::string& text) {
  const auto file = read_rule_file("a.yml", text);
  if (file.diagnostics.size() != 1) return std::to_string(file.diagnostics.size()) + " findings";
  const auto& found = file.diagnostics[0];
  return std::to_string(found.line) + ":" + std::to_string(found.column) + " " + found.id;
}

/// A file of one group with one rule, whose keys are given.
std::string one_rule(const std::string& keys) { return "groups: [{name: g, rules: [{" + keys + "}]}]\n"; }

TEST(RuleFile, ReadsEveryKey) {
  const auto file = read_rule_file("a.yml", R"(groups:
- name: first
  interval: 30s
  query_offset: 1m
  limit: 10
  labels: {team: payments}
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
    labels:
      level: 5
      "": ~
  - alert: Down
    expr: up == 0
    for: 5m
    keep_firing_for: 1m30s
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }} is down"}
- name: second
)");
  ASSERT_EQ(file.diagnostics.size(), 1u);
  EXPECT_EQ(file.diagnostics[0].id, "rules.name");
  ASSERT_EQ(file.groups.size(), 2u);
  const auto& group = file.groups[0];
  EXPECT_EQ(group.name.text, "first");
  EXPECT_EQ(group.interval, Seconds{30});
  EXPECT_EQ(group.query_offset, Seconds{60});
  EXPECT_EQ(group.limit, 10);
  ASSERT_EQ(group.labels.size(), 1u);
  EXPECT_EQ(group.labels[0].first.text, "team");
  ASSERT_EQ(group.rules.size(), 2u);
  EXPECT_EQ(group.rules[0].record.text, "job:up:sum");
  EXPECT_EQ(group.rules[0].expr.text, "sum by (job) (up)");
  EXPECT_EQ(group.rules[0].expr.at, (Place{9, 11}));
  EXPECT_EQ(group.rules[0].labels[0].second.text, "5");
  EXPECT_EQ(group.rules[1].alert.text, "Down");
  EXPECT_EQ(group.rules[1].hold, std::chrono::minutes{5});
  EXPECT_EQ(group.rules[1].keep_firing_for, Seconds{90});
  EXPECT_EQ(group.rules[1].annotations[0].second.text, "{{ $labels.job }} is down");
  EXPECT_FALSE(file.groups[1].interval);
  EXPECT_TRUE(file.groups[1].rules.empty());
}

TEST(RuleFile, IsEmptyWithoutGroups) {
  for (const std::string text : {"", "# nothing\n", "groups:\n", "groups: []\n", "---\n"}) {
    const auto file = read_rule_file("a.yml", text);
    EXPECT_TRUE(file.diagnostics.empty()) << text;
    EXPECT_TRUE(file.groups.empty()) << text;
  }
}

TEST(RuleFile, NamesThePlaceOfEachMistake) {
  EXPECT_EQ(only_finding("groups:\n- rules: []\n"), "2:3 rules.group");
  EXPECT_EQ(only_finding("groups:\n- name: a\n- name: a\n"), "3:9 rules.group");
  EXPECT_EQ(only_finding("groups:\n- name: a\n  intervall: 5s\n"), "3:3 spec.unknown-key");
  EXPECT_EQ(only_finding("groups:\n- name: a\n  interval: 5\n"), "3:13 spec.wrong-unit");
  EXPECT_EQ(only_finding("groups:\n- name: a\n  limit: '5'\n"), "3:10 spec.wrong-type");
  EXPECT_EQ(only_finding("groups: {}\n"), "1:9 spec.wrong-type");
  EXPECT_EQ(only_finding("- groups\n"), "1:1 spec.wrong-type");
  EXPECT_EQ(only_finding("groups:\n- name: [a]\n").substr(0, 1), "2");
  EXPECT_EQ(only_finding("groups: [\n").substr(2), "1 yaml.syntax");
  EXPECT_EQ(only_finding(one_rule("expr: up")), "1:28 rules.rule");
  EXPECT_EQ(only_finding(one_rule("record: a")), "1:28 rules.rule");
  EXPECT_EQ(only_finding(one_rule("record: a, alert: b, expr: up")), "1:28 rules.rule");
  EXPECT_EQ(only_finding(one_rule("record: a, expr: up, for: 5m")), "1:50 rules.rule");
  EXPECT_EQ(only_finding(one_rule("record: a, expr: up, keep_firing_for: 5m")), "1:50 rules.rule");
  EXPECT_EQ(only_finding(one_rule("record: a, expr: up, annotations: {b: c}")), "1:50 rules.rule");
  EXPECT_EQ(only_finding(one_rule("record: 'up{}', expr: up")), "1:37 rules.name");
  EXPECT_EQ(only_finding(one_rule("record: \"a\xff\", expr: up")), "1:37 rules.name");
  EXPECT_EQ(only_finding(one_rule("record: a, expr: up, labels: {__name__: b}")), "1:59 rules.name");
  EXPECT_EQ(only_finding(one_rule("alert: a, expr: up, for: soon")), "1:54 spec.wrong-unit");
}

TEST(RuleFile, TakesWhatPrometheusTakes) {
  const auto silent = [](const std::string& text) {
    const auto file = read_rule_file("a.yml", text);
    EXPECT_TRUE(file.diagnostics.empty()) << text << to_json(file.diagnostics);
  };
  silent(one_rule("record: a, expr: 1, for: 0s"));
  silent(one_rule("record: a, expr: up, labels: , annotations: {}"));
  silent(one_rule("alert: 5, expr: up, labels: {a: true, b: 1.5, c: }"));
  silent(one_rule("record: \"\u5b88\u308a\", expr: up"));
  silent("groups: [{name: g, limit: -1, interval: 0}]\n");
}

TEST(RuleFile, UnknownKeysCanBeLeftAlone) {
  EXPECT_TRUE(read_rule_file("a.yml", "groups: []\nowner: me\n", {.ignore_unknown_keys = true}).diagnostics.empty());
  EXPECT_FALSE(read_rule_file("a.yml", "groups: []\nowner: me\n").diagnostics.empty());
}

TEST(RuleFile, PlacesAnOffsetInAValueHoweverItIsWritten) {
  const auto place = [](const std::string& yaml, std::string_view word) {
    const auto file = read_rule_file("a.yml", "groups:\n- name: g\n  rules:\n  - record: r\n    expr: " + yaml + "\n");
    EXPECT_TRUE(file.diagnostics.empty()) << to_json(file.diagnostics);
    const auto& expr = file.groups.at(0).rules.at(0).expr;
    return file.place_of(expr, expr.text.find(word));
  };
  EXPECT_EQ(place("sum(x) + y", "y"), (Place{5, 20}));
  EXPECT_EQ(place("'x{a=''1''} + y'", "y"), (Place{5, 25}));
  EXPECT_EQ(place(R"("x{a=\"1\"} + y")", "y"), (Place{5, 25}));
  EXPECT_EQ(place("|\n      sum(x)\n\n        + y", "y"), (Place{8, 11}));
  EXPECT_EQ(place(">-\n      sum(x)\n      + y", "y"), (Place{7, 9}));
  EXPECT_EQ(place("sum(x)\n      + y", "y"), (Place{6, 9}));
  EXPECT_EQ(place("'x{a=\"守り\"} + y'", "y"), (Place{5, 24}));
}

TEST(RuleFile, AFileThatIsNotThereIsAnError) {
  const auto file = load_rule_file("/nowhere/rules.yml");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::NotFound);
  EXPECT_NE(file.error().message.find("/nowhere/rules.yml"), std::string::npos);
}

}  // namespace
}  // namespace mamori::spec
