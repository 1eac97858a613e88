#include "alerts/manager.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "alerts/detail/codec.h"
#include "base/file.h"
#include "base/log.h"

namespace mamori::alerts {
namespace {

/// After a restart the shippers first have to bring what they held back: for so long, no data says nothing.
constexpr Nanos kRestoreGrace = std::chrono::minutes{5};

int rank(const std::string& severity) {
  if (severity == "critical") return 0;
  if (severity == "warning") return 1;
  return 2;
}

}  // namespace

Result<std::unique_ptr<AlertManager>> AlertManager::open(const std::string& dir, NotificationSink sink,
                                                         std::vector<std::string>& warnings) {
  std::error_code failed;
  std::filesystem::create_directories(dir, failed);
  if (failed) return Error{Code::Io, "create directory " + dir + ": " + failed.message()};
  const std::string path = dir + "/alerts.json";
  MAMORI_TRY(const auto text, read_if_there(path));
  std::unique_ptr<AlertManager> manager(new AlertManager(path, std::move(sink)));
  if (text) {
    if (auto loaded = manager->load(*text); !loaded) {
      warnings.push_back(set_aside(path, loaded.error()));
      manager->entries_.clear();
      manager->outbox_.clear();
    }
  }
  return manager;
}

Result<void> AlertManager::load(const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (const auto error = parser.parse(json).get(document); error != simdjson::SUCCESS) {
    return Error{Code::Corrupt, simdjson::error_message(error)};
  }
  MAMORI_TRY(const auto alerts, detail::read_array(document, "alerts"));
  for (const auto element : alerts) {
    MAMORI_TRY(Alert alert, detail::read_alert(element));
    const std::string id = alert.fingerprint;
    entries_[id] = Entry{.alert = std::move(alert), .false_since = std::nullopt, .restored = true};
  }
  MAMORI_TRY(const auto outbox, detail::read_array(document, "outbox"));
  for (const auto element : outbox) {
    MAMORI_TRY(Alert alert, detail::read_alert(element));
    outbox_.push_back(Notification{std::move(alert)});
  }
  return {};
}

void AlertManager::update(std::span<const rules::Finding> findings, Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (!first_update_) first_update_ = now;
  std::set<std::string> named;
  for (const auto& finding : findings) {
    const std::string id = fingerprint(finding.labels);
    named.insert(id);
    if (finding.active) {
      take_active(id, finding, now);
    } else {
      take_inactive(id, finding, now);
    }
  }
  std::vector<std::string> gone;
  for (const auto& [id, entry] : entries_) {
    if (!named.contains(id)) gone.push_back(id);
  }
  for (const auto& id : gone) resolve(id, now);

  // The file first: a notification that is handed on is always one that a restart knows of.
  if (dirty_) persist();
  flush_outbox();
}

void AlertManager::take_active(const std::string& id, const rules::Finding& finding, Timestamp now) {
  auto [at, is_new] = entries_.try_emplace(id);
  Entry& entry = at->second;
  if (is_new) {
    entry.alert.labels = finding.labels;
    entry.alert.fingerprint = id;
    entry.alert.active_at = now;
    dirty_ = true;
  }
  entry.alert.annotations = finding.annotations;
  entry.alert.value = finding.value;
  entry.false_since.reset();
  entry.restored = false;
  if (entry.alert.state == AlertState::Pending && now - entry.alert.active_at >= finding.wait_before_firing) {
    fire(entry, now);
  }
}

void AlertManager::take_inactive(const std::string& id, const rules::Finding& finding, Timestamp now) {
  const auto at = entries_.find(id);
  if (at == entries_.end()) return;
  Entry& entry = at->second;
  if (entry.alert.state == AlertState::Pending) {
    entries_.erase(at);
    dirty_ = true;
    return;
  }
  if (entry.restored && !finding.has_data && now - *first_update_ < kRestoreGrace) return;
  if (!entry.false_since) entry.false_since = now;
  if (now - *entry.false_since >= finding.keep_firing_for) resolve(id, now);
}

void AlertManager::fire(Entry& entry, Timestamp now) {
  entry.alert.state = AlertState::Firing;
  entry.alert.starts_at = now;
  outbox_.push_back(Notification{entry.alert});
  ++counters_.fired;
  dirty_ = true;
  log_warn("alert fires", {{"alert", entry.alert.name()},
                           {"severity", entry.alert.severity()},
                           {"value", entry.alert.value},
                           {"fingerprint", entry.alert.fingerprint}});
}

void AlertManager::resolve(const std::string& id, Timestamp now) {
  const auto at = entries_.find(id);
  if (at == entries_.end()) return;
  Alert alert = std::move(at->second.alert);
  entries_.erase(at);
  dirty_ = true;
  if (alert.state != AlertState::Firing) return;
  alert.state = AlertState::Resolved;
  alert.ends_at = now;
  ++counters_.resolved;
  log_info("alert is resolved", {{"alert", alert.name()}, {"fingerprint", alert.fingerprint}});
  outbox_.push_back(Notification{std::move(alert)});
}

void AlertManager::persist() {
  JsonWriter json;
  json.begin_object().field("version", 1).key("alerts").begin_array();
  for (const auto& [id, entry] : entries_) detail::write_alert(json, entry.alert);
  json.end_array().key("outbox").begin_array();
  for (const auto& notification : outbox_) detail::write_alert(json, notification.alert);
  json.end_array().end_object();
  if (auto written = write_atomically(path_, json.text()); !written) {
    // People are told all the same; the next update tries the file again.
    if (counters_.state_write_failures++ == 0) {
      log_error("alert states cannot be written", {{"error", written.error().message}});
    }
    return;
  }
  dirty_ = false;
}

void AlertManager::flush_outbox() {
  if (outbox_.empty()) return;
  const auto before = outbox_.size();
  std::erase_if(outbox_, [&](const Notification& notification) { return sink_(notification); });
  if (outbox_.size() == before) return;
  dirty_ = true;
  persist();
}

std::vector<Alert> AlertManager::alerts() const {
  const std::lock_guard lock(mutex_);
  std::vector<Alert> alerts;
  alerts.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) alerts.push_back(entry.alert);
  std::ranges::sort(alerts, {}, [](const Alert& alert) {
    return std::tuple(rank(alert.severity()), alert.name(), alert.fingerprint);
  });
  return alerts;
}

ManagerCounters AlertManager::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

std::string overview_json(std::span<const Alert> alerts) {
  JsonWriter json;
  json.begin_array();
  for (const Alert& alert : alerts) {
    json.begin_object();
    json.field("name", alert.name());
    json.field("severity", alert.severity());
    json.field("state", std::string(to_string(alert.state)));
    json.key("labels");
    detail::write_labels(json, alert.labels);
    json.key("annotations");
    detail::write_labels(json, alert.annotations);
    json.field("active_at", format_rfc3339(alert.active_at));
    json.field("value", alert.value);
    json.field("fingerprint", alert.fingerprint);
    json.end_object();
  }
  json.end_array();
  return std::move(json).take();
}

std::string prometheus_alerts_json(std::span<const Alert> alerts) {
  JsonWriter json;
  json.begin_object().key("alerts").begin_array();
  for (const Alert& alert : alerts) {
    json.begin_object();
    json.key("labels");
    detail::write_labels(json, alert.labels);
    json.key("annotations");
    detail::write_labels(json, alert.annotations);
    json.field("state", std::string(to_string(alert.state)));
    json.field("activeAt", format_rfc3339(alert.active_at));
    std::string value;
    append_json_number(value, alert.value);
    json.field("value", value);
    json.end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

}  // namespace mamori::alerts
