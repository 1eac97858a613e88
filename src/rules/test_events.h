// rules/test_events.h: builds payment events and specs for tests of rules and of what stands above.
#pragma once
#include <optional>
#include <string>

#include "logs/payment_event.h"
#include "logs/store.h"
#include "rules/judge.h"
#include "spec/spec.h"

namespace mamori::rules::test {

inline spec::IndicatorSpec indicator(std::string name, double threshold, Nanos period, std::string statistic,
                                     std::string action) {
  spec::IndicatorSpec spec;
  spec.name = std::move(name);
  spec.threshold = threshold;
  spec.period = period;
  spec.statistic = std::move(statistic);
  spec.alarm_action = std::move(action);
  return spec;
}

/// The design log's four indicators, mended where the shipped configuration mends them.
inline spec::Spec design_spec() {
  spec::Spec spec;
  spec.indicators = {
      indicator("payment_success_rate", 99.5, Seconds{300}, "Average", "immediate_alert"),
      indicator("payment_latency_p99", 3000, Seconds{300}, "p99", "warning_alert"),
      indicator("stripe_webhook_processing_time", 5000, Seconds{60}, "Maximum", "critical_alert"),
      indicator("checkout_session_creation_errors", 1, Seconds{300}, "Average", "immediate_alert"),
  };
  return spec;
}

inline logs::PaymentEvent payment(std::string id, logs::PaymentStatus status, std::string error_code = "",
                                  std::optional<double> ms = std::nullopt) {
  logs::PaymentEvent event;
  event.payment_id = std::move(id);
  event.status = status;
  event.error_code = std::move(error_code);
  event.processing_time_ms = ms;
  return event;
}

inline logs::PaymentEvent webhook(double ms) {
  logs::PaymentEvent event;
  event.kind = logs::EventKind::Webhook;
  event.processing_time_ms = ms;
  return event;
}

inline logs::PaymentEvent checkout(bool failed) {
  logs::PaymentEvent event;
  event.kind = logs::EventKind::CheckoutSession;
  event.status = failed ? logs::PaymentStatus::Failed : logs::PaymentStatus::Succeeded;
  return event;
}

/// Hands the event to the judge as a line of `time` that arrived at `arrival`.
inline void show(Judge& judge, logs::PaymentEvent event, Timestamp time, Timestamp arrival) {
  event.time = time;
  judge.observe(logs::Line{.stream = "payment_logs", .time = time, .json = "{}"}, event, arrival);
}
inline void show(Judge& judge, logs::PaymentEvent event, Timestamp time) { show(judge, std::move(event), time, time); }

inline const Finding* find(const Evaluation& evaluation, std::string_view alertname) {
  for (const Finding& finding : evaluation.findings) {
    if (finding.labels.at("alertname") == alertname) return &finding;
  }
  return nullptr;
}

inline bool active(const Evaluation& evaluation, std::string_view alertname) {
  const Finding* finding = find(evaluation, alertname);
  return finding != nullptr && finding->active;
}

inline const IndicatorState& state(const Evaluation& evaluation, std::string_view name) {
  for (const IndicatorState& indicator : evaluation.indicators) {
    if (indicator.name == name) return indicator;
  }
  static const IndicatorState kNone;
  return kNone;
}

}  // namespace mamori::rules::test
