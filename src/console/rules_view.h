// console/rules_view.h: rules and their alerts as Prometheus' API shows them: /api/v1/rules and /api/v1/alerts.
// Source: Prometheus documentation, "HTTP API", rules.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "rules/rule_group.h"

namespace mamori::console {

/// {"groups":[…]}: what the parameters type, rule_name[], rule_group[], file[], match[], exclude_alerts, group_limit
/// and group_next_token leave of `groups`. Errors: InvalidArgument with Prometheus' text.
Result<std::string> rules_json(const net::Params& params, std::span<const rules::GroupStatus> groups);

/// Appends the pending and firing alerts of all rules to the list of {"alerts":[…]}.
/// REQUIRES: `json` ends with "]}".
void append_rule_alerts(std::string& json, std::span<const rules::GroupStatus> groups);

}  // namespace mamori::console
