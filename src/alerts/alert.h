// alerts/alert.h: an alert as a value, and the one event in its life that people are told of.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "rules/finding.h"

namespace mamori::alerts {

enum class AlertState { Pending, Firing, Resolved };
std::string_view to_string(AlertState state);  // "pending", "firing", "resolved"

struct Alert {
  rules::LabelMap labels, annotations;
  AlertState state = AlertState::Pending;
  double value = 0;
  Timestamp active_at;  // the condition became true
  Timestamp starts_at;  // it began to fire
  std::optional<Timestamp> ends_at;
  std::string fingerprint;  // 16 hex digits

  std::string name() const;      // label alertname
  std::string severity() const;  // label severity
};

/// Prometheus' fingerprint of a label set: FNV-1a, 64 bits, over name 0xff value 0xff in order of names.
/// Source: prometheus/common model/signature.go.
std::string fingerprint(const rules::LabelMap& labels);

/// An alert that began to fire, or was resolved.
struct Notification {
  Alert alert;

  /// The same for the same event however often it is handed over: fingerprint, start and status.
  std::string id() const;
};

/// The body of an Alertmanager webhook, version 4. `receiver`: a name without secrets.
std::string webhook_body(const Notification& notification, std::string_view receiver, std::string_view external_url);

}  // namespace mamori::alerts
