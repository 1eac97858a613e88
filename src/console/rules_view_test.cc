#include "console/rules_view.h"

#include <gtest/gtest.h>

#include "spec/rule_file.h"

namespace mamori::console {
namespace {

constexpr std::string_view kYaml = R"yaml(groups:
- name: a
  rules:
  - {record: r, expr: "sum( up )", labels: {team: payments}}
  - {alert: Down, expr: up == 0, for: 1m, labels: {severity: page}, annotations: {summary: down}}
- name: b
  interval: 30s
  rules: [{record: s, expr: up}]
- name: empty
)yaml";

std::vector<rules::GroupStatus> groups() {
  auto file = spec::read_rule_file("rules.yml", std::string(kYaml));
  std::vector<rules::GroupStatus> all;
  for (auto& group : rules::compile_rules(file)) {
    all.push_back(rules::RuleGroup(std::make_shared<rules::RuleGroupDefinition>(group), {}).status());
  }
  auto& alert = all.at(0).rules.at(1);
  alert.health = rules::RuleHealth::Bad;
  alert.last_error = "why";
  alert.last_evaluation = Timestamp{Seconds{1000}};
  alert.evaluation_time = Millis{2};
  rules::RuleAlert firing{.labels = metrics::Labels({{"alertname", "Down"}, {"job", "x"}}), .value = 0.25};
  firing.annotations = {{"summary", "down"}};
  firing.state = rules::RuleAlertState::Firing;
  firing.active_at = Timestamp{Seconds{940}};
  alert.alerts.push_back(firing);
  return all;
}

std::string shown(std::string_view query) {
  const auto json = rules_json(net::Params::parse(query), groups());
  return json ? *json : json.error().message;
}

constexpr std::string_view kRecording =
    R"json({"name":"r","query":"sum(up)","labels":{"team":"payments"},"health":"unknown","evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z","type":"recording"})json";
constexpr std::string_view kAlert =
    R"({"labels":{"alertname":"Down","job":"x"},"annotations":{"summary":"down"},"state":"firing","activeAt":"1970-01-01T00:15:40.000Z","value":"2.5e-01"})";

TEST(RulesView, HasPrometheusShape) {
  const std::string alerting =
      R"({"state":"firing","name":"Down","query":"up == 0","duration":60,"keepFiringFor":0,"labels":{"severity":"page"},"annotations":{"summary":"down"},"alerts":[)" +
      std::string(kAlert) +
      R"(],"health":"err","lastError":"why","evaluationTime":0.002,"lastEvaluation":"1970-01-01T00:16:40.000Z","type":"alerting"})";
  EXPECT_EQ(shown("rule_group[]=a"),
            R"({"groups":[{"name":"a","file":"rules.yml","rules":[)" + std::string(kRecording) + "," + alerting +
                R"(],"interval":60,"limit":0,"evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z"}]})");
}

TEST(RulesView, LeavesOutWhatWasNotAskedFor) {
  const auto has = [](std::string_view query, std::string_view name) {
    return shown(query).find("\"name\":\"" + std::string(name) + "\"") != std::string::npos;
  };
  EXPECT_TRUE(has("type=record", "r"));
  EXPECT_FALSE(has("type=record", "Down"));
  EXPECT_TRUE(has("type=Alert", "Down"));
  EXPECT_FALSE(has("type=alert", "b")) << "a group of which nothing is left is not shown";
  EXPECT_TRUE(has("rule_name[]=s&rule_name[]=r", "s"));
  EXPECT_FALSE(has("rule_name[]=s", "r"));
  EXPECT_FALSE(has("file[]=other.yml", "r"));
  EXPECT_TRUE(has("file[]=rules.yml", "r"));
  EXPECT_TRUE(has("match[]={severity=%22page%22}", "Down"));
  EXPECT_FALSE(has("match[]={severity=%22page%22}", "r"));
  EXPECT_TRUE(has("match[]={severity=%22page%22}&match[]={team=~%22.%2B%22}", "r"));
  EXPECT_EQ(shown("exclude_alerts=true").find("\"activeAt\""), std::string::npos);
  EXPECT_NE(shown("exclude_alerts=false").find("\"activeAt\""), std::string::npos);
  EXPECT_FALSE(has("", "empty"));
}

TEST(RulesView, ShowsPages) {
  const auto first = shown("group_limit=1");
  const std::string key = "\"groupNextToken\":\"";
  const auto at = first.find(key);
  ASSERT_NE(at, std::string::npos) << first;
  EXPECT_EQ(first.find("\"name\":\"b\""), std::string::npos);
  const auto second = shown("group_limit=1&group_next_token=" + first.substr(at + key.size(), 16));
  EXPECT_NE(second.find("\"name\":\"b\""), std::string::npos);
  EXPECT_EQ(second.find("groupNextToken"), std::string::npos);
}

TEST(RulesView, RefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(shown("type=x"), "invalid parameter \"type\": not supported value \"x\"");
  EXPECT_TRUE(shown("exclude_alerts=maybe").starts_with("invalid parameter \"exclude_alerts\""));
  EXPECT_TRUE(shown("match[]={").starts_with("invalid parameter \"match[]\""));
  EXPECT_TRUE(shown("group_limit=x").starts_with("invalid parameter \"group_limit\""));
  EXPECT_TRUE(shown("group_limit=0").starts_with("invalid parameter \"group_limit\""));
  EXPECT_TRUE(shown("group_next_token=x").starts_with("invalid parameter \"group_limit\""));
  EXPECT_TRUE(shown("group_limit=1&group_next_token=x").starts_with("invalid parameter \"group_next_token\""));
}

TEST(RulesView, AppendsTheAlertsOfRulesToOthers) {
  std::string json = R"({"alerts":[]})";
  append_rule_alerts(json, groups());
  EXPECT_EQ(json, R"({"alerts":[)" + std::string(kAlert) + "]}");
  json = R"({"alerts":[{}]})";
  append_rule_alerts(json, groups());
  EXPECT_EQ(json, R"({"alerts":[{},)" + std::string(kAlert) + "]}");
}

}  // namespace
}  // namespace mamori::console
