#include "rules/rule_group.h"

#include <gtest/gtest.h>

#include "metrics/promql/memory_store.h"

namespace mamori::rules {
namespace {

using metrics::Labels;

const Timestamp kStart{Seconds{1'800'000'000}};

class RuleGroupTest : public testing::Test {
 protected:
  void add(const std::string& name, const std::string& job, Timestamp at, double value) {
    const metrics::SeriesSample sample{Labels({{"__name__", name}, {"job", job}}), {to_millis(at), value}};
    ASSERT_TRUE(store_.append({&sample, 1}));
  }

  static spec::RuleGroupSpec group(const std::string& rules, const std::string& more = "") {
    auto file = spec::read_rule_text("r.yml", "groups:\n- name: g\n" + more + "  rules:\n" + rules);
    EXPECT_FALSE(file.has_errors()) << spec::to_string(file.diagnostics.at(0));
    return file.groups.at(0);
  }

  /// "name{…} value" of what PromQL gives at a moment.
  std::string ask(const std::string& query, Timestamp at) {
    const auto result = engine_.instant(query, to_millis(at));
    if (!result) return result.error().message;
    std::string text;
    for (const auto& one : result->vector)
      text += (text.empty() ? "" : ", ") + one.labels.to_string() + " " + std::to_string(one.sample.value);
    return text;
  }

  metrics::promql::MemoryStore store_;
  metrics::promql::Engine engine_{store_};
  FakeClock clock_{kStart};
};

TEST_F(RuleGroupTest, RecordsUnderItsNameWithItsLabels) {
  add("payments", "shop", kStart, 7);
  RuleGroup rules(group("  - record: job:payments\n    expr: payments * 2\n    labels: {team: pay, job: ''}\n",
                        "  labels: {team: all, region: tokyo}\n"),
                  Seconds{30}, Nanos{0});
  rules.evaluate(engine_, store_, clock_, kStart);
  EXPECT_EQ(ask("job:payments", kStart), "job:payments{region=\"tokyo\", team=\"pay\"} 14.000000");
  EXPECT_EQ(rules.status().rules[0].health, "ok");
}

TEST_F(RuleGroupTest, LaterRulesSeeWhatEarlierOnesGave) {
  add("payments", "shop", kStart, 7);
  RuleGroup rules(group("  - {record: a, expr: payments + 1}\n  - {record: b, expr: a * 10}\n"), Seconds{30}, Nanos{0});
  rules.evaluate(engine_, store_, clock_, kStart);
  EXPECT_EQ(ask("b", kStart), "b{job=\"shop\"} 80.000000");
}

TEST_F(RuleGroupTest, ASeriesThatVanishesEndsAtOnce) {
  add("payments", "shop", kStart, 7);
  RuleGroup rules(group("  - {record: a, expr: payments > 5}\n"), Seconds{30}, Nanos{0});
  rules.evaluate(engine_, store_, clock_, kStart);
  add("payments", "shop", kStart + Seconds{30}, 3);
  rules.evaluate(engine_, store_, clock_, kStart + Seconds{30});
  EXPECT_EQ(ask("a", kStart + Seconds{31}), "");
}

TEST_F(RuleGroupTest, OneThatFailsLeavesTheOthersAlone) {
  add("payments", "shop", kStart, 7);
  add("payments", "app", kStart, 1);
  RuleGroup rules(group("  - {record: a, expr: payments, labels: {job: x}}\n  - {record: b, expr: sum(payments)}\n"
                        "  - {record: c, expr: payments}\n",
                        "  limit: 1\n"),
                  Seconds{30}, Nanos{0});
  rules.evaluate(engine_, store_, clock_, kStart);
  EXPECT_EQ(ask("b", kStart), "b 8.000000");
  EXPECT_EQ(rules.status().rules[0].health, "err");
  EXPECT_EQ(rules.status().rules[2].last_error, "exceeded limit of 1 with 2 series");
  EXPECT_EQ(ask("c", kStart), "");
}

TEST_F(RuleGroupTest, LooksBackByItsQueryOffset) {
  add("payments", "shop", kStart, 7);
  add("payments", "shop", kStart + Seconds{60}, 8);
  RuleGroup rules(group("  - {record: a, expr: payments}\n", "  query_offset: 1m\n"), Seconds{30}, Nanos{0});
  rules.evaluate(engine_, store_, clock_, kStart + Seconds{60});
  EXPECT_EQ(ask("a", kStart), "a{job=\"shop\"} 7.000000");
}

TEST_F(RuleGroupTest, EndsItsSeriesEvenAtTheMomentOfTheirLastSample) {
  add("payments", "shop", kStart, 7);
  RuleGroup rules(group("  - {record: a, expr: payments}\n"), Seconds{30}, Nanos{0});
  rules.evaluate(engine_, store_, clock_, kStart);
  rules.end(store_, kStart);
  EXPECT_EQ(ask("a", kStart + Seconds{1}), "");
}

TEST_F(RuleGroupTest, IsDueAtTheSameMomentsOfEveryInterval) {
  const RuleGroup rules(group("  - {record: a, expr: up}\n"), Seconds{30}, Nanos{0});
  const auto first = rules.next_after(kStart);
  EXPECT_GT(first, kStart);
  EXPECT_LE(first, kStart + Seconds{30});
  EXPECT_EQ(rules.next_after(first), first + Seconds{30});
  EXPECT_EQ(rules.next_after(first - Nanos{1}), first);
}

TEST_F(RuleGroupTest, TheManagerEvaluatesAndEndsGroups) {
  metrics::Registry registry;
  const SystemClock clock;
  std::vector<std::string> warnings;
  RuleManager manager(engine_, store_, registry, clock);
  auto spec = group("  - {record: a, expr: vector(3)}\n", "  interval: 100ms\n");
  manager.configure({spec}, Seconds{30}, Nanos{0});
  for (int i = 0; i < 500 && manager.groups().at(0).rules[0].health == "unknown"; ++i)
    std::this_thread::sleep_for(Millis{10});
  EXPECT_EQ(manager.groups().at(0).rules[0].health, "ok");
  EXPECT_NE(rules_json(manager.groups()).find(R"("health":"ok")"), std::string::npos);
  manager.configure({}, Seconds{30}, Nanos{0});
  EXPECT_TRUE(manager.groups().empty());
  manager.stop();
  const auto series = store_.select({}, 0, std::numeric_limits<std::int64_t>::max());
  ASSERT_EQ(series.size(), 1u);
  EXPECT_TRUE(metrics::is_stale_nan(series[0].samples.back().value));
}

TEST(CheckExpressions, NamesFileLineAndRule) {
  const auto file = spec::read_rule_text("r.yml", "groups:\n- name: g\n  rules:\n  - record: a\n    expr: sum(\n");
  const auto mistakes = check_expressions(file.groups);
  ASSERT_EQ(mistakes.size(), 1u);
  EXPECT_EQ(mistakes[0].rfind("r.yml:5:11: group \"g\", rule \"a\": 1:5: parse error", 0), 0u) << mistakes[0];
}

}  // namespace
}  // namespace mamori::rules
