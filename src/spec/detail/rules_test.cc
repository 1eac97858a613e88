// Every rule, with the log's own value, with a variant of the same mistake, and with the mended value, which must be
// silent. The cases name only what the rule looks at.
#include <gtest/gtest.h>

#include <set>

#include "spec/detail/rule.h"
#include "spec/spec.h"

namespace mamori::spec {
namespace {

struct Case {
  std::string id, log, variant, mended;
};

std::set<std::string> ids_of(const std::string& text, const std::string& name) {
  std::set<std::string> ids;
  for (const Diagnostic& diagnostic : load_text(name, text).diagnostics) ids.insert(diagnostic.id);
  return ids;
}

std::string metrics(const std::string& fields) { return "payment_monitoring: {metrics: [" + fields + "]}\n"; }
std::string metric(const std::string& name, const std::string& threshold, const std::string& period,
                   const std::string& statistic, const std::string& action) {
  return "{name: " + name + ", threshold: " + threshold + ", period: " + period + ", statistic: " + statistic +
         ", alarm_action: " + action + "}";
}
std::string success() { return metrics(metric("payment_success_rate", "99.5", "60", "Average", "immediate_alert")); }
std::string servers(const std::string& fields) {
  return "infrastructure: {compute: {application_servers: {" + fields + "}}}\n";
}
std::string rds(const std::string& fields) { return "infrastructure: {database: {rds: {" + fields + "}}}\n"; }
std::string redis(const std::string& fields) { return "infrastructure: {cache: {redis: {" + fields + "}}}\n"; }
std::string vpc(const std::string& fields) { return "infrastructure: {vpc: {" + fields + "}}\n"; }
std::string waf(const std::string& rules) { return "infrastructure: {security: {waf: {rules: [" + rules + "]}}}\n"; }
std::string search(const std::string& key, const std::string& fields) {
  return "infrastructure: {monitoring: {" + key + ": {" + fields + "}}}\n";
}
std::string pci(const std::string& key, const std::string& item) {
  return "pci_dss_compliance: {" + key + ": [\"" + item + "\"]}\n";
}
std::string objective(const std::string& fields) {
  return "business_continuity: {objectives: {payment_system: {" + fields + "}}}\n";
}
std::string disaster(const std::string& fields) {
  return "business_continuity: {objectives: {payment_system: {rto: 5 minutes, rpo: 30 seconds}}, disaster_recovery: {" +
         fields + "}}\n";
}
std::string scenarios(const std::string& spike, const std::string& maximum) {
  return "load_testing: {scenarios: {normal_load: {users: 100, requests_per_second: 50}, peak_load: {users: 500, "
         "requests_per_second: 200}, spike_test: {" +
         spike + "}}, acceptance_criteria: {throughput: {maximum: " + maximum + "}}}\n";
}
std::string cdn(const std::string& fields) { return "cdn_optimization: {cloudfront: {" + fields + "}}\n"; }
std::string logs(const std::string& fields) {
  return "log_analysis: {payment_logs: {pattern: \"payment_*\", " + fields + "}}\n";
}
std::string alert(const std::string& condition) {
  return logs("fields: [status, processing_time], alerts: [{condition: \"" + condition +
              "\", period: 5m, action: notify_team}]");
}

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      // payments
      {"payment.statistic-unknown", metrics(metric("payment_latency_p99", "3000", "60", "Mean", "warning_alert")),
       metrics(metric("payment_latency_p99", "3000", "60", "p101", "warning_alert")),
       metrics(metric("payment_latency_p99", "3000", "60", "p99.9", "warning_alert"))},
      {"payment.metric-twice",
       metrics(metric("payment_latency_p99", "1", "60", "p99", "warning_alert") + ", " +
               metric("payment_latency_p99", "2", "60", "p99", "warning_alert")),
       success() + "---\n" + success(), success()},
      {"payment.threshold-range", metrics(metric("payment_success_rate", "995", "60", "Average", "immediate_alert")),
       metrics(metric("checkout_session_creation_errors", "100.5", "60", "Average", "immediate_alert")), success()},
      {"payment.period-too-long", metrics(metric("payment_success_rate", "99.5", "300", "Average", "immediate_alert")),
       metrics(metric("stripe_webhook_processing_time", "5000", "2m", "p99", "critical_alert")),
       metrics(metric("payment_latency_p99", "3000", "180", "p99", "warning_alert"))},
      {"payment.percentage-summed",
       metrics(metric("checkout_session_creation_errors", "1", "60", "Sum", "immediate_alert")),
       metrics(metric("payment_success_rate", "99.5", "60", "SampleCount", "immediate_alert")),
       metrics(metric("checkout_session_creation_errors", "1", "60", "Average", "immediate_alert"))},
      {"payment.single-event-pages",
       metrics(metric("stripe_webhook_processing_time", "5000", "60", "Maximum", "critical_alert")),
       metrics(metric("payment_latency_p99", "3000", "60", "p100", "immediate_alert")),
       metrics(metric("stripe_webhook_processing_time", "5000", "60", "p99", "critical_alert"))},
      {"payment.latency-limits-contradict",
       metrics(metric("payment_latency_p99", "3000", "60", "p99", "warning_alert")) +
           "load_testing: {acceptance_criteria: {response_time: {p99: \"< 5000ms\"}}}\n",
       metrics(metric("payment_latency_p99", "1200", "60", "p99", "warning_alert")) +
           "load_testing: {acceptance_criteria: {response_time: {p99: \"<= 2s\"}}}\n",
       metrics(metric("payment_latency_p99", "3000", "60", "p99", "warning_alert")) +
           "load_testing: {acceptance_criteria: {response_time: {p99: \"< 3s\"}}}\n"},
      {"payment.objectives-contradict",
       success() + "load_testing: {acceptance_criteria: {error_rate: {payment_errors: \"0.01%\"}}}\n",
       success() + "load_testing: {acceptance_criteria: {error_rate: {maximum: \"4%\"}}}\n",
       success() + "load_testing: {acceptance_criteria: {error_rate: {payment_errors: \"0.5%\"}}}\n"},
      {"payment.error-alert-above-objective",
       "payment_monitoring: {alerts: {immediate: [\"Stripe API errors > 5%\"]}}\n---\n" + success(),
       "payment_monitoring: {alerts: {warning: [\"Failed refunds >= 2 %\"]}}\n---\n" + success(),
       "payment_monitoring: {alerts: {immediate: [\"Stripe API errors > 0.5%\", \"Cache miss rate > 30%\"]}}\n---\n" +
           success()},
      {"scrape.not-followed", "scrape_configs: [{job_name: a, consul_sd_configs: [{server: x}]}]\n",
       "global: {scrape_protocols: [PrometheusProto, PrometheusText0.0.4]}\n",
       "scrape_configs: [{job_name: a, static_configs: [{targets: [\"127.0.0.1:9100\"]}], enable_http2: false}]\n"},
      {"scrape.access", "scrape_configs: [{job_name: a, basic_auth: {password: p, password_file: f}}]\n",
       "scrape_configs: [{job_name: a, bearer_token: t, authorization: {credentials: t}}]\n",
       "scrape_configs: [{job_name: a, basic_auth: {username: u, password_file: f}}]\n"},
      {"scrape.discovery", "scrape_configs: [{job_name: a, dns_sd_configs: [{names: [x], type: A}]}]\n",
       "scrape_configs: [{job_name: a, file_sd_configs: [{files: [\"*/a.json\"]}]}]\n",
       "scrape_configs: [{job_name: a, file_sd_configs: [{files: [\"a/*.json\"]}], dns_sd_configs: [{names: [x]}]}]\n"},
      {"scrape.relabeling", "scrape_configs: [{job_name: a, relabel_configs: [{regex: \"a(\", target_label: x}]}]\n",
       "scrape_configs: [{job_name: a, metric_relabel_configs: [{action: hashmod, target_label: x}]}]\n",
       "scrape_configs: [{job_name: a, relabel_configs: [{regex: \"a(.*)\", target_label: x, action: Replace}]}]\n"},
      {"scrape.timing", "scrape_configs: [{job_name: a}, {job_name: a}]\n",
       "scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: 10s}]\n",
       "scrape_configs: [{job_name: a, scrape_interval: 5s}, {job_name: b, scrape_timeout: 15s}]\n"},
      // logs
      {"log.count-is-no-field", alert("status:failed AND count > 10"), alert("status:canceled AND count >= 3"),
       alert("status:failed")},
      {"log.condition-unknown-field", alert("procesing_time > 5000"), alert("colour:red"),
       alert("processing_time > 5000")},
      {"log.condition-form", alert("failed"), alert("too many failures"), alert("status:failed")},
      {"log.pattern-not-accepted", "log_analysis: {shop_logs: {pattern: \"shop_*\"}}\n",
       "log_analysis: {a: {pattern: \"*\"}}\n", "log_analysis: {a: {pattern: \"security_audit_*\"}}\n"},
      {"log.retention-too-short", logs("retention_days: 90"),
       "infrastructure: {monitoring: {cloudwatch: {log_retention_days: 365}}}\n", logs("retention_days: 400")},
      {"log.cloudwatch-retention-value", "infrastructure: {monitoring: {cloudwatch: {log_retention_days: 100}}}\n",
       "infrastructure: {monitoring: {cloudwatch: {log_retention_days: 4000}}}\n",
       "infrastructure: {monitoring: {cloudwatch: {log_retention_days: 400}}}\n"},
      // infrastructure
      {"infra.cidr-invalid", vpc("database_subnets: [10.0.100.0/24, 10.0.300.0/24]"), vpc("cidr: 10.0.0.0/33"),
       vpc("database_subnets: [10.0.100.0/24, 10.0.210.0/24]")},
      {"infra.subnet-misplaced", vpc("cidr: 10.0.0.0/16, public_subnets: [10.1.0.0/24]"),
       vpc("public_subnets: [10.0.0.0/23], private_subnets: [10.0.1.0/24]"),
       vpc("cidr: 10.0.0.0/16, public_subnets: [10.0.0.0/24], private_subnets: [10.0.1.0/24]")},
      {"infra.subnet-per-zone", vpc("availability_zones: 3, public_subnets: [10.0.0.0/24]"),
       vpc("availability_zones: 2, database_subnets: []"), vpc("availability_zones: 1, public_subnets: [10.0.0.0/24]")},
      {"infra.fargate-has-no-instances",
       "infrastructure: {compute: {application_servers: {instance_type: t3.large}, ecs_cluster: "
       "{default_capacity_provider: FARGATE}}}\n",
       "infrastructure: {compute: {application_servers: {instance_type: c7g.xlarge}, ecs_cluster: "
       "{default_capacity_provider: FARGATE_SPOT}}}\n",
       "infrastructure: {compute: {application_servers: {task_cpu: 1024}, ecs_cluster: {default_capacity_provider: "
       "FARGATE}}}\n"},
      {"infra.capacity-provider-unknown",
       "infrastructure: {compute: {ecs_cluster: {capacity_providers: [EC2, FARGATE]}}}\n",
       "infrastructure: {compute: {ecs_cluster: {capacity_providers: [FARGATE_ARM], default_capacity_provider: x}}}\n",
       "infrastructure: {compute: {ecs_cluster: {capacity_providers: [shop-asg, FARGATE], default_capacity_provider: "
       "FARGATE}}}\n"},
      {"infra.two-orchestrators", "インフラ: [AWS ECS/EKS]\ninfrastructure: {compute: {ecs_cluster: {name: a}}}\n",
       "security_layers: {layer_1_a: [Kubernetes network policies]}\ninfrastructure: {compute: {ecs_cluster: {name: "
       "a}}}\n",
       "インフラ: [AWS ECS]\ninfrastructure: {compute: {ecs_cluster: {name: a}}}\n"},
      {"infra.burstable-above-baseline", servers("instance_type: t3.large, target_cpu_utilization: 60"),
       servers("instance_type: t4g.medium, target_cpu_utilization: 50%"),
       servers("instance_type: m7g.large, target_cpu_utilization: 60")},
      {"infra.capacity-order", servers("min_capacity: 30, max_capacity: 20"),
       rds("allocated_storage: 500, max_allocated_storage: 100"), servers("min_capacity: 3, max_capacity: 20")},
      {"infra.engine-unknown", rds("engine: postgresql"), rds("engine: mysql8"), rds("engine: postgres")},
      {"infra.postgres-version-old", rds("engine: postgres, version: \"15.4\""),
       rds("engine: postgres, version: \"13.11\""), rds("engine: postgres, version: \"17.7\"")},
      {"infra.redis-nodes", redis("num_cache_nodes: 3"), redis("num_cache_nodes: 2"),
       redis("num_node_groups: 1, replicas_per_node_group: 2")},
      {"infra.parameter-group-family", redis("parameter_group: redis7.x, engine_version: \"7.0\""),
       redis("parameter_group: default.redis6.x, engine_version: \"7.1\""),
       redis("parameter_group: default.redis7.cluster.on, engine_version: \"7.0\"")},
      {"infra.elasticsearch-version", search("elasticsearch", "version: \"8.5\""),
       search("elasticsearch", "version: \"7.17\""), search("elasticsearch", "version: \"8.5\", self_managed: true")},
      {"infra.elasticsearch-version", search("opensearch", "version: \"8.5\""),
       search("elasticsearch", "version: \"8.11\", instance_type: m6g.large.elasticsearch"),
       search("opensearch", "version: \"2.17\", instance_type: m6g.large.search")},
      {"infra.search-burstable", search("elasticsearch", "instance_type: t3.small.elasticsearch"),
       search("opensearch", "master_instance_type: t2.medium.search"),
       search("opensearch", "instance_type: r6g.large.search")},
      {"infra.waf-group-unknown", waf("AWS-AWSManagedRulesOWASPTop10RuleSet"),
       waf("AWSManagedRulesSQLInjectionRuleSet"), waf("AWS-AWSManagedRulesCommonRuleSet, AWSManagedRulesSQLiRuleSet")},
      {"infra.waf-rule-undefined", waf("CustomRateLimitRule"), waf("{name: LoginThrottle, window: 5m}"),
       waf("{name: CustomRateLimitRule, limit: 2000}")},
      // security
      {"security.tls-version", "security_layers: {layer_4_data: [\"Encryption in transit (TLS 1.3)\"]}\n",
       pci("requirement_4_encrypt_transmission", "TLS 1.0 for old partners"),
       pci("requirement_4_encrypt_transmission", "TLS 1.3 preferred, TLS 1.2 with AEAD by exception")},
      {"text.mixed-scripts", "security_layers: {layer_1_a: [\"критичные1分以内\"]}\n",
       "environment: \"распродажаセール\"\n", "security_layers: {layer_1_a: [\"重大1分以内\"]}\n"},
      {"security.certificate-alarm",
       pci("requirement_4_encrypt_transmission", "Certificate alarm 30 days before the end"),
       "security_layers: {layer_4_data: [\"証明書は60日前にアラート\"]}\n",
       pci("requirement_4_encrypt_transmission", "Certificate alarm at a third of its lifetime")},
      {"pci.title-outdated", pci("requirement_1_firewall", "x"), pci("requirement_5_antivirus", "x"),
       pci("requirement_1_network_security_controls", "x")},
      {"pci.item-misfiled", pci("requirement_1_network", "WAF configuration documented"),
       pci("requirement_8_identify_users", "Encryption of passwords in transit"),
       pci("requirement_6_secure_systems", "WAF configuration documented")},
      {"pci.requirement-missing", pci("requirement_1_network", "x"), pci("requirement_12_policies", "x"),
       "pci_dss_compliance: {requirement_1_network: [a], requirement_2_configurations: [a], requirement_3_stored: [a], "
       "requirement_4_transmission: [a], requirement_5_malware: [a], requirement_6_secure: [6.4.3], "
       "requirement_7_restrict: [a], requirement_8_identify: [a], requirement_9_physical: [a], requirement_10_log: "
       "[a], "
       "requirement_11_test: [11.6.1, ASV scans], requirement_12_policies: [a]}\n"},
      {"pci.patch-slot", pci("requirement_6_secure", "Security patches applied monthly"),
       pci("requirement_6_secure", "Patching every month"),
       pci("requirement_6_secure", "Critical patches within 30 days of release")},
      {"pci.scope-contradicts",
       "pci_dss_compliance: {requirement_3_stored: [No cardholder data stored locally, Encryption for data in "
       "transit]}\n",
       "pci_dss_compliance: {requirement_3_stored: [No card data is ever kept, Encrypted backups of cards]}\n",
       "pci_dss_compliance: {requirement_3_stored: [No cardholder data stored locally, Tokens only]}\n"},
      {"pci.stricter-than-required", pci("requirement_11_test", "Penetration testing quarterly"),
       pci("requirement_1_network", "Firewall rules reviewed monthly"),
       pci("requirement_11_test", "Penetration testing every twelve months")},
      // continuity
      {"continuity.users-country", "users: Japan\n", "users: jp\n", "users: JP\n"},
      {"continuity.rpo-unreachable", disaster("secondary_region: ap-northeast-3") + rds("multi_az: true"),
       objective("rpo: 1m") + rds("multi_az: false"),
       disaster("secondary_region: ap-northeast-3") +
           rds("cross_region_replica: {region: ap-northeast-3, lag_alarm: 15s}")},
      {"continuity.no-replica", disaster("secondary_region: us-west-2") + rds("multi_az: true"),
       disaster("secondary_region: eu-west-1, recovery_procedures: [Promote the database]") + rds("multi_az: true"),
       disaster("secondary_region: ap-northeast-3") + rds("cross_region_replica: {region: ap-northeast-3}")},
      {"continuity.replica-region", disaster("secondary_region: a") + rds("cross_region_replica: {region: b}"),
       disaster("secondary_region: us-west-2") + rds("cross_region_replica: {region: us-east-1}"),
       disaster("secondary_region: a") + rds("cross_region_replica: {region: a}")},
      {"continuity.same-region", disaster("primary_region: a, secondary_region: a"),
       disaster("primary_region: us-east-1, secondary_region: us-east-1"),
       disaster("primary_region: a, secondary_region: b")},
      {"continuity.trigger-eats-rto", disaster("failover_trigger: [Primary region unavailable > 5 min]"),
       disaster("failover_trigger: [{condition: Primary gone, for: 200s}]"),
       disaster("failover_trigger: [Primary region unavailable > 60 s]")},
      {"continuity.trigger-without-quorum",
       disaster("failover_type: automatic, failover_trigger: [Application health check fails]"),
       disaster("failover_type: automatic, failover_trigger: [{condition: No heartbeat, for: 5s}]"),
       disaster("failover_type: automatic, failover_trigger: [{condition: No heartbeat, for: 5s, observers: 3 of 3}]")},
      {"continuity.availability-below-rto", objective("rto: 5 minutes, availability: 99.99"),
       objective("rto: 1h, availability: 99.9"), objective("rto: 5 minutes, availability: 99.95")},
      {"continuity.grace-hides-failure", objective("rto: 5 minutes") + servers("health_check_grace_period: 300"),
       objective("rto: 2m") + servers("health_check_grace_period: 90"),
       objective("rto: 5 minutes") + servers("health_check_grace_period: 60")},
      {"continuity.dns-control-plane",
       disaster("primary_region: us-east-1, recovery_procedures: [DNS failover to secondary region]"),
       disaster("primary_region: us-east-1, recovery_procedures: [Change Route 53 by hand]"),
       disaster("primary_region: us-east-1, recovery_procedures: [DNS failover by health-check records]")},
      {"continuity.secondary-too-small", disaster("secondary_capacity: 5") + servers("max_capacity: 20"),
       disaster("secondary_capacity: 1") + servers("max_capacity: 2"),
       disaster("secondary_capacity: 20") + servers("max_capacity: 20")},
      {"continuity.backup-at-peak",
       "business_continuity: {backup_strategy: {database: {backup_window: \"03:00-04:00 UTC\"}}}\n",
       "users: US\nbusiness_continuity: {backup_strategy: {database: {backup_window: \"18:00-19:00 UTC\"}}}\n",
       "business_continuity: {backup_strategy: {database: {backup_window: \"18:00-19:00 UTC\"}}}\n"},
      {"continuity.region-far-from-users", disaster("primary_region: us-east-1"),
       "users: DE\n" + disaster("secondary_region: ap-northeast-1"), disaster("primary_region: ap-northeast-1")},
      {"continuity.retention-differs",
       rds("backup_retention_period: 7") +
           "business_continuity: {backup_strategy: {database: {retention_period: 14}}}\n",
       rds("backup_retention_period: 35") +
           "business_continuity: {backup_strategy: {database: {retention_period: 7d}}}\n",
       rds("backup_retention_period: 7") +
           "business_continuity: {backup_strategy: {database: {retention_period: 7d}}}\n"},
      {"continuity.glacier-too-early",
       "business_continuity: {backup_strategy: {application_data: {glacier_transition: 90}}}\n",
       "business_continuity: {backup_strategy: {application_data: {glacier_transition: 30d}}}\n",
       "business_continuity: {backup_strategy: {application_data: {glacier_transition: 93}}}\n"},
      // load
      {"load.spike-below-peak", scenarios("users: 200, requests_per_second: 100", "200 req/s"),
       scenarios("users: 499", "200 req/s"), scenarios("users: 1000, requests_per_second: 500", "200 req/s")},
      {"load.maximum-untested", scenarios("requests_per_second: 400", "500 req/s"),
       scenarios("requests_per_second: 250", "251"), scenarios("requests_per_second: 500", "500 req/s")},
      {"load.order", "load_testing: {acceptance_criteria: {response_time: {p50: \"< 2s\", p95: \"< 500ms\"}}}\n",
       "load_testing: {acceptance_criteria: {throughput: {minimum: 300, target: 200}}}\n",
       "load_testing: {acceptance_criteria: {response_time: {p50: \"< 500ms\", p95: \"< 2s\"}}}\n"},
      {"load.ramp-too-long", "load_testing: {scenarios: {a: {duration: 5m, ramp_up: 5m}}}\n",
       "load_testing: {scenarios: {a: {duration: 60, ramp_up: 2m}}}\n",
       "load_testing: {scenarios: {a: {duration: 5m, ramp_up: 30s}}}\n"},
      {"load.limit-unit", "load_testing: {acceptance_criteria: {resource_utilization: {cpu: \"< 500ms\"}}}\n",
       "load_testing: {acceptance_criteria: {response_time: {p50: \"< 70%\"}}}\n",
       "load_testing: {acceptance_criteria: {resource_utilization: {cpu: \"< 70%\"}}}\n"},
      // delivery
      {"cdn.post-before-redirect",
       cdn("behaviors: {api: {viewer_protocol_policy: redirect-to-https, allowed_methods: [GET, POST]}}"),
       cdn("behaviors: {upload: {viewer_protocol_policy: allow-all, allowed_methods: [PUT]}}"),
       cdn("behaviors: {api: {viewer_protocol_policy: https-only, allowed_methods: [GET, POST]}}")},
      {"cdn.invalidates-uncached",
       cdn("origins: [{domain: a, path_pattern: \"/api/*\", ttl: 0}], invalidation: {paths: [\"/api/*\"]}"),
       cdn("behaviors: {x: {path_pattern: \"/v1/*\", caching: false}}, invalidation: {paths: [\"/v1/users\"]}"),
       cdn("behaviors: {x: {path_pattern: \"/v1/*\", caching: false}}, invalidation: {paths: [\"/static/*\"]}")},
      {"cdn.compress-uncached", cdn("behaviors: {api: {caching: false, compress: true}}"),
       cdn("behaviors: {api: {ttl: 0, compress: true}}"), cdn("behaviors: {api: {caching: true, compress: true}}")},
      {"cdn.behaviour-under-origin", cdn("origins: [{domain: a, path_pattern: \"/assets/*\"}]"),
       cdn("origins: [{domain: a, ttl: 60}]"), cdn("origins: [{domain: a}]")},
      {"cdn.origin-unlinked", cdn("origins: [{domain: a}, {domain: b}], behaviors: {x: {origin: a}}"),
       cdn("origins: [{domain: a}], behaviors: {x: {origin: a}, y: {origin: c}}"),
       cdn("origins: [{domain: a}, {id: b, domain: c}], behaviors: {x: {origin: a}, y: {origin: b}}")},
      {"cdn.two-networks",
       "security_layers: {layer_1_a: [CloudFlare proxy (additional filtering)]}\n" + cdn("price_class: PriceClass_All"),
       "security_layers: {layer_1_a: [Fastly in front], layer_2_b: [Akamai behind]}\n",
       "security_layers: {layer_1_a: [CloudFront with rate limits]}\n" + cdn("price_class: PriceClass_All")},
      // cost
      {"cost.total-wrong", "cost_optimization: {estimated_monthly_costs: {compute: \"$5\", total: \"$6\"}}\n",
       "cost_optimization: {estimated_monthly_costs: {a: \"$1,000\", b: \"$0.50\", total: \"$1,000\"}}\n",
       "cost_optimization: {estimated_monthly_costs: {a: \"$1,000\", b: \"$0.50\", total: \"$1,000.50\"}}\n"},
      {"cost.shield-left-out",
       "security_layers: {layer_1_a: [AWS Shield Advanced]}\ncost_optimization: {estimated_monthly_costs: {security: "
       "\"$300\"}}\n",
       "security_layers: {layer_9_b: [shield advanced with SRT]}\ncost_optimization: {estimated_monthly_costs: "
       "{security: "
       "\"$2,999\"}}\n",
       "security_layers: {layer_1_a: [AWS Shield Advanced]}\ncost_optimization: {estimated_monthly_costs: {security: "
       "\"$3,300\"}}\n"},
      {"cost.scope-left-out",
       rds("instance_class: db.r6g.xlarge, multi_az: true") +
           "cost_optimization: {estimated_monthly_costs: {total: \"$600\"}}\n",
       servers("instance_type: t3.large, min_capacity: 10") + disaster("secondary_region: ap-northeast-3") +
           "cost_optimization: {estimated_monthly_costs: {total: \"$1,000\"}}\n",
       servers("instance_type: t3.large, min_capacity: 10") +
           "cost_optimization: {estimated_monthly_costs: {total: \"$1,000\"}}\n"},
  };
  return kCases;
}

TEST(Rules, FindTheLogsMistake) {
  for (const Case& c : cases()) EXPECT_TRUE(ids_of(c.log, "a.yaml").contains(c.id)) << c.id << "\n" << c.log;
}

TEST(Rules, FindAVariantOfTheMistake) {
  for (const Case& c : cases()) EXPECT_TRUE(ids_of(c.variant, "a.yaml").contains(c.id)) << c.id << "\n" << c.variant;
}

TEST(Rules, AreSilentAboutTheMendedValue) {
  for (const Case& c : cases()) {
    const auto ids = ids_of(c.mended, "a.yaml");
    EXPECT_FALSE(ids.contains(c.id)) << c.id << "\n" << c.mended;
    for (const std::string& id : ids)
      EXPECT_FALSE(id.starts_with("spec.") || id.starts_with("yaml.")) << c.id << " " << id;
  }
}

TEST(Rules, HaveACaseEach) {
  std::set<std::string_view> covered;
  for (const Case& c : cases()) covered.insert(c.id);
  for (const Rule& rule : all_rules()) {
    if (rule.check == nullptr || rule.id.starts_with("document.")) continue;
    EXPECT_TRUE(covered.contains(rule.id)) << rule.id;
  }
}

TEST(Rules, AreCalledByOneIdAndExplained) {
  std::set<std::string_view> ids;
  for (const Rule& rule : all_rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_FALSE(rule.title.empty()) << rule.id;
    EXPECT_GT(rule.explanation.size(), 40u) << rule.id;
    EXPECT_TRUE(explain(std::string(rule.id))) << rule.id;
  }
}

}  // namespace
}  // namespace mamori::spec
