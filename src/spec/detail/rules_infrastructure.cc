// Rules over infrastructure: network, compute, database, cache, search, firewall.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "spec/detail/facts.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

const Node& infrastructure(const Document& document, std::string_view path) {
  return document.root["infrastructure"].at_path(path);
}

constexpr std::array<std::string_view, 3> kSubnetLists{"public_subnets", "private_subnets", "database_subnets"};

template <typename Visit>
void each_network(const Document& document, Visit visit) {
  const Node& vpc = infrastructure(document, "vpc");
  if (vpc["cidr"].is_scalar()) visit(vpc["cidr"], "vpc.cidr");
  for (const std::string_view list : kSubnetLists) {
    for (const Node& item : vpc[list].items) {
      if (item.is_scalar()) visit(item, std::string(list));
    }
  }
}

void check_cidr(const Document& document, Findings& findings) {
  each_network(document, [&](const Node& node, const std::string&) {
    const auto cidr = read_cidr(node.text);
    if (!cidr) {
      findings.at(node, cidr.error().message, "use a free network, for example 10.0.210.0/24");
    } else if (cidr->has_host_bits()) {
      const Cidr network{cidr->address & cidr->mask(), cidr->prefix};
      findings.at(node, "'" + node.text + "' has bits set beyond its prefix", "write it as " + to_string(network));
    }
  });
}

void check_subnets(const Document& document, Findings& findings) {
  const Node& vpc = infrastructure(document, "vpc");
  const auto outer = read_cidr(vpc["cidr"].text);
  std::vector<std::pair<Cidr, const Node*>> seen;
  for (const std::string_view list : kSubnetLists) {
    for (const Node& item : vpc[list].items) {
      const auto cidr = item.is_scalar() ? read_cidr(item.text) : Result<Cidr>(invalid_argument(""));
      if (!cidr) continue;
      if (outer && !outer->contains(*cidr)) {
        findings.at(item, "the subnet " + item.text + " lies outside the VPC's " + vpc["cidr"].text,
                    "choose a network inside it");
      }
      for (const auto& [other, node] : seen) {
        if (!other.overlaps(*cidr)) continue;
        findings.at(item, "the subnet " + item.text + " overlaps " + node->text, "give each subnet its own addresses");
        break;
      }
      constexpr std::size_t kSubnetsMax = 500;  // an AWS VPC holds 200 by default
      if (seen.size() < kSubnetsMax) seen.emplace_back(*cidr, &item);
    }
  }
}

void check_subnet_count(const Document& document, Findings& findings) {
  const Node& vpc = infrastructure(document, "vpc");
  const auto zones = number_of(vpc["availability_zones"]);
  if (!zones) return;
  for (const std::string_view list : kSubnetLists) {
    if (!vpc[list].is_list() || static_cast<double>(vpc[list].items.size()) >= *zones) continue;
    findings.at_key(vpc[list],
                    std::string(list) + " has " + std::to_string(vpc[list].items.size()) + " subnets for " +
                        vpc["availability_zones"].text + " availability zones",
                    "give each zone one");
  }
}

void check_engine(const Document& document, Findings& findings) {
  static const std::vector<std::string> kEngines{"postgres",
                                                 "mysql",
                                                 "mariadb",
                                                 "aurora-postgresql",
                                                 "aurora-mysql",
                                                 "oracle-ee",
                                                 "oracle-ee-cdb",
                                                 "oracle-se2",
                                                 "oracle-se2-cdb",
                                                 "sqlserver-ee",
                                                 "sqlserver-se",
                                                 "sqlserver-ex",
                                                 "sqlserver-web",
                                                 "db2-ae",
                                                 "db2-se",
                                                 "custom-oracle-ee",
                                                 "custom-oracle-ee-cdb",
                                                 "custom-oracle-se2",
                                                 "custom-oracle-se2-cdb",
                                                 "custom-sqlserver-se",
                                                 "custom-sqlserver-web",
                                                 "custom-sqlserver-dev",
                                                 "custom-sqlserver-ee"};
  const Node& engine = infrastructure(document, "database.rds.engine");
  if (!engine.is_scalar() || std::ranges::find(kEngines, engine.text) != kEngines.end()) return;
  const std::string lower = to_lower(engine.text);
  std::string best = lower.starts_with("postgres") || lower.starts_with("pg") ? "postgres" : nearest(lower, kEngines);
  for (const std::string& known : kEngines) {
    if (best.empty() && lower.starts_with(known)) best = known;
  }
  std::string all;
  for (const std::string& known : kEngines) all += (all.empty() ? "" : ", ") + known;
  findings.at(engine, "RDS has no engine '" + engine.text + "'",
              best.empty() ? "RDS' engines are " + all : "use '" + best + "'");
}

void check_postgres_version(const Document& document, Findings& findings) {
  // The minor releases of November 2025: what is older has left, or is about to leave, RDS' standard support.
  static const std::map<std::int64_t, std::int64_t> kMinorMin{{14, 20}, {15, 15}, {16, 11}, {17, 7}};
  const Node& rds = infrastructure(document, "database.rds");
  const Node& version = rds["version"];
  if (!version.is_scalar() || !rds["engine"].text.starts_with("postgres")) return;
  const auto parts = split(version.text, '.');
  const auto major = read_integer(parts[0]);
  if (!major) return;
  if (*major < kMinorMin.begin()->first) {
    findings.at(version, "PostgreSQL " + version.text + " is out of support", "use 17.x");
    return;
  }
  const auto known = kMinorMin.find(*major);
  if (known == kMinorMin.end() || parts.size() < 2) return;
  const auto minor = read_integer(parts[1]);
  if (!minor || *minor >= known->second) return;
  const std::string wanted = std::to_string(*major) + "." + std::to_string(known->second);
  findings.at(version, "PostgreSQL " + version.text + " is an old minor release that RDS no longer supports",
              "use " + wanted + " or newer, or 17.x");
}

void check_parameter_group(const Document& document, Findings& findings) {
  static const std::vector<std::string> kFamilies{"redis2.6", "redis2.8", "redis3.2", "redis4.0", "redis5.0",
                                                  "redis6.x", "redis7",   "valkey7",  "valkey8"};
  const Node& redis = infrastructure(document, "cache.redis");
  const Node& group = redis["parameter_group"];
  if (!group.is_scalar()) return;
  static const RE2 kFamily(R"((?:default\.)?((?:redis|valkey)[0-9][0-9a-z.]*?)(?:\.cluster\.on)?)");
  std::string family;
  if (!RE2::FullMatch(group.text, kFamily, &family)) return;  // a group with a name of the operator's own
  const auto major_of = [](std::string_view text) { return text.substr(0, text.find('.')); };
  if (std::ranges::find(kFamilies, family) == kFamilies.end()) {
    const std::string stem(major_of(family));
    std::string best;
    for (const std::string& known : kFamilies) {
      if (major_of(known) == stem) best = known;
    }
    findings.at(
        group, "ElastiCache has no parameter group family '" + family + "'",
        best.empty() ? "use default.redis7" : "use default." + best + " (default." + best + ".cluster.on with shards)");
    return;
  }
  const Node& version = redis["engine_version"];
  if (!version.is_scalar() || !family.starts_with("redis")) return;
  const std::string_view major = major_of(version.text);
  if (major_of(std::string_view(family).substr(5)) == major) return;
  findings.at(group, "the parameter group is of " + family + ", but engine_version is " + version.text,
              "use the family of the same major version");
}

void check_redis_nodes(const Document& document, Findings& findings) {
  const Node& nodes = infrastructure(document, "cache.redis.num_cache_nodes");
  const auto count = number_of(nodes);
  if (!count || *count <= 1) return;
  findings.at(nodes, "num_cache_nodes is " + nodes.text + ", but an ElastiCache cluster of Redis has exactly one node",
              "use a replication group: num_node_groups and replicas_per_node_group");
}

void check_capacity_providers(const Document& document, Findings& findings) {
  const Node& cluster = infrastructure(document, "compute.ecs_cluster");
  const auto wrong = [](const std::string& name) {
    if (name == "FARGATE" || name == "FARGATE_SPOT") return false;
    const std::string lower = to_lower(name);
    return lower == "ec2" || lower == "external" || lower.starts_with("aws") || lower.starts_with("ecs") ||
           lower.starts_with("fargate");
  };
  std::vector<std::string> names;
  for (const Node& item : cluster["capacity_providers"].items) {
    names.push_back(item.text);
    if (!wrong(item.text)) continue;
    const std::string lower = to_lower(item.text);
    findings.at(item,
                "'" + item.text + "' is no capacity provider" +
                    (lower == "ec2" || lower == "external" ? ": it is a launch type" : ""),
                "use FARGATE, FARGATE_SPOT, or the name of a provider made for an Auto Scaling group");
  }
  const Node& chosen = cluster["default_capacity_provider"];
  if (!chosen.is_scalar() || names.empty() || std::ranges::find(names, chosen.text) != names.end()) return;
  findings.at(chosen, "the default capacity provider '" + chosen.text + "' is not among capacity_providers",
              "add it there");
}

void check_fargate_has_no_instances(const Document& document, Findings& findings) {
  const Node& compute = infrastructure(document, "compute");
  const Node& chosen = compute["ecs_cluster"]["default_capacity_provider"];
  const Node& type = compute["application_servers"]["instance_type"];
  if (!chosen.text.starts_with("FARGATE") || !type.is_scalar()) return;
  findings.at(type,
              "instance_type is " + type.text + ", but the tasks run on " + chosen.text + ", which has no instances",
              "give task_cpu and task_memory instead, or use an EC2 capacity provider");
}

void check_two_orchestrators(const Document& document, Findings& findings) {
  if (!infrastructure(document, "compute.ecs_cluster").exists()) return;
  static const RE2 kKubernetes(R"(\b(?:EKS|[Kk]ubernetes|k8s)\b)");
  each_text(document.root, [&](const Node& node) {
    if (!RE2::PartialMatch(node.text, kKubernetes)) return;
    findings.at(node, "the spec runs on an ECS cluster, but this names Kubernetes", "choose one orchestrator");
  });
  for (const ProseLine& line : document.prose) {
    if (!RE2::PartialMatch(line.text, kKubernetes)) continue;
    findings.at(line.at, "the spec runs on an ECS cluster, but this line names Kubernetes", "choose one orchestrator");
  }
}

void check_burstable(const Document& document, Findings& findings) {
  // CPU baselines of AWS' burstable types, percent per vCPU (EC2 User Guide, burstable performance instances).
  static const std::map<std::string, double, std::less<>> kBaseline{
      {"nano", 5}, {"micro", 10}, {"small", 20}, {"medium", 20}, {"large", 30}, {"xlarge", 40}, {"2xlarge", 40}};
  const Node& servers = infrastructure(document, "compute.application_servers");
  const Node& type = servers["instance_type"];
  const auto target = percent_of(servers["target_cpu_utilization"]);
  std::string size;
  if (!target || !RE2::FullMatch(type.text, R"(t[234]g?a?\.([0-9a-z]+))", &size)) return;
  const auto baseline = kBaseline.find(size);
  if (baseline == kBaseline.end() || *target <= baseline->second) return;
  findings.at(type,
              type.text + " may use " + plain(baseline->second) + "% per vCPU for long; a target of " + plain(*target) +
                  "% burns its CPU credits",
              "use m7g or m6i, or a target of " + plain(baseline->second) + "%");
}

void check_capacity(const Document& document, Findings& findings) {
  const Node& servers = infrastructure(document, "compute.application_servers");
  const auto min = number_of(servers["min_capacity"]);
  const auto max = number_of(servers["max_capacity"]);
  if (min && max && *min > *max) {
    findings.at(servers["min_capacity"], "min_capacity " + plain(*min) + " is above max_capacity " + plain(*max),
                "swap them");
  }
  const Node& rds = infrastructure(document, "database.rds");
  const auto storage = number_of(rds["allocated_storage"]);
  const auto storage_max = number_of(rds["max_allocated_storage"]);
  if (storage && storage_max && *storage_max < *storage) {
    findings.at(rds["max_allocated_storage"],
                "max_allocated_storage " + plain(*storage_max) + " is below allocated_storage " + plain(*storage),
                "make it at least a tenth larger than allocated_storage");
  }
}

/// The AWS service's cluster, under either name. Visits its node and key.
template <typename Visit>
void each_search_cluster(const Document& document, Visit visit) {
  const Node& monitoring = infrastructure(document, "monitoring");
  for (const std::string_view key : {"elasticsearch", "opensearch"}) {
    if (monitoring[key].is_map() && !flag_of(monitoring[key]["self_managed"])) visit(monitoring[key], key);
  }
}

void check_elasticsearch_version(const Document& document, Findings& findings) {
  each_search_cluster(document, [&](const Node& cluster, std::string_view key) {
    const Node& version = cluster["version"];
    if (version.is_scalar()) {
      const auto parts = split(version.text, '.');
      const auto major = read_integer(parts[0]);
      const auto minor = parts.size() > 1 ? read_integer(parts[1]) : std::optional<std::int64_t>(0);
      if (key == "opensearch" && major && *major > 3) {
        findings.at(version, "AWS offers no OpenSearch " + version.text + ": there are 1.x, 2.x and 3.x",
                    "use 2.x or 3.x");
      }
      if (key == "elasticsearch" && major && (*major > 7 || (*major == 7 && minor && *minor > 10))) {
        findings.at(version, "AWS offers no Elasticsearch " + version.text + ": it stops at 7.10",
                    "use 'opensearch' with version 2.x, or self_managed: true on own machines");
      }
    }
    for (const std::string_view name : {"instance_type", "master_instance_type"}) {
      const Node& type = cluster[name];
      if (!type.is_scalar()) continue;
      const bool opensearch = key == "opensearch" || cluster["version"].text.starts_with("8");
      if (type.text.ends_with(".elasticsearch") && opensearch) {
        findings.at(type, "'" + type.text + "' is the old form of an instance type",
                    "use '" + type.text.substr(0, type.text.find(".elasticsearch")) + ".search'");
      }
    }
  });
}

void check_search_burstable(const Document& document, Findings& findings) {
  each_search_cluster(document, [&](const Node& cluster, std::string_view) {
    for (const std::string_view name : {"instance_type", "master_instance_type"}) {
      const Node& type = cluster[name];
      if (!RE2::FullMatch(type.text, R"(t[23]\..*)")) continue;
      findings.at(type, "'" + type.text + "' is burstable: AWS recommends it for tests only",
                  name == "instance_type" ? "use r6g.large.search or m6g.large.search" : "use m6g.large.search");
    }
  });
}

struct RuleGroup {
  std::string_view name;
  int capacity;  // web ACL capacity units
};
constexpr std::array<RuleGroup, 15> kRuleGroups{{
    {"AWSManagedRulesCommonRuleSet", 700},
    {"AWSManagedRulesAdminProtectionRuleSet", 100},
    {"AWSManagedRulesKnownBadInputsRuleSet", 200},
    {"AWSManagedRulesSQLiRuleSet", 200},
    {"AWSManagedRulesLinuxRuleSet", 200},
    {"AWSManagedRulesUnixRuleSet", 100},
    {"AWSManagedRulesWindowsRuleSet", 200},
    {"AWSManagedRulesPHPRuleSet", 100},
    {"AWSManagedRulesWordPressRuleSet", 100},
    {"AWSManagedRulesAmazonIpReputationList", 25},
    {"AWSManagedRulesAnonymousIpList", 50},
    {"AWSManagedRulesBotControlRuleSet", 50},
    {"AWSManagedRulesATPRuleSet", 50},
    {"AWSManagedRulesACFPRuleSet", 50},
    {"AWSManagedRulesAntiDDoSRuleSet", 50},
}};

/// The name of a rule, of either form.
const Node& waf_name(const Node& rule) { return rule.is_map() ? rule["name"] : rule; }

/// "AWS-AWSManagedRulesX" and "AWSManagedRulesX" -> "AWSManagedRulesX"; "" when it is no managed group's name.
std::string_view managed_name(std::string_view name) {
  if (name.starts_with("AWS-")) name.remove_prefix(4);
  return name.starts_with("AWSManaged") ? name : std::string_view{};
}

void check_waf_group(const Document& document, Findings& findings) {
  int capacity = 0;
  const Node& rules = infrastructure(document, "security.waf.rules");
  for (const Node& rule : rules.items) {
    const Node& node = waf_name(rule);
    const std::string_view name = managed_name(node.text);
    if (name.empty()) continue;
    const auto known = std::ranges::find(kRuleGroups, name, &RuleGroup::name);
    if (known != kRuleGroups.end()) {
      capacity += known->capacity;
      continue;
    }
    std::vector<std::string> names;
    for (const RuleGroup& group : kRuleGroups) names.emplace_back(group.name);
    std::string near = nearest(name, names);
    // All names share their beginning and end: only a slip of a few letters is a likely typo.
    if (edit_distance(name, near) > 4) near.clear();
    findings.at(node, "AWS WAF has no managed rule group '" + std::string(name) + "'",
                near.empty() ? "AWSManagedRulesCommonRuleSet covers the OWASP Top 10; add KnownBadInputs and SQLi"
                             : "did you mean '" + near + "'?");
  }
  constexpr int kCapacityPriced = 1500;
  if (capacity > kCapacityPriced) {
    findings.at_key(rules,
                    "the managed rule groups need " + std::to_string(capacity) +
                        " capacity units; the basic price "
                        "covers 1,500",
                    "drop the groups that do not fit the servers, such as Windows or PHP");
  }
}

void check_waf_custom(const Document& document, Findings& findings) {
  for (const Node& rule : infrastructure(document, "security.waf.rules").items) {
    const Node& node = waf_name(rule);
    const std::string& name = node.text;
    if (!node.is_scalar() || !managed_name(name).empty() || name.starts_with("arn:")) continue;
    const bool rate = mentions(name, {"rate", "limit", "throttl"});
    const auto limit = number_of(rule["limit"]);
    if (rule.is_map() && !rate && !rule["limit"].exists()) continue;
    if (!limit) {
      findings.at(node,
                  "the rule '" + name + "' is named but not defined" + (rate ? ": a rate limit needs a number" : ""),
                  rate ? "write {name: " + name + ", limit: 2000, window: 5m, action: block}"
                       : "write it as a map with its action, or by its ARN");
    } else if (*limit < 10) {
      findings.at(rule["limit"], "AWS WAF's smallest rate limit is 10, not " + rule["limit"].text, "use 10 or more");
    }
  }
}

}  // namespace

std::span<const Rule> infrastructure_rules() {
  static constexpr std::array kRules{
      Rule{"infra.cidr-invalid", Severity::Error, 1, "A network that is none",
           "An IPv4 network is four octets from 0 to 255 and a prefix length, with no bit set beyond the prefix. "
           "Source: "
           "RFC 4632, section 3.1.",
           check_cidr},
      Rule{"infra.subnet-misplaced", Severity::Error, 0, "A subnet outside its VPC or over another",
           "A subnet's addresses lie inside the VPC's and belong to one subnet only. Source: Amazon VPC User Guide, "
           "subnet CIDR blocks.",
           check_subnets},
      Rule{"infra.subnet-per-zone", Severity::Warning, 0, "Fewer subnets than availability zones",
           "A zone without a subnet takes no part in high availability: a subnet lives in one zone.",
           check_subnet_count},
      Rule{"infra.fargate-has-no-instances", Severity::Error, 10, "Instances and Fargate at once",
           "Fargate runs tasks without instances or Auto Scaling groups, so instance_type has no effect and "
           "`autoscaling update-auto-scaling-group` nothing to act upon. Scale an ECS service by Application Auto "
           "Scaling or `ecs update-service --desired-count`.",
           check_fargate_has_no_instances},
      Rule{
          "infra.capacity-provider-unknown", Severity::Error, 9, "No such capacity provider",
          "ECS' capacity providers are FARGATE, FARGATE_SPOT and those made for an Auto Scaling group, whose names may "
          "not begin with aws, ecs or fargate. EC2 is a launch type. Source: Amazon ECS API reference, "
          "CreateCapacityProvider.",
          check_capacity_providers},
      Rule{"infra.two-orchestrators", Severity::Warning, 11, "ECS and Kubernetes at once",
           "The design names an ECS cluster in one place and Kubernetes (EKS) in another; the services can live in one "
           "of them. Choose one.",
           check_two_orchestrators},
      Rule{"infra.burstable-above-baseline", Severity::Warning, 56, "A burstable type with a high CPU target",
           "A T instance earns credits for a baseline share of its CPU (t3.large: 30 % per vCPU). A scaling target "
           "above "
           "it keeps every instance in debt: throttled, or billed in unlimited mode. Source: EC2 User Guide, burstable "
           "performance instances.",
           check_burstable},
      Rule{"infra.capacity-order", Severity::Error, 0, "A minimum above its maximum",
           "The smallest allowed size is larger than the largest.", check_capacity},
      Rule{"infra.engine-unknown", Severity::Error, 5, "No such RDS engine",
           "RDS names its engines by identifiers: PostgreSQL is `postgres`. Source: Amazon RDS API reference, "
           "CreateDBInstance, Engine.",
           check_engine},
      Rule{"infra.postgres-version-old", Severity::Warning, 6, "An old PostgreSQL release",
           "RDS drops old minor releases from standard support (15.9 to 15.12 on 2026-05-31) and moves databases on by "
           "itself. Take 15.15, 16.11, 17.7 or newer: the minor releases of November 2025. PostgreSQL 15 ends in "
           "November 2027 (postgresql.org/support/versioning).",
           check_postgres_version},
      Rule{
          "infra.redis-nodes", Severity::Error, 8, "Several nodes of a single-node Redis",
          "`aws_elasticache_cluster` (CreateCacheCluster) of Redis has one node; several nodes are a replication group "
          "with num_node_groups and replicas_per_node_group. Source: ElastiCache API reference, CreateCacheCluster, "
          "NumCacheNodes.",
          check_redis_nodes},
      Rule{"infra.parameter-group-family", Severity::Error, 7, "No such parameter group family",
           "The families are redis2.6, redis2.8, redis3.2, redis4.0, redis5.0, redis6.x, redis7, valkey7 and valkey8; "
           "the `.x` belongs to version 6 alone. The default groups are default.redis7 and default.redis7.cluster.on. "
           "Source: ElastiCache API reference, CreateCacheParameterGroup.",
           check_parameter_group},
      Rule{"infra.elasticsearch-version", Severity::Error, 4, "An Elasticsearch that AWS does not offer",
           "The AWS service stops at Elasticsearch 7.10 and goes on as OpenSearch 1 to 3; instance types end in "
           ".search. "
           "Run newer Elasticsearch on own machines (self_managed: true). Source: OpenSearch Service Developer Guide, "
           "supported versions.",
           check_elasticsearch_version},
      Rule{
          "infra.search-burstable", Severity::Warning, 4, "A burstable search node in production",
          "t2 and t3 search instances are for tests: they lose their CPU credits under load, and then their place in "
          "the cluster. Use m6g or r6g, with three dedicated masters. Source: OpenSearch Service Developer Guide, best "
          "practices.",
          check_search_burstable},
      Rule{
          "infra.waf-group-unknown", Severity::Error, 2, "No such managed rule group",
          "AWS' groups are listed in the WAF Developer Guide (AWS Managed Rules rule groups). None is called after the "
          "OWASP Top 10: AWSManagedRulesCommonRuleSet covers those classes, with KnownBadInputs and SQLi beside it. "
          "The API takes vendor `AWS` and the name without `AWS-`. Up to 1,500 capacity units are in the basic price.",
          check_waf_group},
      Rule{"infra.waf-rule-undefined", Severity::Error, 3, "A firewall rule without a definition",
           "A rule that is only named does nothing. A rate-based rule needs a limit (requests per address within the "
           "window, at least 10) and an action. Source: WAF API reference, RateBasedStatement.",
           check_waf_custom},
  };
  return kRules;
}

}  // namespace mamori::spec
