#include "spec/rule_file.h"

#include <gtest/gtest.h>

namespace mamori::spec {
namespace {

TEST(RuleFile, ReadsGroupsAsPrometheusWritesThem) {
  const auto file = read_rule_text("shop.yml", R"(
groups:
  - name: payments
    interval: 30s
    query_offset: 5s
    limit: 10
    labels: {team: pay}
    rules:
      - record: job:payments:rate5m
        expr: sum by (job) (rate(payments_total[5m]))
        labels: {window: 5m}
      - alert: Down
        expr: |
          up == 0
        for: 5m
        keep_firing_for: 1m
        annotations: {summary: "{{ $labels.job }} is down"}
  - name: empty
)");
  ASSERT_FALSE(file.has_errors()) << to_string(file.diagnostics.at(0));
  ASSERT_EQ(file.groups.size(), 2u);
  const auto& group = file.groups[0];
  EXPECT_EQ(group.interval, Seconds{30});
  EXPECT_EQ(group.query_offset, Nanos{Seconds{5}});
  EXPECT_EQ(group.limit, 10u);
  EXPECT_EQ(group.labels, (LabelPairs{{"team", "pay"}}));
  ASSERT_EQ(group.rules.size(), 2u);
  EXPECT_FALSE(group.rules[0].alerting);
  EXPECT_EQ(group.rules[0].expr, "sum by (job) (rate(payments_total[5m]))");
  EXPECT_EQ(group.rules[0].labels, (LabelPairs{{"window", "5m"}}));
  EXPECT_EQ(group.rules[0].line, 9);
  EXPECT_TRUE(group.rules[1].alerting);
  EXPECT_EQ(group.rules[1].hold, std::chrono::minutes{5});
  EXPECT_EQ(group.rules[1].keep_firing_for, std::chrono::minutes{1});
}

TEST(RuleFile, NamesThePlaceAndTheRemedyOfAMistake) {
  const auto check = [](const std::string& text, const std::string& want) {
    const auto file = read_rule_text("r.yml", text);
    ASSERT_FALSE(file.diagnostics.empty()) << text;
    EXPECT_NE(to_string(file.diagnostics[0]).find(want), std::string::npos) << to_string(file.diagnostics[0]);
  };
  check("groups: [{name: a, rules: [{record: x}]}]", "expr");
  check("groups: [{name: a, rules: [{expr: up}]}]", "r.yml:1:28: error: a rule has no record: and no alert:");
  check("groups: [{name: a, rules: [{record: x, alert: y, expr: up}]}]", "not both");
  check("groups: [{name: a}, {name: a}]", "stands in this file twice");
  check("groups: [{name: a, rules: [{record: x, expr: up, for: 5m}]}]", "for is for alerts only");
  check("groups: [{name: a, rules: [{record: x, exp: up}]}]", "expr");
  check("groups: [{name: a, interval: soon}]", "interval");
  check("groups: [{name: a, rules: [{record: x, expr: ''}]}]", "empty");
  check("group: []", "groups");
}

TEST(RuleFile, AnEmptyFileHasNoRules) {
  const auto file = read_rule_text("r.yml", "");
  EXPECT_TRUE(file.groups.empty());
  EXPECT_FALSE(file.has_errors());
}

}  // namespace
}  // namespace mamori::spec
