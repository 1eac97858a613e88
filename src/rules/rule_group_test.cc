#include "rules/rule_group.h"

#include <gtest/gtest.h>

#include "rules/test_rules.h"

namespace mamori::rules {
namespace {

using metrics::Labels;

const Labels kA({{"__name__", "up"}, {"job", "a"}});
const Labels kB({{"__name__", "up"}, {"job", "b"}});

TEST(RuleGroup, WritesWhatItsRulesGiveUnderTheirNamesAndLabels) {
  RuleWorld world;
  world.put(kA, 0, 1);
  world.put(kB, 0, 0);
  RuleGroup group(only_group(R"(groups:
- name: g
  labels: {team: payments, level: group}
  rules:
  - record: job:up
    expr: up
    labels: {level: job, job: ""}
  - record: up:count
    expr: count(up)
  - record: number
    expr: 1 + 1
)"),
                  {});
  // Two series become one label set: the first rule fails, the others go on.
  group.evaluate(world.environment, at_seconds(60));
  EXPECT_EQ(world.all("job:up"), "");
  EXPECT_EQ(world.all("up:count"), "{level=\"group\", team=\"payments\"} 2@60\n");
  EXPECT_EQ(world.all("number"), "{level=\"group\", team=\"payments\"} 2@60\n");
  const auto status = group.status();
  EXPECT_EQ(status.rules[0].health, RuleHealth::Bad);
  EXPECT_EQ(status.rules[0].last_error, "vector contains metrics with the same labelset after applying rule labels");
  EXPECT_EQ(status.rules[1].health, RuleHealth::Good);
  EXPECT_EQ(status.counters.evaluations, 3u);
  EXPECT_EQ(status.counters.failures, 1u);
  EXPECT_EQ(status.counters.iterations, 1u);
  EXPECT_EQ(status.last_samples, 2u);
}

TEST(RuleGroup, ARuleSeesWhatTheRulesBeforeItGave) {
  RuleWorld world;
  world.put(kA, 0, 3);
  RuleGroup group(only_group(R"(groups: [{name: g, rules: [
    {record: double, expr: up * 2}, {record: quadruple, expr: double * 2}]}])"),
                  {});
  group.evaluate(world.environment, at_seconds(10));
  EXPECT_EQ(world.all("quadruple"), "{job=\"a\"} 12@10\n");
}

TEST(RuleGroup, ASeriesThatVanishesIsMarkedStale) {
  RuleWorld world;
  world.put(kA, 0, 1);
  world.put(kB, 0, 1);
  RuleGroup group(only_group("groups: [{name: g, rules: [{record: r, expr: up == 1}]}]"), {});
  group.evaluate(world.environment, at_seconds(0));
  world.put(kB, 30, 0);
  group.evaluate(world.environment, at_seconds(60));
  group.evaluate(world.environment, at_seconds(120));
  EXPECT_EQ(world.all("r"), "{job=\"a\"} 1@0 1@60 1@120\n{job=\"b\"} 1@0 stale@60\n");
}

TEST(RuleGroup, AFailedEvaluationEndsNothing) {
  RuleWorld world;
  world.put(kA, 0, 1);
  RuleGroup group(only_group("groups: [{name: g, limit: 1, rules: [{record: r, expr: up}]}]"), {});
  group.evaluate(world.environment, at_seconds(0));
  world.put(kB, 30, 1);
  group.evaluate(world.environment, at_seconds(60));
  EXPECT_EQ(group.status().rules[0].last_error, "exceeded limit of 1 with 2 series");
  EXPECT_EQ(world.all("r"), "{job=\"a\"} 1@0\n");
  world.put(kB, 90, metrics::stale_nan());
  group.evaluate(world.environment, at_seconds(120));
  EXPECT_EQ(world.all("r"), "{job=\"a\"} 1@0 1@120\n");
  EXPECT_EQ(group.status().rules[0].last_error, "");
}

TEST(RuleGroup, AnOffsetAsksAndWritesThatMuchInThePast) {
  RuleWorld world;
  world.put(kA, 0, 1);
  world.put(kA, 50, 2);
  RuleGroup group(only_group("groups: [{name: g, query_offset: 30s, rules: [{record: r, expr: up}]}]"), {});
  group.evaluate(world.environment, at_seconds(60));
  EXPECT_EQ(world.all("r"), "{job=\"a\"} 1@30\n");
}

TEST(RuleGroup, AnExpressionWithoutSeriesIsAnError) {
  RuleWorld world;
  auto file = spec::read_rule_file("a.yml", "groups: [{name: g, rules: [{record: r, expr: 'up[5m]'}]}]");
  auto groups = compile_rules(file);
  ASSERT_EQ(file.diagnostics.size(), 1u);
  EXPECT_EQ(file.diagnostics[0].id, "rules.expression-type");
  RuleGroup group(std::make_shared<RuleGroupDefinition>(groups.at(0)), {});
  group.evaluate(world.environment, at_seconds(60));
  EXPECT_EQ(group.status().rules[0].last_error, "rule result is not a vector or scalar");
}

TEST(RuleGroup, AChangedGroupTakesOverWhatStaysAndEndsWhatGoes) {
  RuleWorld world;
  world.put(kA, 0, 1);
  world.put(kB, 0, 1);
  RuleGroup before(only_group("groups: [{name: g, rules: [{record: r, expr: up}, {record: s, expr: up}]}]"), {});
  before.evaluate(world.environment, at_seconds(0));
  RuleGroup after(only_group("groups: [{name: g, rules: [{record: r, expr: 'up{job=\"a\"}'}]}]"), {});
  after.take_state_from(before);
  after.evaluate(world.environment, at_seconds(60));
  EXPECT_EQ(world.all("r"), "{job=\"a\"} 1@0 1@60\n{job=\"b\"} 1@0 stale@60\n");
  EXPECT_EQ(world.all("s"), "{job=\"a\"} 1@0 stale@60\n{job=\"b\"} 1@0 stale@60\n");
  EXPECT_EQ(after.status().counters.iterations, 2u);
}

TEST(RuleGroup, EndsWhatGoesEvenWhenALargerOffsetLooksBeforeItsLastSample) {
  RuleWorld world;
  world.put(kA, 0, 1);
  RuleGroup before(only_group("groups: [{name: g, rules: [{record: r, expr: up}]}]"), {});
  before.evaluate(world.environment, at_seconds(60));
  RuleGroup after(only_group("groups: [{name: g, query_offset: 2m, rules: [{record: s, expr: up}]}]"), {});
  after.take_state_from(before);
  after.evaluate(world.environment, at_seconds(120));
  EXPECT_EQ(world.all("r"), "{job=\"a\"} 1@60 stale@60.001\n");
}

TEST(RuleGroup, AnAlertingRuleKeepsAlertsAndWritesTheirStates) {
  RuleWorld world;
  world.put(kA, 0, 0);
  RuleGroup group(only_group(R"yaml(groups:
- name: g
  rules:
  - alert: Down
    expr: up == 0
    for: 1m
    labels: {severity: page, where: "{{ $externalLabels.region }}"}
    annotations: {summary: "{{ $labels.job }} is {{ $value }}, {{ query \"up\" | len }} known", broken: "{{ first .Labels }}"}
)yaml"),
                  {.external_labels = {{"region", "tokyo"}}, .external_url = ""});
  group.evaluate(world.environment, at_seconds(0));
  EXPECT_EQ(group.status().rules[0].alerts.at(0).state, RuleAlertState::Pending);
  group.evaluate(world.environment, at_seconds(60));
  const auto alert = group.status().rules[0].alerts.at(0);
  EXPECT_EQ(alert.state, RuleAlertState::Firing);
  EXPECT_EQ(alert.labels.to_string(), R"({alertname="Down", job="a", severity="page", where="tokyo"})");
  ASSERT_EQ(alert.annotations.size(), 2u);
  EXPECT_TRUE(
      alert.annotations[0].second.starts_with("<error expanding template: error executing template __alert_Down:"))
      << alert.annotations[0].second;
  EXPECT_EQ(alert.annotations[1].second, "a is 0, 1 known");
  EXPECT_EQ(
      world.all("ALERTS"),
      "{alertname=\"Down\", alertstate=\"firing\", job=\"a\", severity=\"page\", where=\"tokyo\"} 1@60\n"
      "{alertname=\"Down\", alertstate=\"pending\", job=\"a\", severity=\"page\", where=\"tokyo\"} 1@0 stale@60\n");
  EXPECT_EQ(world.all("ALERTS_FOR_STATE"),
            "{alertname=\"Down\", job=\"a\", severity=\"page\", where=\"tokyo\"} 0@0 0@60\n");
  world.put(kA, 90, 1);
  group.evaluate(world.environment, at_seconds(120));
  EXPECT_TRUE(group.status().rules[0].alerts.empty());
  EXPECT_TRUE(world.all("ALERTS_FOR_STATE").ends_with("stale@120\n"));
  EXPECT_EQ(world.all("Down"), "");
}

TEST(RuleGroup, StopsBetweenRules) {
  RuleWorld world;
  RuleGroup group(only_group("groups: [{name: g, rules: [{record: r, expr: 1}, {record: s, expr: 1}]}]"), {});
  int asked = 0;
  group.evaluate(world.environment, at_seconds(0), [&] { return ++asked > 1; });
  EXPECT_EQ(world.all("r"), "{} 1@0\n");
  EXPECT_EQ(world.all("s"), "");
}

TEST(RuleGroup, ANumberBecomesASeriesAndTheMomentIsTheSameForAllRules) {
  RuleWorld world;
  RuleGroup group(
      only_group("groups: [{name: g, rules: [{record: r, expr: time()}, {record: s, expr: 'r - time()'}]}]"), {});
  group.evaluate(world.environment, at_seconds(77));
  EXPECT_EQ(world.all("r"), "{} 77@77\n");
  EXPECT_EQ(world.all("s"), "{} 0@77\n");
}

}  // namespace
}  // namespace mamori::rules
