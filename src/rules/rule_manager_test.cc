#include "rules/rule_manager.h"

#include <gtest/gtest.h>

#include <set>

#include "rules/test_rules.h"

namespace mamori::rules {
namespace {

const std::string kOne = "groups: [{name: g, interval: 60s, rules: [{record: r, expr: time()}]}]";

/// Turns the clock to each moment that is due, up to `until`, and evaluates.
void run_until(RuleManager& manager, FakeClock& clock, Timestamp until) {
  for (auto due = manager.next_due(); due && *due <= until; due = manager.next_due()) {
    clock.set(*due);
    manager.run_due();
  }
  clock.set(until);
  manager.run_due();
}

TEST(RuleManager, AGroupsMomentIsItsOwnAndAlwaysTheSame) {
  RuleGroupDefinition group{.file = "a.yml", .name = "g"};
  group.interval = Seconds{60};
  const auto moment = evaluation_moment(group, at_seconds(1000));
  EXPECT_LE(moment, at_seconds(1000));
  EXPECT_GT(moment, at_seconds(940));
  EXPECT_EQ(evaluation_moment(group, moment), moment);
  EXPECT_EQ(evaluation_moment(group, moment + Seconds{59}), moment);
  EXPECT_EQ(evaluation_moment(group, moment + Seconds{60}), moment + Seconds{60});
  std::set<std::int64_t> offsets;
  for (int i = 0; i < 50; ++i) {
    group.name = "g" + std::to_string(i);
    offsets.insert((evaluation_moment(group, at_seconds(1000)).time_since_epoch() % Seconds{60}).count());
  }
  EXPECT_GT(offsets.size(), 45u);
}

TEST(RuleManager, EvaluatesEachGroupAtItsMoments) {
  RuleWorld world;
  RuleManager manager(world.environment);
  world.clock.set(at_seconds(1000));
  manager.apply(groups_of(kOne), {});
  run_until(manager, world.clock, at_seconds(1300));
  const auto status = manager.groups();
  ASSERT_EQ(status.size(), 1u);
  EXPECT_EQ(status[0].counters.iterations, 5u);
  EXPECT_EQ(status[0].counters.missed, 0u);
  const auto first = evaluation_moment(*status[0].definition, at_seconds(1000)) + Seconds{60};
  EXPECT_EQ(status[0].last_evaluation, first + 4 * Seconds{60});
}

TEST(RuleManager, CountsIterationsThatNobodyCouldDo) {
  RuleWorld world;
  RuleManager manager(world.environment);
  world.clock.set(at_seconds(1000));
  manager.apply(groups_of(kOne), {});
  world.clock.set(*manager.next_due() + Seconds{185});
  manager.run_due();
  const auto status = manager.groups()[0];
  EXPECT_EQ(status.counters.missed, 3u);
  EXPECT_EQ(status.counters.iterations, 4u);
  EXPECT_EQ(status.counters.evaluations, 1u);
}

TEST(RuleManager, GoesOnWhenTheClockIsSetBack) {
  RuleWorld world;
  RuleManager manager(world.environment);
  world.clock.set(at_seconds(100'000));
  manager.apply(groups_of(kOne), {});
  run_until(manager, world.clock, at_seconds(100'100));
  world.clock.set(at_seconds(50'000));
  manager.run_due();  // nothing is due: the next moment is in what is the future now
  EXPECT_LE(*manager.next_due(), at_seconds(100'200));
}

TEST(RuleManager, AReloadLeavesUnchangedGroupsAsTheyAre) {
  RuleWorld world;
  RuleManager manager(world.environment);
  world.clock.set(at_seconds(1000));
  manager.apply(groups_of(kOne), {});
  run_until(manager, world.clock, at_seconds(1130));
  const auto due = manager.next_due();
  manager.apply(groups_of(kOne), {});
  EXPECT_EQ(manager.next_due(), due);
  EXPECT_EQ(manager.groups()[0].counters.iterations, 2u);
}

TEST(RuleManager, EndsTheSeriesOfAGroupThatIsGoneUnlessAnotherTookThemOver) {
  RuleWorld world;
  RuleManager manager(world.environment);
  world.clock.set(at_seconds(1000));
  const std::string two =
      "groups: [{name: g, interval: 60s, rules: [{record: r, expr: vector(1)}, {record: s, expr: vector(1)}]}]";
  manager.apply(groups_of(two), {});
  run_until(manager, world.clock, at_seconds(1060));
  manager.apply(groups_of("groups: [{name: renamed, interval: 60s, rules: [{record: r, expr: vector(2)}]}]"), {});
  run_until(manager, world.clock, at_seconds(1300));
  EXPECT_EQ(world.all("r").find("stale"), std::string::npos) << world.all("r");
  EXPECT_TRUE(world.all("s").ends_with("stale@1060\n")) << world.all("s");
}

TEST(RuleManager, EndsSeriesEvenAtTheMomentOfTheirLastSample) {
  RuleWorld world;
  RuleManager manager(world.environment);
  world.clock.set(at_seconds(1000));
  manager.apply(groups_of("groups: [{name: g, interval: 60s, rules: [{record: r, expr: vector(1)}]}]"), {});
  const auto evaluated = *manager.next_due();
  run_until(manager, world.clock, evaluated);
  manager.apply({}, {});
  run_until(manager, world.clock, evaluated + Seconds{200});
  const metrics::promql::Engine engine(world.store);
  const auto after = engine.instant("r", to_millis(evaluated + Seconds{1}));
  ASSERT_TRUE(after);
  EXPECT_TRUE(after->vector.empty()) << world.all("r");
}

TEST(RuleManager, GroupsAreEvaluatedByThreadsUntilItStops) {
  RuleWorld world;
  SystemClock clock;
  RuleManager manager({world.store, world.engine, clock}, {.threads = 1});
  manager.apply(groups_of("groups: [{name: g, interval: 10ms, rules: [{record: r, expr: time()}]}]"), {});
  manager.start();
  while (manager.groups()[0].counters.iterations < 3) std::this_thread::sleep_for(Millis{5});
  manager.stop();
  const auto done = manager.groups()[0].counters.iterations;
  manager.run_due();
  EXPECT_EQ(manager.groups()[0].counters.iterations, done);
}

}  // namespace
}  // namespace mamori::rules
