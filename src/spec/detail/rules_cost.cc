// Rules over cost_optimization: the arithmetic, and what the design names but the bill leaves out.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/text.h"
#include "spec/detail/facts.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

const Node& costs(const Document& document) {
  return document.root.at_path("cost_optimization.estimated_monthly_costs");
}

// Dollars a month (730 h), us-east-1, on demand, as listed in mid-2024. Only what is certain: a type that is not here
// counts nothing, so the estimate is a lower bound.
constexpr double kShieldAdvanced = 3000;
constexpr double kNatGateway = 32.85;
constexpr double kLoadBalancer = 16.43;
constexpr double kWebAcl = 5, kWebAclRule = 1;
const std::map<std::string, double, std::less<>>& instance_prices() {
  static const std::map<std::string, double, std::less<>> kPrices{
      {"t3.large", 60.74},         {"db.r6g.xlarge", 328.5},
      {"cache.r6g.large", 150.38}, {"t3.small.elasticsearch", 26.28},
      {"t3.small.search", 26.28},
  };
  return kPrices;
}
constexpr double kFargateVcpu = 29.55, kFargateGib = 3.245;

double price_of(const Node& type) {
  const auto found = instance_prices().find(type.text);
  return found == instance_prices().end() ? 0 : found->second;
}

std::string dollars(double amount) {
  std::string text = std::to_string(std::llround(amount));
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return "$" + text;
}

/// Servers, cache, NAT and load balancer of one region at the smallest size.
double region_floor(const Node& infrastructure) {
  const Node& servers = infrastructure.at_path("compute.application_servers");
  const double count = number_of(servers["min_capacity"]).value_or(0);
  double sum = count * price_of(servers["instance_type"]);
  if (!servers["instance_type"].exists()) {
    sum += count * (number_of(servers["task_cpu"]).value_or(0) / 1024 * kFargateVcpu +
                    number_of(servers["task_memory"]).value_or(0) / 1024 * kFargateGib);
  }
  const Node& redis = infrastructure.at_path("cache.redis");
  const double nodes = redis["num_node_groups"].exists()
                           ? number_of(redis["num_node_groups"]).value_or(1) *
                                 (1 + number_of(redis["replicas_per_node_group"]).value_or(0))
                           : number_of(redis["num_cache_nodes"]).value_or(1);
  sum += nodes * price_of(redis["node_type"]);
  const Node& vpc = infrastructure["vpc"];
  if (vpc["private_subnets"].is_list()) sum += number_of(vpc["availability_zones"]).value_or(1) * kNatGateway;
  return sum + kLoadBalancer;
}

double search_floor(const Node& cluster) {
  return number_of(cluster["instance_count"]).value_or(0) * price_of(cluster["instance_type"]) +
         number_of(cluster["master_instance_count"]).value_or(0) * price_of(cluster["master_instance_type"]);
}

const Node* shield_advanced(const Document& document) { return layer_mentioning(document, {"shield advanced"}); }

void check_total(const Document& document, Findings& findings) {
  const Node& total = costs(document)["total"];
  const auto stated = dollars_of(total);
  if (!stated) return;
  double sum = 0;
  for (const Entry& entry : costs(document).entries) {
    if (entry.key != "total") sum += dollars_of(entry.value).value_or(0);
  }
  if (std::abs(sum - *stated) < 0.005) return;
  findings.at(total, "the total is " + total.text + ", but the items add up to " + dollars(sum), "correct one of them");
}

void check_shield(const Document& document, Findings& findings) {
  const Node* shield = shield_advanced(document);
  const Node& security = costs(document)["security"];
  const auto budget = dollars_of(security);
  if (shield == nullptr || !budget || *budget >= kShieldAdvanced) return;
  findings.at(security,
              "security costs " + security.text +
                  " a month, but Shield Advanced, which security_layers names, alone costs " +
                  dollars(kShieldAdvanced) + " with a commitment of a year",
              "budget at least " + dollars(kShieldAdvanced + *budget) + ", or rely on Shield Standard, which is free");
}

void check_left_out(const Document& document, Findings& findings) {
  const Node& total = costs(document)["total"];
  const auto stated = dollars_of(total);
  const Node& infrastructure = document.root["infrastructure"];
  if (!stated || !infrastructure.is_map()) return;
  const Node& rds = infrastructure.at_path("database.rds");
  const double database = price_of(rds["instance_class"]);
  double floor = region_floor(infrastructure) + database * (flag_of(rds["multi_az"]) ? 2 : 1);
  for (const char* key : {"elasticsearch", "opensearch"}) {
    floor += search_floor(infrastructure["monitoring"][key]);
  }
  const Node& rules = infrastructure.at_path("security.waf.rules");
  if (rules.is_list()) floor += kWebAcl + kWebAclRule * static_cast<double>(rules.items.size());
  std::string parts = "the first region " + dollars(floor);
  if (document.root.at_path("business_continuity.disaster_recovery.secondary_region").is_scalar()) {
    const double second = region_floor(infrastructure) + database;
    floor += second;
    parts += ", the second " + dollars(second);
  }
  if (shield_advanced(document) != nullptr) {
    floor += kShieldAdvanced;
    parts += ", Shield Advanced " + dollars(kShieldAdvanced);
  }
  if (*stated >= floor) return;
  findings.at(total,
              "the total of " + total.text +
                  " leaves out what the design names: at list prices and the smallest size it "
                  "needs " +
                  dollars(floor) + " or more (" + parts + "), before storage, traffic and logs",
              "budget it, or take it out of the design");
}

}  // namespace

std::span<const Rule> cost_rules() {
  static constexpr std::array kRules{
      Rule{"cost.total-wrong", Severity::Error, 0, "A total that is not the sum",
           "The items of estimated_monthly_costs must add up to its total.", check_total},
      Rule{"cost.shield-left-out", Severity::Error, 48, "Shield Advanced is not in the security budget",
           "AWS Shield Advanced costs $3,000 a month per organisation with a commitment of one year "
           "(aws.amazon.com/shield/pricing). Shield Standard is free and always on.",
           check_shield},
      Rule{
          "cost.scope-left-out", Severity::Error, 49, "The total leaves out what the design names",
          "The sum is compared with a lower bound of what the other sections name: servers at their minimum, database, "
          "cache, search nodes, NAT gateways, load balancer, firewall, the second region and Shield Advanced, at on-"
          "demand list prices of us-east-1 of mid-2024, 730 h a month. Types without a sure price count nothing.",
          check_left_out},
  };
  return kRules;
}

}  // namespace mamori::spec
