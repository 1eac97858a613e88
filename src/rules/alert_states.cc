#include "rules/alert_states.h"

#include <algorithm>
#include <unordered_set>

namespace mamori::rules {
namespace {

using metrics::Labels;

// Prometheus': longer than any notifier's pause, so that "resolved" is heard.
constexpr Nanos kResolvedRetention = std::chrono::minutes{15};

void sort_by_labels(std::vector<RuleAlert>& alerts) {
  std::ranges::sort(alerts, [](const auto& a, const auto& b) { return a.labels < b.labels; });
}

}  // namespace

std::string_view to_string(RuleAlertState state) {
  switch (state) {
    case RuleAlertState::Inactive:
      return "inactive";
    case RuleAlertState::Pending:
      return "pending";
    case RuleAlertState::Firing:
      break;
  }
  return "firing";
}

Result<void> AlertStates::evaluate(std::vector<FoundAlert> found, Timestamp at, const Bounds& bounds) {
  std::unordered_set<Labels, LabelsHash> present;
  for (const auto& alert : found) {
    if (!present.insert(alert.labels).second)
      return invalid_argument("vector contains metrics with the same labelset after applying alert labels");
  }
  for (auto& alert : found) {
    auto [place, added] = alerts_.try_emplace(alert.labels);
    auto& known = place->second;
    if (!added && known.state != RuleAlertState::Inactive) {
      known.value = alert.value;
      known.annotations = std::move(alert.annotations);
      continue;
    }
    known = RuleAlert{.labels = alert.labels, .annotations = std::move(alert.annotations), .value = alert.value};
    known.active_at = at;
  }
  std::int64_t active = 0;
  for (auto place = alerts_.begin(); place != alerts_.end();) {
    auto& alert = place->second;
    if (present.contains(alert.labels)) {
      alert.keep_firing_since.reset();
    } else {
      if (alert.state == RuleAlertState::Pending ||
          (alert.resolved_at && at - *alert.resolved_at > kResolvedRetention)) {
        place = alerts_.erase(place);
        continue;
      }
      age(alert, at, bounds);
    }
    if (alert.state == RuleAlertState::Pending && at - alert.active_at >= bounds.hold) {
      alert.state = RuleAlertState::Firing;
      alert.fired_at = at;
    }
    active += alert.state == RuleAlertState::Inactive ? 0 : 1;
    ++place;
  }
  if (bounds.limit > 0 && active > bounds.limit) {
    alerts_.clear();
    return Error{Code::TooLarge,
                 "exceeded limit of " + std::to_string(bounds.limit) + " with " + std::to_string(active) + " alerts"};
  }
  return {};
}

/// An alert whose condition is over.
void AlertStates::age(RuleAlert& alert, Timestamp at, const Bounds& bounds) {
  if (alert.state != RuleAlertState::Firing) return;
  if (bounds.keep_firing_for > Nanos{0}) {
    if (!alert.keep_firing_since) alert.keep_firing_since = at;
    if (at - *alert.keep_firing_since < bounds.keep_firing_for) return;
  }
  alert.state = RuleAlertState::Inactive;
  alert.resolved_at = at;
}

std::vector<ResultSample> AlertStates::samples() const {
  std::vector<ResultSample> samples;
  for (const auto& alert : active()) {
    const auto with_name = [&](std::string_view name) { return alert.labels.with(metrics::kMetricName, name); };
    samples.push_back({with_name("ALERTS").with("alertstate", to_string(alert.state)), 1, nullptr});
    const auto since = std::chrono::floor<Seconds>(alert.active_at.time_since_epoch()).count();
    samples.push_back({with_name("ALERTS_FOR_STATE"), static_cast<double>(since), nullptr});
  }
  return samples;
}

std::vector<RuleAlert> AlertStates::alerts() const {
  std::vector<RuleAlert> all;
  for (const auto& [labels, alert] : alerts_) all.push_back(alert);
  sort_by_labels(all);
  return all;
}

std::vector<RuleAlert> AlertStates::active() const {
  auto all = alerts();
  std::erase_if(all, [](const auto& alert) { return alert.state == RuleAlertState::Inactive; });
  return all;
}

RuleAlertState AlertStates::state() const {
  auto worst = RuleAlertState::Inactive;
  for (const auto& [labels, alert] : alerts_) worst = std::max(worst, alert.state);
  return worst;
}

}  // namespace mamori::rules
