#include "rules/alert_states.h"

#include <gtest/gtest.h>

#include "rules/test_rules.h"

namespace mamori::rules {
namespace {

using metrics::Labels;

FoundAlert found(const std::string& job, double value = 1) {
  return {.labels = Labels({{"alertname", "Down"}, {"job", job}}), .annotations = {{"summary", job}}, .value = value};
}

std::string states(const AlertStates& alerts) {
  std::string out;
  for (const auto& alert : alerts.alerts()) {
    out += std::string(alert.labels.get("job")) + " " + std::string(to_string(alert.state)) + " ";
  }
  return out;
}

TEST(AlertStates, AnAlertIsPendingUntilItsConditionHeldForLongEnough) {
  AlertStates alerts;
  const AlertStates::Bounds bounds{.hold = Seconds{60}};
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(0), bounds));
  EXPECT_EQ(states(alerts), "a pending ");
  ASSERT_TRUE(alerts.evaluate({found("a", 7)}, at_seconds(59), bounds));
  EXPECT_EQ(states(alerts), "a pending ");
  ASSERT_TRUE(alerts.evaluate({found("a", 8)}, at_seconds(60), bounds));
  EXPECT_EQ(states(alerts), "a firing ");
  const auto alert = alerts.alerts().at(0);
  EXPECT_EQ(alert.active_at, at_seconds(0));
  EXPECT_EQ(alert.fired_at, at_seconds(60));
  EXPECT_EQ(alert.value, 8);
}

TEST(AlertStates, AGapBeginsThePendingTimeAnew) {
  AlertStates alerts;
  const AlertStates::Bounds bounds{.hold = Seconds{60}};
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(0), bounds));
  ASSERT_TRUE(alerts.evaluate({}, at_seconds(30), bounds));
  EXPECT_EQ(states(alerts), "");
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(60), bounds));
  EXPECT_EQ(states(alerts), "a pending ");
}

TEST(AlertStates, FiresAtOnceWithoutAHold) {
  AlertStates alerts;
  ASSERT_TRUE(alerts.evaluate({found("a"), found("b")}, at_seconds(0), {}));
  EXPECT_EQ(states(alerts), "a firing b firing ");
  EXPECT_EQ(alerts.state(), RuleAlertState::Firing);
}

TEST(AlertStates, KeepsFiringForAWhileAfterTheConditionEnded) {
  AlertStates alerts;
  const AlertStates::Bounds bounds{.keep_firing_for = Seconds{60}};
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(0), bounds));
  ASSERT_TRUE(alerts.evaluate({}, at_seconds(30), bounds));
  ASSERT_TRUE(alerts.evaluate({}, at_seconds(80), bounds));
  EXPECT_EQ(states(alerts), "a firing ");
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(85), bounds));  // the time begins anew
  ASSERT_TRUE(alerts.evaluate({}, at_seconds(90), bounds));
  ASSERT_TRUE(alerts.evaluate({}, at_seconds(149), bounds));
  EXPECT_EQ(states(alerts), "a firing ");
  ASSERT_TRUE(alerts.evaluate({}, at_seconds(150), bounds));
  EXPECT_EQ(states(alerts), "a inactive ");
}

TEST(AlertStates, AResolvedAlertIsKeptForFifteenMinutes) {
  AlertStates alerts;
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(0), {}));
  ASSERT_TRUE(alerts.evaluate({}, at_seconds(60), {}));
  EXPECT_EQ(states(alerts), "a inactive ");
  EXPECT_EQ(alerts.alerts().at(0).resolved_at, at_seconds(60));
  EXPECT_TRUE(alerts.active().empty());
  EXPECT_TRUE(alerts.samples().empty());
  ASSERT_TRUE(alerts.evaluate({}, at_seconds(960), {}));
  EXPECT_EQ(states(alerts), "a inactive ");
  ASSERT_TRUE(alerts.evaluate({}, at_seconds(961), {}));
  EXPECT_EQ(states(alerts), "");
}

TEST(AlertStates, AResolvedAlertThatComesBackIsANewOne) {
  AlertStates alerts;
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(0), {.hold = Seconds{10}}));
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(10), {.hold = Seconds{10}}));
  ASSERT_TRUE(alerts.evaluate({}, at_seconds(20), {.hold = Seconds{10}}));
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(30), {.hold = Seconds{10}}));
  EXPECT_EQ(states(alerts), "a pending ");
  EXPECT_EQ(alerts.alerts().at(0).active_at, at_seconds(30));
  EXPECT_FALSE(alerts.alerts().at(0).resolved_at);
}

TEST(AlertStates, TwoAlertsWithTheSameLabelsAreAnErrorAndChangeNothing) {
  AlertStates alerts;
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(0), {}));
  const auto outcome = alerts.evaluate({found("b"), found("b")}, at_seconds(10), {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "vector contains metrics with the same labelset after applying alert labels");
  EXPECT_EQ(states(alerts), "a firing ");
}

TEST(AlertStates, PassingTheLimitForgetsThemAll) {
  AlertStates alerts;
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(0), {.limit = 2}));
  const auto outcome = alerts.evaluate({found("a"), found("b"), found("c")}, at_seconds(10), {.limit = 2});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "exceeded limit of 2 with 3 alerts");
  EXPECT_EQ(states(alerts), "");
}

TEST(AlertStates, TheirSamplesAreThoseOfPrometheus) {
  AlertStates alerts;
  ASSERT_TRUE(alerts.evaluate({found("a")}, at_seconds(90), {.hold = Seconds{10}}));
  const auto samples = alerts.samples();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].labels.to_string(), R"(ALERTS{alertname="Down", alertstate="pending", job="a"})");
  EXPECT_EQ(samples[0].value, 1);
  EXPECT_EQ(samples[1].labels.to_string(), R"(ALERTS_FOR_STATE{alertname="Down", job="a"})");
  EXPECT_EQ(samples[1].value, 90);
}

}  // namespace
}  // namespace mamori::rules
