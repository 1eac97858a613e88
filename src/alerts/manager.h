// alerts/manager.h: remembers each alert's state: inactive, pending, firing, resolved; and says when people are told.
// A receiver hears of an alert twice: when it begins to fire and when it is resolved.
// What always holds: a restart neither fires nor resolves anything by itself; a notification is in a file before it is
// handed on, and is handed on again after a crash, with the same id.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "alerts/alert.h"
#include "base/result.h"
#include "base/time.h"
#include "rules/finding.h"

namespace mamori::alerts {

/// Must make the notification durable before it returns true, and ignore an id that it has had already.
using NotificationSink = std::function<bool(const Notification&)>;

struct ManagerCounters {
  std::uint64_t fired = 0, resolved = 0, state_write_failures = 0;
};

/// Thread-safe.
class AlertManager {
 public:
  /// Reads `dir`/alerts.json. A damaged file is set aside, with a sentence in `warnings`. Errors: Io.
  static Result<std::unique_ptr<AlertManager>> open(const std::string& dir, NotificationSink sink,
                                                    std::vector<std::string>& warnings);

  /// REQUIRES: `findings` is complete: an alert that it does not name is resolved. `now` does not go backwards.
  void update(std::span<const rules::Finding> findings, Timestamp now);

  /// Pending and firing alerts, sorted by severity (critical first), then name.
  std::vector<Alert> alerts() const;

  ManagerCounters counters() const;

 private:
  struct Entry {
    Alert alert;
    std::optional<Timestamp> false_since;
    bool restored = false;  // read from the file, and not yet confirmed by a rule that has data
  };
  AlertManager(std::string path, NotificationSink sink) : path_(std::move(path)), sink_(std::move(sink)) {}
  Result<void> load(const std::string& json);
  void take_active(const std::string& id, const rules::Finding& finding, Timestamp now);
  void take_inactive(const std::string& id, const rules::Finding& finding, Timestamp now);
  void fire(Entry& entry, Timestamp now);
  void resolve(const std::string& id, Timestamp now);
  void persist();
  void flush_outbox();

  mutable std::mutex mutex_;
  const std::string path_;
  const NotificationSink sink_;
  std::map<std::string, Entry> entries_;  // by fingerprint
  std::vector<Notification> outbox_;      // persisted, not yet accepted by the sink
  std::optional<Timestamp> first_update_;
  bool dirty_ = false;  // differs from the file
  ManagerCounters counters_;
};

/// [{"name":…,"severity":…,"state":…,"labels":{},"annotations":{},"active_at":…,"value":…,"fingerprint":…}]: the
/// `alerts` member of GET /api/mamori/v1/overview.
std::string overview_json(std::span<const Alert> alerts);

/// {"alerts":[{"labels":{},"annotations":{},"state":…,"activeAt":…,"value":"…"}]}: the `data` member of Prometheus'
/// GET /api/v1/alerts.
std::string prometheus_alerts_json(std::span<const Alert> alerts);

}  // namespace mamori::alerts
