// app/rule_metrics.h: shows the rules' own metrics under the names that Prometheus gives them.
#pragma once
#include "metrics/registry.h"
#include "rules/rule_manager.h"

namespace mamori::app {

/// `manager` outlives the registry's last exposition.
void register_rule_metrics(metrics::Registry& registry, const rules::RuleManager& manager);

}  // namespace mamori::app
