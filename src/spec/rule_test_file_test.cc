#include "spec/rule_test_file.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mamori::spec {
namespace {

TEST(RuleTestFile, IsReadWithItsDefaults) {
  const auto file = read_rule_test_file("dir/t.yml", R"(rule_files: [a.yml, /b.yml]
group_eval_order: [two, one]
fuzzy_compare: yes
tests:
- name: first
  interval: 30s
  external_labels: {region: tokyo, az: a}
  external_url: http://p
  input_series:
  - {series: up, values: 1 2}
  alert_rule_test:
  - eval_time: 5m
    alertname: Down
    exp_alerts:
    - exp_labels: {severity: page, job: 1}
      exp_annotations: {}
    - exp_annotations:
  promql_expr_test:
  - {expr: up, eval_time: 1m, exp_samples: [{labels: up, value: -1e3}, {value: .nan}, {value: -.Inf}, {value: 0x10}, {}]}
- start_timestamp: 2026-01-01T00:00:00Z
)");
  EXPECT_TRUE(file.diagnostics.empty()) << to_json(file.diagnostics);
  EXPECT_EQ(file.rule_files, (std::vector<std::string>{"dir/a.yml", "/b.yml"}));
  EXPECT_EQ(file.evaluation_interval, Seconds{60});
  EXPECT_TRUE(file.fuzzy_compare);
  ASSERT_EQ(file.tests.size(), 2u);
  const auto& test = file.tests[0];
  EXPECT_EQ(test.interval, Seconds{30});
  EXPECT_EQ(test.external_labels, (LabelPairs{{"az", "a"}, {"region", "tokyo"}}));
  EXPECT_EQ(test.input_series.at(0).values.text, "1 2");
  EXPECT_EQ(test.alert_tests.at(0).alerts.at(0).labels, (LabelPairs{{"job", "1"}, {"severity", "page"}}));
  EXPECT_EQ(test.alert_tests[0].alerts.size(), 2u);
  const auto& samples = test.expr_tests.at(0).samples;
  EXPECT_EQ(samples.at(0).value, -1000);
  EXPECT_TRUE(std::isnan(samples.at(1).value));
  EXPECT_TRUE(std::isinf(samples.at(2).value));
  EXPECT_EQ(samples.at(3).value, 16);
  EXPECT_EQ(samples.at(4).value, 0);
  EXPECT_EQ(file.tests[1].interval, Seconds{60});
  EXPECT_EQ(format_rfc3339(file.tests[1].start), "2026-01-01T00:00:00.000Z");
}

TEST(RuleTestFile, NamesThePlaceOfEachMistake) {
  const auto check = [](const std::string& text, int line, const std::string& want) {
    const auto file = read_rule_test_file("t.yml", text);
    ASSERT_EQ(file.diagnostics.size(), 1u) << text << to_json(file.diagnostics);
    EXPECT_EQ(file.diagnostics[0].line, line) << want;
    EXPECT_NE(file.diagnostics[0].message.find(want), std::string::npos) << file.diagnostics[0].message;
    EXPECT_TRUE(file.has_errors());
  };
  check("tests:\n- foo: 1\n", 2, "foo");
  check("group_eval_order: [a, a]\n", 1, "group name repeated in evaluation order: a");
  check("tests:\n- alert_rule_test:\n  - eval_time: 5m\n", 3, "misses required attribute alertname at eval_time 5m");
  check("tests:\n- promql_expr_test: [{eval_time: 60}]\n", 2, "60");
  check("tests:\n- promql_expr_test: [{exp_samples: [{value: NaN}]}]\n", 2, "'NaN' is no number");
  check("tests:\n- promql_expr_test: [{exp_samples: [{value: '1'}]}]\n", 2, "'1' is no number");
  check("tests:\n- start_timestamp: noon\n", 2, "start_timestamp");
  check("tests: [\n", 2, "");
}

TEST(RuleTestFile, ThatIsEmptyHasNoTests) {
  EXPECT_TRUE(read_rule_test_file("t.yml", "").tests.empty());
  EXPECT_TRUE(read_rule_test_file("t.yml", "").diagnostics.empty());
}

}  // namespace
}  // namespace mamori::spec
