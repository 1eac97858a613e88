#include "rules/rules_tester.h"

#include <gtest/gtest.h>

#include "rules/test_rules.h"

namespace mamori::rules {
namespace {

const std::string kRules = R"yaml(groups:
- name: first
  rules:
  - {record: job:up:sum, expr: sum by (job) (up)}
- name: second
  rules:
  - {record: half, expr: job:up:sum / 2}
  - alert: Down
    expr: up == 0
    for: 2m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }} of {{ $externalLabels.region }} at {{ externalURL }}"}
)yaml";

/// What went wrong, a line for each: `what | error` or `what | expected | got`.
std::string run(const std::string& test_yaml, const std::string& rules = kRules) {
  const auto file = spec::read_rule_test_file("t.yml", test_yaml);
  EXPECT_TRUE(file.diagnostics.empty()) << spec::to_json(file.diagnostics);
  std::string out;
  for (const auto& test : file.tests) {
    for (const auto& failure : run_rule_test(file, test, groups_of(rules), {}, false).failures) {
      out += failure.what + " | " + (failure.error.empty() ? failure.expected + " | " + failure.got : failure.error) +
             "\n";
    }
  }
  return out;
}

TEST(RulesTester, ComparesAlertsWithLabelsAndAnnotations) {
  EXPECT_EQ(run(R"(tests:
- external_labels: {region: tokyo}
  external_url: http://p
  input_series: [{series: 'up{job="a"}', values: "0x10"}]
  alert_rule_test:
  - {eval_time: 1m, alertname: Down}
  - eval_time: 2m30s
    alertname: Down
    exp_alerts: [{exp_labels: {job: a, severity: page}, exp_annotations: {summary: "a of tokyo at http://p"}}]
)"),
            "");
  EXPECT_EQ(run(R"(tests:
- input_series: [{series: 'up{job="a"}', values: "0x10"}]
  alert_rule_test: [{eval_time: 2m, alertname: Down, exp_alerts: [{exp_labels: {job: b}}]}]
)"),
            "alertname: Down, time: 2m | [\n0:\n  Labels:{alertname=\"Down\", job=\"b\"}\n  Annotations:{}\n] | "
            "[\n0:\n  Labels:{alertname=\"Down\", job=\"a\", severity=\"page\"}\n"
            "  Annotations:{summary=\"a of  at \"}\n]\n");
}

TEST(RulesTester, ComparesExpressionsOverSeriesAndRules) {
  EXPECT_EQ(run(R"(tests:
- input_series: [{series: 'up{job="a"}', values: "1+1x5"}]
  promql_expr_test:
  - {expr: half, eval_time: 3m, exp_samples: [{labels: 'half{job="a"}', value: 2}]}
  - {expr: "1 + 1", eval_time: 0s, exp_samples: [{labels: "{}", value: 2}]}
  - {expr: missing, eval_time: 3m}
  - {expr: up, eval_time: 3m, exp_samples: [{labels: up, value: 4}]}
  - {expr: "up[1m]", eval_time: 3m}
  - {expr: "up +", eval_time: 3m}
  - {expr: up, eval_time: 3m, exp_samples: [{labels: "{a"}]}
  - {expr: up, eval_time: 3m, exp_samples: [{labels: up, histogram: "{{}}"}]}
  - {expr: up, eval_time: 3m, exp_samples: [{labels: up, histogram: "1"}]}
)"),
            "expr: \"up\", time: 3m | up 4 | up{job=\"a\"} 4\n"
            "expr: \"up[1m]\", time: 3m | rule result is not a vector or scalar\n"
            "expr: \"up +\", time: 3m | 1:5: parse error: unexpected end of input\n"
            "expr: \"up\", time: 3m | labels \"{a\": label set without end at column 3 of: {a\n"
            "expr: \"up\", time: 3m | up {count:0, sum:0} | up{job=\"a\"} 4\n"
            "expr: \"up\", time: 3m | histogram \"1\" is none, such as {{schema:0 sum:5 count:4 buckets:[1 2 1]}}\n");
}

TEST(RulesTester, ReadsAndComparesNativeHistograms) {
  EXPECT_EQ(run(R"(tests:
- input_series: [{series: 'lag{job="a"}', values: "{{schema:0 sum:1 count:1 buckets:[1]}}+{{schema:0 sum:2 count:2 buckets:[2]}}x3"}]
  promql_expr_test:
  - {expr: lag, eval_time: 2m, exp_samples: [{labels: 'lag{job="a"}', histogram: "{{schema:0 sum:5 count:5 buckets:[5]}}"}]}
  - {expr: histogram_count(lag), eval_time: 1m, exp_samples: [{labels: '{job="a"}', value: 3}]}
  - {expr: lag, eval_time: 0m, exp_samples: [{labels: 'lag{job="a"}', histogram: "{{schema:0 sum:9 count:1 buckets:[1]}}"}]}
)"),
            "expr: \"lag\", time: 0s | lag{job=\"a\"} {count:1, sum:9, (0.5,1]:1} | lag{job=\"a\"} {count:1, sum:1, "
            "(0.5,1]:1}\n");
}

TEST(RulesTester, EvaluatesGroupsInTheOrderAskedFor) {
  const auto test = [](const std::string& order) {
    return "group_eval_order: [" + order + R"(]
tests:
- input_series: [{series: 'up{job="a"}', values: "2x5"}]
  promql_expr_test: [{expr: "half", eval_time: 0s, exp_samples: [{labels: 'half{job="a"}', value: 1}]}]
)";
  };
  EXPECT_EQ(run(test("first, second")), "");
  EXPECT_EQ(run(test("second, first")), "expr: \"half\", time: 0s | half{job=\"a\"} 1 | nil\n");
}

TEST(RulesTester, ShowsAnExpressionOnlyWhatCameUntilTheLastEvaluation) {
  EXPECT_EQ(run(R"(tests:
- interval: 30s
  input_series: [{series: up, values: "1 2 3 4 5"}]
  promql_expr_test: [{expr: sum(up), eval_time: 1m30s, exp_samples: [{value: 3}]}]
)"),
            "");
}

TEST(RulesTester, EndsATestWhenARuleFails) {
  EXPECT_EQ(run(R"(tests:
- input_series: [{series: 'up{job="a", i="1"}', values: "1 1 1"}, {series: 'up{job="a", i="2"}', values: "_ 1 1"}]
  promql_expr_test: [{expr: up, eval_time: 5m}]
)",
                "groups: [{name: g, rules: [{record: r, expr: up, labels: {i: \"\"}}]}]\n"),
            "rule: r, time: 1m | vector contains metrics with the same labelset after applying rule labels\n");
}

TEST(RulesTester, RefusesSeriesThatItCannotRead) {
  const auto check = [](const std::string& series, const std::string& values, const std::string& want) {
    const auto got = run("tests:\n- input_series:\n  - {series: '" + series + "', values: '" + values + "'}\n");
    EXPECT_NE(got.find(" | line 3, input_series: "), std::string::npos) << got;
    EXPECT_NE(got.find(want), std::string::npos) << got;
  };
  check("up{a", "1", "label set without end");
  check("up", "1 x", "number expected");
  check("up", "{{schema:x}}", "not a number");
  check("{}", "1", "no name");
}

TEST(RulesTester, ComparesFuzzilyOnlyWhenAsked) {
  const std::string test = R"(tests:
- promql_expr_test: [{expr: "0.1 + 0.2", eval_time: 0s, exp_samples: [{value: 0.3}]}]
)";
  EXPECT_EQ(run(test), "expr: \"0.1 + 0.2\", time: 0s | {} 0.3 | {} 0.30000000000000004\n");
  EXPECT_EQ(run("fuzzy_compare: true\n" + test), "");
}

TEST(RulesTester, StartsAtTheTimeThatTheTestNames) {
  EXPECT_EQ(run(R"yaml(tests:
- start_timestamp: 2026-01-01T00:00:00Z
  input_series: [{series: up, values: "1 2 3"}]
  promql_expr_test: [{expr: "up + hour() * 0 + year()", eval_time: 1m, exp_samples: [{value: 2028}]}]
)yaml"),
            "");
}

TEST(RulesTester, BoundsTheNumberOfEvaluations) {
  const auto got = run("evaluation_interval: 1ms\ntests:\n- promql_expr_test: [{expr: up, eval_time: 1y}]\n");
  EXPECT_NE(got.find("more than 10,000,000 evaluations"), std::string::npos) << got;
}

TEST(RulesTester, ShowsAllDataWhenAsked) {
  const auto file = spec::read_rule_test_file("t.yml",
                                              "tests:\n- input_series: [{series: up, values: 1 _ stale}]\n  "
                                              "promql_expr_test: [{expr: vector(1), eval_time: 2m, "
                                              "exp_samples: [{value: 1}]}]\n");
  const auto outcome = run_rule_test(file, file.tests.at(0), {}, {}, true);
  EXPECT_EQ(outcome.data, "up => 1@0 stale@120\n");
  EXPECT_TRUE(outcome.failures.empty());
}

}  // namespace
}  // namespace mamori::rules
