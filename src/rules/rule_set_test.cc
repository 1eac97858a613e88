#include "rules/rule_set.h"

#include <gtest/gtest.h>

namespace mamori::rules {
namespace {

TEST(RuleSet, FillsInTheDefaultsOfGroups) {
  auto file = spec::read_rule_file("a.yml", R"(groups:
- name: a
  interval: 10s
  labels: {x: group, y: group}
  rules: [{record: r, expr: up, labels: {x: rule}}]
- name: b
  query_offset: 0s
  rules: [{alert: A, expr: up == 0, for: 1m, annotations: {b: "2", a: "1"}}]
)");
  const auto groups = compile_rules(file, {.interval = Seconds{15}, .query_offset = Seconds{5}});
  ASSERT_TRUE(file.diagnostics.empty());
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].interval, Seconds{10});
  EXPECT_EQ(groups[0].query_offset, Seconds{5});
  EXPECT_EQ(groups[0].rules[0]->labels, (TextPairs{{"x", "rule"}, {"y", "group"}}));
  EXPECT_EQ(groups[0].key(), "a.yml;a");
  EXPECT_EQ(groups[1].interval, Seconds{15});
  EXPECT_EQ(groups[1].query_offset, Nanos{0});
  EXPECT_EQ(groups[1].rules[0]->kind, RuleKind::Alerting);
  EXPECT_EQ(groups[1].rules[0]->annotations, (TextPairs{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(groups[1].rules[0]->shown_query(), "up == 0");
}

TEST(RuleSet, PlacesWhatIsWrongInAnExpressionInItsFile) {
  auto file = spec::read_rule_file("a.yml", R"(groups:
- name: a
  rules:
  - record: r
    expr: |
      sum(up)
        + rate(up)
  - record: fine
    expr: up
)");
  const auto groups = compile_rules(file);
  ASSERT_EQ(file.diagnostics.size(), 1u);
  const auto& found = file.diagnostics[0];
  EXPECT_EQ(found.id, "rules.expression");
  EXPECT_EQ(found.line, 7);
  EXPECT_EQ(found.column, 16);
  EXPECT_NE(found.message.find("expected type range vector"), std::string::npos) << found.message;
  ASSERT_EQ(groups[0].rules.size(), 1u);
  EXPECT_EQ(groups[0].rules[0]->name, "fine");
}

TEST(RuleSet, PlacesWhatIsWrongInATemplateInItsFile) {
  auto file = spec::read_rule_file("a.yml", R"yaml(groups:
- name: a
  labels: {team: "{{ nope }}"}
  rules:
  - alert: A
    expr: up
    annotations:
      summary: "{{ $labels.job }} {{ $lables.job }}"
  - record: r
    expr: up
    labels: {x: "{{ no template here"}
)yaml");
  const auto groups = compile_rules(file);
  ASSERT_EQ(file.diagnostics.size(), 2u) << spec::to_json(file.diagnostics);
  EXPECT_EQ(file.diagnostics[0].line, 3);
  EXPECT_EQ(file.diagnostics[0].column, 22);
  EXPECT_EQ(file.diagnostics[0].id, "rules.template");
  EXPECT_EQ(file.diagnostics[1].line, 8);
  EXPECT_EQ(file.diagnostics[1].column, 38);
  EXPECT_NE(file.diagnostics[1].message.find("undefined variable \"$lables\""), std::string::npos);
  EXPECT_EQ(groups[0].rules.size(), 1u);
}

TEST(RuleSet, GroupsAreEqualWhenNothingOfThemDiffers) {
  const auto group = [](const std::string& text) {
    auto file = spec::read_rule_file("a.yml", text);
    return compile_rules(file).at(0);
  };
  const std::string text = "groups: [{name: g, rules: [{record: r, expr: up}]}]";
  EXPECT_EQ(group(text), group(text + "\n# a comment\n"));
  EXPECT_NE(group(text), group("groups: [{name: g, rules: [{record: r, expr: up + 1}]}]"));
  EXPECT_NE(group(text), group("groups: [{name: g, limit: 1, rules: [{record: r, expr: up}]}]"));
  EXPECT_NE(group(text), group("groups: [{name: g, rules: []}]"));
}

TEST(RuleSet, FindsRulesThatWriteTheSameSeries) {
  const auto file = spec::read_rule_file("a.yml", R"(groups:
- name: a
  labels: {x: "1"}
  rules:
  - {record: r, expr: up}
  - {record: r, expr: up, labels: {x: "2"}}
- name: b
  rules:
  - {record: r, expr: up * 2, labels: {x: "1"}}
)");
  const auto found = find_duplicate_rules(file);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].line, 9);
  EXPECT_EQ(found[0].severity, spec::Severity::Warning);
  EXPECT_EQ(found[0].message, "\"r\" with {x=\"1\"} is there twice, first in line 5");
}

}  // namespace
}  // namespace mamori::rules
