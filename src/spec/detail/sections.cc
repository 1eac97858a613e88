// Declares every section: the design log's nine, ours, and those of a prometheus.yml.
#include "spec/detail/prometheus_shape.h"
#include "spec/detail/shapes.h"

namespace mamori::spec {

namespace {

// No real fleet, retention or amount comes near: larger is a typing mistake.
constexpr double kMany = 1'000'000;
constexpr double kDaysMax = 36'500;

Shape payment_monitoring() {
  const Shape metric = map({
      required("name",
               choice({"payment_success_rate", "payment_latency_p99", "stripe_webhook_processing_time",
                       "checkout_session_creation_errors"}),
               "the indicator"),
      required("threshold", number(0, 1e9), "percent for rates, milliseconds for times"),
      required("period", window(), "width of the sliding window"),
      required("statistic", text(), "`Average` `Sum` `Minimum` `Maximum` `SampleCount` or a percentile such as `p99`"),
      required("alarm_action", choice({"immediate_alert", "critical_alert", "warning_alert", "notify_team"}),
               "the first two page, `warning_alert` warns, `notify_team` informs"),
  });
  const Shape dashboard = map({required("name", text()), required("widgets", list(text()), "titles, in order")});
  return map({
      key("metrics", list(metric), "alarms, in CloudWatch's terms"),
      key("dashboards", list(dashboard), "the page's groups of widgets"),
      later("alerts", map({key("immediate", list(text())), key("critical", list(text())), key("warning", list(text())),
                           key("info", list(text()))})),
  });
}

Shape log_analysis() {
  const Shape alert = map({
      required("condition", text(), "`field:value`, `field > number`, `count > number`, joined by `AND`"),
      required("period", window(), "width of the sliding window"),
      required("action", choice({"notify_team", "escalate"}), "both inform the team; neither pages"),
  });
  return keyed(map({
      required("pattern", text(), "streams it holds for, as a glob; `payment_*` or `security_*`"),
      key("fields", list(text()), "fields that its lines carry"),
      key("retention_days", integer(1, kDaysMax)),
      key("alerts", list(alert)),
      later("real_time_analysis", flag()),
      later("ml_anomaly_detection", flag()),
  }));
}

Shape rds() {
  return map({
      key("engine", text(), "RDS' id of the engine: `postgres`, `aurora-postgresql`, …"),
      key("version", text()),
      key("instance_class", text()),
      key("allocated_storage", integer(1, kMany), "GiB"),
      key("max_allocated_storage", integer(1, kMany), "GiB; storage autoscaling stops there"),
      key("multi_az", flag()),
      key("backup_retention_period", integer(0, 35), "days"),
      key("delete_automated_backups", flag()),
      key("deletion_protection", flag()),
      key("cross_region_replica",
          map({required("region", text()), key("instance_class", text()),
               key("lag_alarm", duration(), "alarm when the replica is further behind; at most the RPO")}),
          "the read replica that a fail-over promotes"),
  });
}

Shape search_cluster() {
  return map({
      key("self_managed", flag(), "true: on own machines, not the AWS service"),
      key("version", text()),
      key("instance_type", text()),
      key("instance_count", integer(1, kMany)),
      key("dedicated_master", flag()),
      key("master_instance_type", text()),
      key("master_instance_count", integer(1, kMany)),
  });
}

Shape infrastructure() {
  const Shape vpc = map({
      key("cidr", text()),
      key("availability_zones", integer(1, 12)),
      key("public_subnets", list(text())),
      key("private_subnets", list(text())),
      key("database_subnets", list(text())),
  });
  const Shape servers = map({
      key("instance_type", text(), "for an EC2 fleet; leave out with Fargate"),
      key("task_cpu", integer(256, 16384), "Fargate: CPU units, 1024 per vCPU"),
      key("task_memory", integer(512, 122880), "Fargate: MiB"),
      key("min_capacity", integer(0, kMany)),
      key("max_capacity", integer(1, kMany)),
      key("target_cpu_utilization", percent()),
      key("health_check_grace_period", duration()),
  });
  const Shape cluster =
      map({key("name", text()), key("capacity_providers", list(text())), key("default_capacity_provider", text())});
  const Shape redis = map({
      key("node_type", text()),
      key("num_cache_nodes", integer(1, 500), "of a single-node Redis: 1"),
      key("num_node_groups", integer(1, 500), "shards of a replication group"),
      key("replicas_per_node_group", integer(0, 5)),
      key("engine_version", text()),
      key("parameter_group", text()),
      key("subnet_group", text()),
  });
  const Shape waf_rule = either(text(), map({
                                            required("name", text()),
                                            key("limit", integer(1, 2'000'000'000), "requests per address"),
                                            key("window", duration()),
                                            key("action", choice({"block", "count", "captcha", "challenge"})),
                                        }));
  return map({
      key("vpc", vpc),
      key("compute", map({key("application_servers", servers), key("ecs_cluster", cluster)})),
      key("database", map({key("rds", rds())})),
      key("cache", map({key("redis", redis)})),
      key("monitoring",
          map({
              key("cloudwatch", map({key("detailed_monitoring", flag()),
                                     key("log_retention_days", integer(0, kDaysMax)), key("custom_metrics", flag())})),
              key("elasticsearch", search_cluster()),
              key("opensearch", search_cluster()),
          })),
      key("security", map({
                          key("waf", map({key("name", text()), key("rules", list(waf_rule))})),
                          key("secrets_manager", keyed(text()), "names of secrets, never their values"),
                      })),
  });
}

Shape security_layers() { return keyed(list(text()), "layer_[0-9]{1,2}_[a-z0-9_]{1,60}", "layer_<number>_<name>"); }

Shape pci_dss_compliance() {
  return keyed(list(text()), "requirement_[0-9]{1,2}_[a-z0-9_]{1,80}", "requirement_<number>_<title>");
}

Shape business_continuity() {
  const Shape objective =
      map({key("rto", duration(), "recovery time objective"), key("rpo", duration(), "recovery point objective"),
           key("availability", percent(), "over 30 days")});
  const Shape trigger = either(text(), map({
                                           required("condition", text()),
                                           key("for", duration(), "how long it must hold"),
                                           key("observers", text(), "`3 of 3`: how many must agree"),
                                       }));
  const Shape backups = map({
      key("database", map({key("automated_backups", toggle()), key("backup_window", text(), "`18:00-19:00 UTC`"),
                           key("retention_period", days()), key("cross_region_backup", toggle()),
                           key("point_in_time_recovery", toggle())})),
      key("application_data", map({key("s3_versioning", toggle()), key("cross_region_replication", toggle()),
                                   key("lifecycle_policy", toggle()), key("glacier_transition", days()),
                                   key("glacier_storage_class", choice({"GLACIER", "GLACIER_IR", "DEEP_ARCHIVE"}))})),
      key("configuration", map({key("infrastructure_as_code", toggle()), key("version_control", text()),
                                key("automated_deployment", toggle()), key("rollback_capability", toggle())})),
  });
  return map({
      key("objectives", keyed(objective)),
      key("backup_strategy", backups),
      key("disaster_recovery",
          map({key("primary_region", text()), key("secondary_region", text()),
               key("failover_type", choice({"automatic", "manual"})), key("failover_trigger", list(trigger)),
               key("secondary_capacity", integer(0, kMany), "tasks or instances to scale the second region to"),
               key("recovery_procedures", list(text()))})),
  });
}

Shape load_testing() {
  const Shape scenario = map({key("users", integer(1, 1e8)), key("duration", duration()), key("ramp_up", duration()),
                              key("requests_per_second", number(0, 1e8))});
  const Shape rate = of(Type::Rate);
  return map({
      key("scenarios", keyed(scenario)),
      key("acceptance_criteria",
          map({
              key("response_time", map({key("p50", comparison()), key("p90", comparison()), key("p95", comparison()),
                                        key("p99", comparison())})),
              key("throughput", map({key("minimum", rate), key("target", rate), key("maximum", rate)})),
              key("error_rate", map({key("maximum", percent()), key("payment_errors", percent())})),
              key("resource_utilization", map({key("cpu", comparison()), key("memory", comparison()),
                                               key("disk_io", comparison()), key("network", comparison())})),
          })),
  });
}

Shape cdn_optimization() {
  const Shape origin =
      map({key("id", text(), "the name that behaviours use"), required("domain", text()),
           key("path_pattern", text(), "belongs to a behaviour"), key("ttl", duration(), "belongs to a behaviour")});
  const Shape behavior = map({
      key("path_pattern", text()),
      key("origin", text(), "an origin's id or domain"),
      key("ttl", duration()),
      key("caching", flag()),
      key("compress", flag()),
      key("viewer_protocol_policy", choice({"allow-all", "redirect-to-https", "https-only"})),
      key("allowed_methods", list(choice({"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"}))),
  });
  return map({key("cloudfront", map({
                                    key("price_class", choice({"PriceClass_100", "PriceClass_200", "PriceClass_All"})),
                                    key("origins", list(origin)),
                                    key("behaviors", keyed(behavior)),
                                    key("invalidation", map({key("paths", list(text())), key("automatic", flag()),
                                                             key("on_deployment", flag())})),
                                }))});
}

Shape cost_optimization() {
  return map({
      key("ec2_instances", list(text())),
      key("storage", list(text())),
      key("data_transfer", list(text())),
      key("monitoring", list(text())),
      key("estimated_monthly_costs", keyed(of(Type::Dollars)), "one amount per item, and their `total`"),
  });
}

}  // namespace

const Shape& document_shape() {
  static const Shape shape = [] {
    Shape all = map({
        key("environment", text(), "a short label that the page shows: `demo`"),
        key("users", text(), "the country of most users, ISO 3166: `JP` (the default)"),
        key("payment_monitoring", payment_monitoring()),
        key("log_analysis", log_analysis()),
        key("notify", list(map({required("webhook", of(Type::Url), "gets Alertmanager's version-4 payload")}))),
        later("infrastructure", infrastructure()),
        later("security_layers", security_layers()),
        later("pci_dss_compliance", pci_dss_compliance()),
        later("business_continuity", business_continuity()),
        later("load_testing", load_testing()),
        later("cdn_optimization", cdn_optimization()),
        later("cost_optimization", cost_optimization()),
        later("監視・ログ", list(text()), "the log's technology list"),
        later("インフラ", list(text())),
        later("セキュリティ", list(text())),
    });
    for (Field& section : prometheus_sections()) all.fields.push_back(std::move(section));
    return all;
  }();
  return shape;
}

}  // namespace mamori::spec
