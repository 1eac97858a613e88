// The rules over Markdown: each with the log's mistake, a variant of it, and the mended text, which must be silent.
#include <gtest/gtest.h>

#include <set>

#include "spec/detail/rule.h"
#include "spec/spec.h"

namespace mamori::spec {
namespace {

std::set<std::string> ids_of(const std::string& text) {
  std::set<std::string> ids;
  for (const Diagnostic& diagnostic : load_text("a.md", text).diagnostics) ids.insert(diagnostic.id);
  return ids;
}

std::string fenced(const std::string& language, const std::string& text) {
  return "```" + language + "\n" + text + "\n```\n";
}
std::string chart(const std::string& lines) { return fenced("mermaid", "graph TB\n" + lines); }
std::string script(const std::string& lines) { return fenced("bash", lines); }
std::string yaml(const std::string& text) { return fenced("yaml", text); }

struct Case {
  std::string id, log, variant, mended;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      {"document.gateway-not-drawn", "- [ ] API Gateway throttling\n" + chart("CF[CloudFront] --> ALB"),
       "APIゲートウェイで制限する\n" + chart("A --> B"),
       "API Gateway quotas\n" + chart("CF --> GW[API Gateway] --> ALB")},
      {"document.sibling-without-edges",
       chart("A1[App Server 1] --> DB\nA2[App Server 2] --> DB\nA1 --> PAY[Stripe API]"),
       chart("w1(Worker A) --> q & db\nw2(Worker B) --> q"),
       chart("A1[App Server 1] --> DB\nA2[App Server 2] --> DB\nA1 & A2 --> PAY[Stripe API]")},
      {"document.alerts-from-one-source", "Prometheus を使う\n" + chart("CW[CloudWatch] --> ALERT[AlertManager]"),
       yaml("監視・ログ: [Prometheus]") + chart("X[Zabbix] -->|mail| N[Alert hub]"),
       "Prometheus\n" + chart("CW[CloudWatch] --> ALERT[AlertManager]\nP[Prometheus] --> ALERT")},
      {"document.done-but-open", "✅ **完了したタスク**\n\n- [ ] WAF\n- [ ] VPC\n", "☑ All work is done\n* [ ] one\n",
       "✅ 完了\n- [x] WAF\n- [ ] VPC\n"},
      {"document.retries-exceed-promise", "応答は3秒以内保証\n30秒タイムアウト、3回リトライ\n",
       "We guarantee 5 s.\nThe timeout is 10 s, with 2 retries.\n",
       "応答は120秒以内保証\n30秒タイムアウト、3回リトライ\n"},
      {"document.percentile-differs",
       "- API < 500ms (p95)\n" + yaml("load_testing: {acceptance_criteria: {response_time: {p95: \"< 2000ms\"}}}"),
       "p50 must be <= 1s\n" + yaml("load_testing: {acceptance_criteria: {response_time: {p50: \"< 200ms\"}}}"),
       "- API < 2s (p95)\n" + yaml("load_testing: {acceptance_criteria: {response_time: {p95: \"< 2000ms\"}}}")},
      {"document.response-after-rto",
       "### Severity 1 (Critical)\n**対応時間**: 15分以内\n" +
           yaml("business_continuity: {objectives: {payment_system: {rto: \"5 minutes\"}}}"),
       "## SEV-1\nFirst response: 1 hour\n" + yaml("business_continuity: {objectives: {shop: {rto: 30m}}}"),
       "### Severity 1\n**対応時間**: 5分以内\n### Severity 2\n**対応時間**: 60分以内\n" +
           yaml("business_continuity: {objectives: {payment_system: {rto: \"5 minutes\"}}}")},
      {"document.script-broken", script("check() {\n  # nothing\n}\ncheck"),
       script("if check_other_side; then echo; fi"),
       script("check_it() {\n  curl -f http://x  # fine\n}\ncheck_it && pg_ctl promote")},
      {"document.script-unsafe", script("go_on() { while true; do sleep 1; done; }\ngo_on"),
       script("wait_it() {\n  until false\n  do\n    sleep 1\n  done\n}\nwait_it\npg_ctl promote"),
       script("wait_it() {\n  while true; do\n    [ $SECONDS -gt 60 ] && break\n  done\n}\nfence_primary() {\n  ssh a "
              "isolate\n}\nfence_primary\nwait_it\npg_ctl promote")},
      {"document.promotes-nothing", script("aws rds promote-read-replica \\\n  --db-instance-identifier $X"),
       script("f() {\n  aws rds failover-global-cluster\n}\nf"),
       script("aws rds promote-read-replica --db-instance-identifier x") +
           yaml("infrastructure: {database: {rds: {cross_region_replica: {region: a}}}}")},
      {"document.scales-group-of-fargate",
       script("aws autoscaling update-auto-scaling-group --desired-capacity 5") +
           yaml("infrastructure: {compute: {ecs_cluster: {default_capacity_provider: FARGATE}}}"),
       script("x=1 aws autoscaling set-desired-capacity") +
           yaml("infrastructure: {compute: {ecs_cluster: {default_capacity_provider: FARGATE_SPOT}}}"),
       script("aws ecs update-service --desired-count 20") +
           yaml("infrastructure: {compute: {ecs_cluster: {default_capacity_provider: FARGATE}}}")},
      {"document.dns-change-in-recovery", script("aws route53 change-resource-record-sets \\\n  --change-batch x"),
       fenced("sh", "if true; then aws route53 change-resource-record-sets; fi"),
       script("aws route53-recovery-cluster update-routing-control-state")},
      {"document.desired-below-peak",
       script("aws x --desired-capacity 5") +
           yaml("infrastructure: {compute: {application_servers: {max_capacity: 20}}}"),
       script("aws ecs update-service --desired-count=2") +
           yaml("infrastructure: {compute: {application_servers: {max_capacity: 3}}}"),
       script("aws x --desired-capacity 20") +
           yaml("infrastructure: {compute: {application_servers: {max_capacity: 20}}}")},
  };
  return kCases;
}

TEST(MarkdownRules, FindTheLogsMistake) {
  for (const Case& c : cases()) EXPECT_TRUE(ids_of(c.log).contains(c.id)) << c.id << "\n" << c.log;
}

TEST(MarkdownRules, FindAVariantOfTheMistake) {
  for (const Case& c : cases()) EXPECT_TRUE(ids_of(c.variant).contains(c.id)) << c.id << "\n" << c.variant;
}

TEST(MarkdownRules, AreSilentAboutTheMendedText) {
  for (const Case& c : cases()) EXPECT_FALSE(ids_of(c.mended).contains(c.id)) << c.id << "\n" << c.mended;
}

TEST(MarkdownRules, HaveACaseEach) {
  std::set<std::string_view> covered;
  for (const Case& c : cases()) covered.insert(c.id);
  for (const Rule& rule : all_rules()) {
    if (rule.id.starts_with("document.")) EXPECT_TRUE(covered.contains(rule.id)) << rule.id;
  }
}

TEST(Markdown, KeepsTheLinesOfTheFile) {
  const Loaded loaded =
      load_text("a.md", "# t\n\n```yaml\nusers: JP\nzzz: 1\n```\n\n  ```json\n  {\"yyy\": 1}\n  ```\n");
  ASSERT_EQ(loaded.diagnostics.size(), 2u);
  EXPECT_EQ(loaded.diagnostics[0].line, 5);
  EXPECT_EQ(loaded.diagnostics[0].column, 1);
  EXPECT_EQ(loaded.diagnostics[1].line, 9);
  EXPECT_EQ(loaded.diagnostics[1].column, 4);
}

TEST(Markdown, EndsAnOpenFenceWithTheFile) {
  EXPECT_TRUE(ids_of("~~~yaml\nzzz: 1\n```\n").contains("yaml.syntax"));  // ``` does not close ~~~
  EXPECT_TRUE(ids_of("````yaml\nzzz: 1\n").contains("spec.unknown-key"));
}

}  // namespace
}  // namespace mamori::spec
