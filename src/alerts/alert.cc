#include "alerts/alert.h"

#include <cstdio>

#include "base/json.h"

namespace mamori::alerts {
namespace {

std::string label(const rules::LabelMap& labels, const std::string& name) {
  const auto at = labels.find(name);
  return at == labels.end() ? "" : at->second;
}

void write_map(JsonWriter& json, const rules::LabelMap& map) {
  json.begin_object();
  for (const auto& [name, value] : map) json.field(name, value);
  json.end_object();
}

/// Alertmanager's form of a group: {}:{alertname="PaymentsDown"}.
std::string group_key(const std::string& alertname) {
  std::string quoted;
  append_json_string(quoted, alertname);
  return "{}:{alertname=" + quoted + "}";
}

}  // namespace

std::string_view to_string(AlertState state) {
  switch (state) {
    case AlertState::Pending:
      return "pending";
    case AlertState::Firing:
      return "firing";
    case AlertState::Resolved:
      return "resolved";
  }
  return "pending";
}

std::string Alert::name() const { return label(labels, "alertname"); }
std::string Alert::severity() const { return label(labels, "severity"); }

std::string fingerprint(const rules::LabelMap& labels) {
  std::uint64_t hash = 14695981039346656037ull;
  const auto add = [&](std::string_view bytes) {
    for (const char byte : bytes) {
      hash ^= static_cast<unsigned char>(byte);
      hash *= 1099511628211ull;
    }
  };
  for (const auto& [name, value] : labels) {
    add(name);
    add("\xff");
    add(value);
    add("\xff");
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::string Notification::id() const {
  return alert.fingerprint + ":" + std::to_string(alert.starts_at.time_since_epoch().count()) + ":" +
         std::string(to_string(alert.state));
}

std::string webhook_body(const Notification& notification, std::string_view receiver, std::string_view external_url) {
  const Alert& alert = notification.alert;
  const std::string status(to_string(alert.state));
  const rules::LabelMap group{{"alertname", alert.name()}};
  JsonWriter json;
  json.begin_object();
  json.field("version", "4");
  json.field("groupKey", group_key(alert.name()));
  json.field("truncatedAlerts", 0);
  json.field("status", status);
  json.field("receiver", receiver);
  json.key("groupLabels");
  write_map(json, group);
  json.key("commonLabels");
  write_map(json, alert.labels);
  json.key("commonAnnotations");
  write_map(json, alert.annotations);
  json.field("externalURL", external_url);
  json.key("alerts").begin_array().begin_object();
  json.field("status", status);
  json.key("labels");
  write_map(json, alert.labels);
  json.key("annotations");
  write_map(json, alert.annotations);
  json.field("startsAt", format_rfc3339(alert.starts_at));
  // Alertmanager's "not ended": the zero time of Go.
  json.field("endsAt", alert.ends_at ? format_rfc3339(*alert.ends_at) : "0001-01-01T00:00:00Z");
  json.field("generatorURL", std::string(external_url) + "/ui/");
  json.field("fingerprint", alert.fingerprint);
  json.end_object().end_array();
  json.end_object();
  return std::move(json).take();
}

}  // namespace mamori::alerts
