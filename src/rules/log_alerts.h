// rules/log_alerts.h: counts the log lines that match the spec's log alerts, over the time of their arrival: a line
// that comes an hour late is news when it comes. Not thread-safe.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "logs/query.h"
#include "logs/store.h"
#include "rules/finding.h"
#include "rules/log_condition.h"
#include "rules/sample_window.h"
#include "spec/spec.h"

namespace mamori::rules {

class LogAlerts {
 public:
  /// Alerts that stood in the earlier spec with the same words keep their counts. `warnings`: one sentence for each
  /// condition that cannot be read; such an alert is left out.
  void configure(const std::vector<spec::LogAlertSpec>& specs, std::vector<std::string>* warnings);

  void observe(const logs::Line& line, Timestamp arrival);

  /// One per alert, in the spec's order. They notify the team (severity info, page "false") and never page.
  std::vector<Finding> evaluate(SecondIndex now) const;
  void forget_after(SecondIndex now);

 private:
  struct Alert {
    spec::LogAlertSpec spec;
    std::string name;
    LogCondition condition;
    logs::Query query;
    SecondIndex window = 300;
    RatioWindow lines;
  };
  std::vector<Alert> alerts_;
};

}  // namespace mamori::rules
