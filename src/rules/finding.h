// rules/finding.h: what one rule says at one moment. It carries no memory: pending, firing and resolved are the alerts
// room's to decide.
#pragma once
#include <map>
#include <string>

#include "base/time.h"

namespace mamori::rules {

using LabelMap = std::map<std::string, std::string>;  // sorted by name, which the fingerprint relies on

struct Finding {
  LabelMap labels;       // the alert's identity: alertname, severity, …
  LabelMap annotations;  // only while active: summary, description, summary_ja, with the numbers; no person, no card
  bool active = false;   // the condition holds now
  bool has_data = true;  // false: nothing to judge by, so `active` is false for want of evidence
  double value = 0;
  Nanos wait_before_firing{0};          // Prometheus' `for`
  Nanos keep_firing_for = Seconds{30};  // the condition must be false this long before the alert is resolved
};

}  // namespace mamori::rules
