// rules/alert_states.h: the alerts of one alerting rule and their states: inactive, pending, firing.
// Pure: knows no clock, store or template. Invariants: an alert fires only after its condition held for `hold` without
// a gap; a resolved alert is kept for a while, so that whoever tells people hears of it. Source: Prometheus
// documentation, "Alerting rules".
#pragma once
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "metrics/labels.h"
#include "rules/result_writer.h"
#include "rules/rule_set.h"

namespace mamori::rules {

enum class RuleAlertState { Inactive, Pending, Firing };
std::string_view to_string(RuleAlertState state);  // "inactive", "pending", "firing"

/// What an expression found: one series, its labels and annotations expanded.
struct FoundAlert {
  metrics::Labels labels;  // alertname included, without __name__
  TextPairs annotations;
  double value = 0;
};

struct RuleAlert {
  metrics::Labels labels;
  TextPairs annotations;
  double value = 0;
  RuleAlertState state = RuleAlertState::Pending;
  Timestamp active_at;                         // the condition became true
  std::optional<Timestamp> fired_at;           // it began to fire
  std::optional<Timestamp> keep_firing_since;  // the condition ended, and keep_firing_for runs
  std::optional<Timestamp> resolved_at;        // it fired and is over
};

class AlertStates {
 public:
  struct Bounds {
    Nanos hold{0}, keep_firing_for{0};
    std::int64_t limit = 0;  // of pending and firing alerts; 0 and below: none
  };

  /// One evaluation at `at`; `found` are all series of which the condition is true.
  /// Errors: InvalidArgument when two of them have the same labels: nothing changes; TooLarge when `limit` is passed:
  /// all alerts of the rule are forgotten, as in Prometheus.
  Result<void> evaluate(std::vector<FoundAlert> found, Timestamp at, const Bounds& bounds);

  /// ALERTS and ALERTS_FOR_STATE, of what is pending or firing; sorted by labels.
  std::vector<ResultSample> samples() const;

  /// Pending, firing and lately resolved alerts, sorted by labels.
  std::vector<RuleAlert> alerts() const;
  std::vector<RuleAlert> active() const;  // pending and firing ones

  /// That of the worst alert.
  RuleAlertState state() const;

 private:
  void age(RuleAlert& alert, Timestamp at, const Bounds& bounds);

  std::unordered_map<metrics::Labels, RuleAlert, LabelsHash> alerts_;
};

}  // namespace mamori::rules
