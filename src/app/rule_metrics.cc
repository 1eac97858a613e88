#include "app/rule_metrics.h"

namespace mamori::app {
namespace {

using rules::GroupStatus;

double seconds(Nanos duration) { return std::chrono::duration<double>(duration).count(); }

double rule_seconds(const GroupStatus& group) {
  Nanos sum{0};
  for (const auto& rule : group.rules) sum += rule.evaluation_time;
  return seconds(sum);
}

}  // namespace

void register_rule_metrics(metrics::Registry& registry, const rules::RuleManager& manager) {
  const auto by_group = [&](const char* name, const char* help, const char* type, auto read) {
    registry.callback_all(name, help, type, [&manager, read] {
      metrics::Registry::Readings readings;
      for (const auto& group : manager.groups()) {
        readings.emplace_back(metrics::Labels({{"rule_group", group.definition->key()}}),
                              static_cast<double>(read(group)));
      }
      return readings;
    });
  };
  const auto summary = [&](const char* name, const char* help, auto read) {
    registry.callback(name, help, "summary", {},
                      [&manager, read] { return static_cast<double>(read(manager.totals())); });
  };
  by_group("prometheus_rule_evaluations_total", "Evaluations of rules", "counter",
           [](const GroupStatus& group) { return group.counters.evaluations; });
  by_group("prometheus_rule_evaluation_failures_total", "Evaluations of rules that failed", "counter",
           [](const GroupStatus& group) { return group.counters.failures; });
  by_group("prometheus_rule_group_iterations_total", "Evaluations of rule groups that were due, missed or not",
           "counter", [](const GroupStatus& group) { return group.counters.iterations; });
  by_group("prometheus_rule_group_iterations_missed_total",
           "Evaluations of rule groups left out because the one before took too long", "counter",
           [](const GroupStatus& group) { return group.counters.missed; });
  by_group("mamori_rule_samples_refused_total", "Results of rules that the store refused, being older than what it has",
           "counter", [](const GroupStatus& group) { return group.counters.samples_refused; });
  by_group("prometheus_rule_group_interval_seconds", "Time between two evaluations of a rule group", "gauge",
           [](const GroupStatus& group) { return seconds(group.definition->interval); });
  by_group("prometheus_rule_group_last_duration_seconds", "Time that a rule group's last evaluation took", "gauge",
           [](const GroupStatus& group) { return seconds(group.evaluation_time); });
  by_group("prometheus_rule_group_last_rule_duration_sum_seconds",
           "Time that the rules of a group took in its last evaluation", "gauge", rule_seconds);
  by_group("prometheus_rule_group_last_evaluation_timestamp_seconds", "Moment of a rule group's last evaluation",
           "gauge", [](const GroupStatus& group) { return to_seconds(group.last_evaluation); });
  by_group("prometheus_rule_group_last_evaluation_samples", "Samples that a rule group's last evaluation gave", "gauge",
           [](const GroupStatus& group) { return group.last_samples; });
  by_group("prometheus_rule_group_rules", "Rules of a group", "gauge",
           [](const GroupStatus& group) { return group.rules.size(); });
  summary("prometheus_rule_evaluation_duration_seconds_sum", "Evaluations of rules and the time that they took",
          [](const rules::GroupCounters& all) { return all.evaluation_seconds; });
  summary("prometheus_rule_evaluation_duration_seconds_count", "Evaluations of rules and the time that they took",
          [](const rules::GroupCounters& all) { return all.evaluations; });
  summary("prometheus_rule_group_duration_seconds_sum", "Evaluations of rule groups and the time that they took",
          [](const rules::GroupCounters& all) { return all.group_seconds; });
  summary("prometheus_rule_group_duration_seconds_count", "Evaluations of rule groups and the time that they took",
          [](const rules::GroupCounters& all) { return all.iterations - all.missed; });
}

}  // namespace mamori::app
