#include "rules/log_alerts.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "rules/texts.h"

namespace mamori::rules {
namespace {

bool same(const spec::LogAlertSpec& a, const spec::LogAlertSpec& b) {
  return a.section == b.section && a.pattern == b.pattern && a.condition == b.condition && a.period == b.period;
}

}  // namespace

void LogAlerts::configure(const std::vector<spec::LogAlertSpec>& specs, std::vector<std::string>* warnings) {
  const auto warn = [&](const Error& error) {
    if (warnings != nullptr) warnings->push_back(error.message);
  };
  std::vector<Alert> next;
  std::set<std::string> names;
  for (const auto& spec : specs) {
    auto condition = parse_log_condition(spec.condition);
    if (!condition) {
      warn(condition.error());
      continue;
    }
    auto query = logs::Query::parse(condition->query);
    if (!query) {
      warn(query.error());
      continue;
    }
    Alert alert;
    alert.spec = spec;
    alert.condition = *std::move(condition);
    alert.query = *std::move(query);
    alert.window = std::clamp<SecondIndex>(std::chrono::ceil<Seconds>(spec.period).count(), 1, 3600);
    const std::string base = log_alert_name(spec.section, alert.condition);
    alert.name = base;
    for (int n = 2; !names.insert(alert.name).second; ++n) alert.name = base + std::to_string(n);
    const auto old = std::ranges::find_if(alerts_, [&](const Alert& a) { return same(a.spec, spec); });
    if (old != alerts_.end()) alert.lines = std::move(old->lines);
    next.push_back(std::move(alert));
  }
  alerts_ = std::move(next);
}

void LogAlerts::observe(const logs::Line& line, Timestamp arrival) {
  for (Alert& alert : alerts_) {
    if (!glob_matches(alert.spec.pattern, line.stream) || !alert.query.matches(line)) continue;
    alert.lines.add(arrival, true);
  }
}

void LogAlerts::forget_after(SecondIndex now) {
  for (Alert& alert : alerts_) alert.lines.forget_after(now);
}

std::vector<Finding> LogAlerts::evaluate(SecondIndex now) const {
  std::vector<Finding> findings;
  for (const Alert& alert : alerts_) {
    const std::uint64_t lines = alert.lines.counts(now, alert.window).total;
    Finding finding;
    finding.labels = {{"alertname", alert.name}, {"severity", "info"}, {"page", "false"}};
    finding.active = alert.condition.holds(lines);
    if (finding.active) {
      finding.annotations = log_alert_texts(alert.spec, alert.condition, lines, Seconds{alert.window});
    }
    finding.value = static_cast<double>(lines);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace mamori::rules
