// Rules over load_testing.
#include <algorithm>
#include <array>

#include "spec/detail/facts.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

const Node& scenarios(const Document& document) { return document.root.at_path("load_testing.scenarios"); }

/// The scenario whose name holds `word`.
const Entry* scenario(const Document& document, std::string_view word) {
  for (const Entry& entry : scenarios(document).entries) {
    if (entry.key.find(word) != std::string::npos) return &entry;
  }
  return nullptr;
}

void check_spike(const Document& document, Findings& findings) {
  const Entry* spike = scenario(document, "spike");
  const Entry* peak = scenario(document, "peak");
  const Entry* normal = scenario(document, "normal");
  if (spike == nullptr || peak == nullptr) return;
  for (const std::string_view key : {"users", "requests_per_second"}) {
    const auto sudden = number_of(spike->value[key]);
    const auto usual = number_of(peak->value[key]);
    if (!sudden || !usual || *sudden >= *usual) continue;
    const auto base = normal != nullptr ? number_of(normal->value[key]) : std::nullopt;
    findings.at(spike->value[key],
                spike->key + "." + std::string(key) + " is " + plain(*sudden) + ", lower than " + peak->key + " (" +
                    plain(*usual) + "): that is no spike",
                "use " + plain(std::max(base.value_or(0) * 10, *usual * 2)) + " (ten times the normal load)");
  }
}

void check_maximum_tested(const Document& document, Findings& findings) {
  const Node& node = document.root.at_path("load_testing.acceptance_criteria.throughput.maximum");
  const auto maximum = rate_of(node);
  if (!maximum || !scenarios(document).is_map()) return;
  double tested = 0;
  for (const Entry& entry : scenarios(document).entries) {
    tested = std::max(tested, number_of(entry.value["requests_per_second"]).value_or(0));
  }
  if (tested <= 0 || tested >= *maximum) return;
  findings.at(
      node, "a throughput of " + plain(*maximum) + "/s is claimed, but no scenario goes beyond " + plain(tested) + "/s",
      "raise the stress test to " + plain(*maximum) + "/s and on until it breaks");
}

void check_order(const Document& document, Findings& findings) {
  const Node& criteria = document.root.at_path("load_testing.acceptance_criteria");
  const Node* before = nullptr;
  std::string before_name;
  for (const std::string_view name : {"p50", "p90", "p95", "p99"}) {
    const Node& node = criteria["response_time"][name];
    const auto limit = limit_ms_of(node);
    if (!limit) continue;
    if (before != nullptr && *limit < *limit_ms_of(*before)) {
      findings.at(node, std::string(name) + " is limited below " + before_name, "a higher percentile is never faster");
    }
    before = &node;
    before_name = name;
  }
  const Node& throughput = criteria["throughput"];
  const auto minimum = rate_of(throughput["minimum"]);
  const auto target = rate_of(throughput["target"]);
  const auto maximum = rate_of(throughput["maximum"]);
  if (minimum && target && *minimum > *target) {
    findings.at(throughput["minimum"], "the minimum throughput is above the target", "swap them");
  }
  if (target && maximum && *target > *maximum) {
    findings.at(throughput["target"], "the target throughput is above the maximum", "swap them");
  }
}

void check_ramp(const Document& document, Findings& findings) {
  for (const Entry& entry : scenarios(document).entries) {
    const auto ramp = duration_of(entry.value["ramp_up"]);
    const auto duration = duration_of(entry.value["duration"]);
    if (!ramp || !duration || *ramp < *duration) continue;
    findings.at(
        entry.value["ramp_up"],
        entry.key + " ramps up for " + shown(*ramp) + " of its " + shown(*duration) + " and never holds its load",
        "make the ramp shorter than the duration");
  }
}

void check_resource_limits(const Document& document, Findings& findings) {
  const Node& limits = document.root.at_path("load_testing.acceptance_criteria.resource_utilization");
  for (const Entry& entry : limits.entries) {
    const auto limit = entry.value.is_scalar() ? read_comparison(entry.value.text) : std::nullopt;
    if (!limit || (limit->unit == Unit::Percent && limit->value <= 100) ||
        (limit->unit == Unit::None && limit->value <= 100)) {
      continue;
    }
    findings.at(entry.value, entry.key + " is limited by '" + entry.value.text + "', which is no share from 0 to 100%",
                "write it as \"< 70%\"");
  }
  for (const Entry& entry : document.root.at_path("load_testing.acceptance_criteria.response_time").entries) {
    const auto limit = entry.value.is_scalar() ? read_comparison(entry.value.text) : std::nullopt;
    if (!limit || limit->unit == Unit::Time) continue;
    findings.at(entry.value, entry.key + " is limited by '" + entry.value.text + "', which is no time",
                "write it as \"< 500ms\"");
  }
}

}  // namespace

std::span<const Rule> load_rules() {
  static constexpr std::array kRules{
      Rule{"load.spike-below-peak", Severity::Warning, 40, "A spike lower than the peak",
           "A spike test shows what a sudden multiple of the usual load does; below the peak it shows nothing that the "
           "peak test does not. Take ten times the normal load within 30 s.",
           check_spike},
      Rule{"load.maximum-untested", Severity::Warning, 41, "A throughput that no test reaches",
           "What is claimed must be measured: let the stress test go to the maximum, and on until the system breaks.",
           check_maximum_tested},
      Rule{"load.order", Severity::Error, 0, "Limits in an impossible order",
           "Percentiles grow with their rank, and minimum, target and maximum with their names.", check_order},
      Rule{"load.ramp-too-long", Severity::Warning, 0, "The load is never held",
           "A ramp as long as the whole scenario leaves no time at the load that is to be measured.", check_ramp},
      Rule{"load.limit-unit", Severity::Error, 0, "A limit in a unit that does not fit",
           "Response times are limited by times, utilisation by percentages.", check_resource_limits},
  };
  return kRules;
}

}  // namespace mamori::spec
