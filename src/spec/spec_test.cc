#include "spec/spec.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace mamori::spec {
namespace {

std::string only(const std::string& text) {
  const Loaded loaded = load_text("a.yaml", text);
  return loaded.diagnostics.size() == 1 ? to_string(loaded.diagnostics[0])
                                        : std::to_string(loaded.diagnostics.size()) + " diagnostics";
}

TEST(Spec, NamesTheNearestKnownKey) {
  EXPECT_EQ(only("payment_monitering: {}\n"),
            "a.yaml:1:1: error: the key 'payment_monitering' is not known: did you mean 'payment_monitoring'? "
            "[spec.unknown-key]");
  EXPECT_EQ(only("infrastructure:\n  database:\n    rds: {multi_as: true}\n"),
            "a.yaml:3:11: error: the key 'multi_as' in 'infrastructure.database.rds' is not known: did you mean "
            "'multi_az'? [spec.unknown-key]");
}

TEST(Spec, RefusesWrongTypesAndUnits) {
  const auto check = [](const std::string& text, const std::string& id) {
    const Loaded loaded = load_text("a.yaml", text);
    std::set<std::string> ids;
    for (const Diagnostic& diagnostic : loaded.diagnostics) ids.insert(diagnostic.id);
    EXPECT_TRUE(ids.contains(id)) << text;
    EXPECT_TRUE(loaded.has_errors()) << text;
  };
  check("infrastructure: {database: {rds: {multi_az: \"yes\"}}}\n", "spec.wrong-type");
  check("infrastructure: {vpc: [1]}\n", "spec.wrong-type");
  check("infrastructure: {compute: {application_servers: {min_capacity: three}}}\n", "spec.wrong-type");
  check("business_continuity: {objectives: {a: {rto: soon}}}\n", "spec.wrong-unit");
  check("business_continuity: {objectives: {a: {availability: 120}}}\n", "spec.wrong-type");
  check("cost_optimization: {estimated_monthly_costs: {total: 4600 EUR}}\n", "spec.wrong-unit");
  check("load_testing: {acceptance_criteria: {response_time: {p50: 500ms}}}\n", "spec.wrong-unit");
  check("load_testing: {acceptance_criteria: {throughput: {target: fast}}}\n", "spec.wrong-unit");
  check("notify: [{webhook: \"ftp://x\"}]\n", "spec.wrong-type");
  check(
      "payment_monitoring: {metrics: [{name: payment_success_rat, threshold: 1, period: 60, statistic: Average, "
      "alarm_action: notify_team}]}\n",
      "spec.wrong-type");
  check("payment_monitoring: {metrics: [{name: payment_success_rate}]}\n", "spec.missing-key");
  check(
      "payment_monitoring: {metrics: [{name: payment_success_rate, threshold: 99, period: 0, statistic: Average, "
      "alarm_action: notify_team}]}\n",
      "spec.wrong-type");
  check("scrape_configs: [{job_name: a, static_configs: [{targets: [\"a:99999\"]}]}]\n", "scrape.discovery");
  check("scrape_configs: [{job_name: a, metrics_path: metrics}]\n", "scrape.timing");
  check("pci_dss_compliance: {firewall: [x]}\n", "spec.unknown-key");
}

TEST(Spec, FillsTheTypedSections) {
  const Loaded loaded = load_text("a.yaml", R"(
environment: demo
global: {scrape_interval: 5s}
scrape_configs:
  - job_name: node
    static_configs: [{targets: ["127.0.0.1:9100"], labels: {zone: a}}]
  - {job_name: own, scrape_interval: 1m, scrape_timeout: 3s, params: {m: [x, y]}, honor_labels: true}
notify: [{webhook: "http://127.0.0.1:1/hook"}]
payment_monitoring:
  metrics:
    - {name: payment_latency_p99, threshold: 3000, period: "3m", statistic: p99, alarm_action: warning_alert}
    - {name: payment_success_rate, threshold: 99.5, period: 60, statistic: Average, alarm_action: immediate_alert}
  dashboards: [{name: D, widgets: [a, b]}]
log_analysis:
  payment_logs:
    pattern: "payment_*"
    fields: [status]
    retention_days: 400
    alerts: [{condition: "status:failed", period: "5m", action: escalate}]
)");
  for (const Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
  const Spec& spec = loaded.spec;
  EXPECT_EQ(spec.environment_label, "demo");
  ASSERT_EQ(spec.indicators.size(), 2u);
  EXPECT_EQ(spec.indicators[0].period, Nanos{Seconds{180}});
  EXPECT_EQ(spec.indicators[1].period, Nanos{Seconds{60}});
  EXPECT_EQ(spec.indicators[1].threshold, 99.5);
  ASSERT_EQ(spec.log_alerts.size(), 1u);
  EXPECT_EQ(spec.log_alerts[0].pattern, "payment_*");
  EXPECT_EQ(spec.log_alerts[0].action, "escalate");
  ASSERT_EQ(spec.log_streams.size(), 1u);
  EXPECT_EQ(spec.log_streams[0].retention_days, 400);
  const auto& jobs = spec.prometheus.scrape_configs;
  ASSERT_EQ(jobs.size(), 2u);
  EXPECT_EQ(jobs[0].scrape_interval, Nanos{Seconds{5}});
  EXPECT_EQ(jobs[0].scrape_timeout, Nanos{Seconds{5}});
  EXPECT_EQ(jobs[0].static_configs[0].labels[0].second, "a");
  EXPECT_EQ(jobs[1].params[0].second.size(), 2u);
  EXPECT_EQ(jobs[1].scrape_timeout, Nanos{Seconds{3}});
  EXPECT_EQ(spec.notify[0].webhook, "http://127.0.0.1:1/hook");
  EXPECT_EQ(spec.dashboards[0].widgets.size(), 2u);
}

TEST(Spec, ListsWhatIsNotActiveYet) {
  const Loaded loaded = load_text("a.yaml", "load_testing: {}\npayment_monitoring: {alerts: {info: [x]}}\n");
  EXPECT_EQ(loaded.inactive_sections, (std::vector<std::string>{"load_testing", "payment_monitoring.alerts"}));
}

TEST(Spec, NamesAMissingFile) {
  const auto loaded = load({"/nonexistent/spec.yaml"});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Code::NotFound);
  EXPECT_NE(loaded.error().message.find("/nonexistent/spec.yaml"), std::string::npos);
  EXPECT_FALSE(load({std::filesystem::temp_directory_path().string()}));
}

TEST(Spec, SortsFindingsByPlace) {
  const Loaded loaded = load_text("a.yaml", "zzz: 1\nload_testing: 5\nyyy: 1\n");
  ASSERT_EQ(loaded.diagnostics.size(), 3u);
  EXPECT_EQ(loaded.diagnostics[0].line, 1);
  EXPECT_EQ(loaded.diagnostics[1].line, 2);
  EXPECT_EQ(loaded.diagnostics[2].line, 3);
}

TEST(Spec, WritesJsonWithTheMistakesNumberOrNull) {
  EXPECT_EQ(
      to_json(load_text("a.yaml", "infrastructure: {database: {rds: {engine: postgresql}}}\nx: 1\n").diagnostics),
      R"([{"file":"a.yaml","line":1,"col":43,"id":"infra.engine-unknown","severity":"error",)"
      R"("message":"RDS has no engine 'postgresql'","fix":"use 'postgres'","mistake":5},)"
      R"({"file":"a.yaml","line":2,"col":1,"id":"spec.unknown-key","severity":"error",)"
      R"("message":"the key 'x' is not known","fix":)" +
          [&] {
            std::string fix = load_text("a.yaml", "x: 1\n").diagnostics[0].fix;
            return "\"" + fix + "\"";
          }() +
          R"(,"mistake":null}])");
}

TEST(Spec, SuggestsTheNearestRule) {
  const auto text = explain("infra.cidr-invald");
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().message.find("infra.cidr-invalid"), std::string::npos);
}

TEST(SpecBlocking, AWatcherIsKeptFromWorkOnlyByWhatItNeeds) {
  const auto blocks = [](const char* text) { return load_text("t.yaml", text).has_blocking_errors(); };
  EXPECT_FALSE(blocks("infrastructure: {vpc: {cidr: 10.0.999.0/24}}\n")) << "only checked so far";
  EXPECT_FALSE(
      blocks("payment_monitoring: {metrics: [{name: checkout_session_creation_errors, threshold: 1, period: 60, "
             "statistic: Sum, alarm_action: immediate_alert}]}\n"))
      << "a sum is well defined, if unwise";
  EXPECT_TRUE(
      blocks("payment_monitoring: {metrics: [{name: payment_success_rate, threshold: much, period: 60, statistic: "
             "Average, alarm_action: immediate_alert}]}\n"));
  EXPECT_TRUE(
      blocks("payment_monitoring: {metrics: [{name: payment_success_rate, threshold: 99.5, period: 60, statistic: "
             "Avrage, alarm_action: immediate_alert}]}\n"));
  EXPECT_TRUE(blocks("payment_monitoring: ["));
  EXPECT_TRUE(blocks("paymentmonitoring: {}\n"));
}

TEST(Spec, AnEmptyKeyIsNoKnownOne) {
  for (const auto& diagnostic : load_text("a.yaml", "\"\": x\n").diagnostics) {
    EXPECT_FALSE(diagnostic.fix.empty()) << to_string(diagnostic);
    EXPECT_NE(diagnostic.id, "scrape.not-followed");
  }
}

}  // namespace
}  // namespace mamori::spec
