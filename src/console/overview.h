// console/overview.h: the first thing the page asks for: are we taking money, by which numbers, and what is firing.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "alerts/alert.h"
#include "logs/store.h"
#include "rules/judge.h"
#include "spec/spec.h"

namespace mamori::console {

struct ConfigState {
  std::vector<std::string> files;
  bool last_reload_successful = true;
  std::string last_reload_error;
};

struct TargetView {
  std::string job, instance;
  std::string health;  // "up", "down", "unknown"
  std::string last_error;
  Timestamp last_scrape;  // epoch 0: never
};

struct OverviewInput {
  std::string version, environment;
  ConfigState config;
  rules::Evaluation evaluation;
  std::vector<alerts::Alert> alerts;
  std::vector<logs::StreamStats> streams;
  std::vector<TargetView> targets;
};

/// The JSON object of GET /api/mamori/v1/overview.
std::string overview_json(const OverviewInput& input);

/// The JSON object of GET /api/mamori/v1/dashboards. Without dashboards in the spec: the two of the design log.
std::string dashboards_json(const std::vector<spec::DashboardSpec>& dashboards);

}  // namespace mamori::console
