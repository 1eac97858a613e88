// spec/spec.h: what must hold, as the operator wrote it: the typed form of the sections that are active, and every
// finding about the whole document. YAML itself stays in the .cc files of this room.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "spec/prometheus_config.h"

namespace mamori::spec {

enum class Severity { Info, Warning, Error };

struct Diagnostic {
  std::string file;
  int line = 0, column = 0;  // from 1; 0 when the finding is about the whole file
  std::string id;            // "infra.cidr-invalid"
  Severity severity = Severity::Error;
  std::string message;         // what is wrong
  std::string fix;             // how to mend it
  std::optional<int> mistake;  // number in the table of the design log's mistakes, where it is one of them
};

/// payment_monitoring.metrics[]: one alarm in CloudWatch's terms.
struct IndicatorSpec {
  std::string name;      // payment_success_rate | payment_latency_p99 | stripe_webhook_processing_time |
                         // checkout_session_creation_errors
  double threshold = 0;  // percent or milliseconds, by name
  Nanos period = Seconds{300};
  std::string statistic;     // Average | Sum | Minimum | Maximum | SampleCount | pNN
  std::string alarm_action;  // immediate_alert | critical_alert | warning_alert | notify_team
};

/// log_analysis.<section>.alerts[]
struct LogAlertSpec {
  std::string section;    // "payment_logs"
  std::string pattern;    // "payment_*"
  std::string condition;  // "status:failed AND count > 10"
  Nanos period = Seconds{300};
  std::string action;  // notify_team | escalate
};

struct LogStreamSpec {
  std::string section, pattern;
  std::vector<std::string> fields;
  int retention_days = 90;
};

struct DashboardSpec {
  std::string name;
  std::vector<std::string> widgets;
};

struct NotifySpec {
  std::string webhook;  // URL; may hold a secret: log only its host
};

struct Spec {
  std::vector<IndicatorSpec> indicators;
  std::vector<LogAlertSpec> log_alerts;
  std::vector<LogStreamSpec> log_streams;
  std::vector<DashboardSpec> dashboards;
  PrometheusConfig prometheus;
  std::vector<NotifySpec> notify;
  std::string environment_label;  // shown on the page when set: "demo"
};

struct Loaded {
  Spec spec;
  std::vector<Diagnostic> diagnostics;         // sorted by file, line, column
  std::vector<std::string> inactive_sections;  // parsed and checked, brought to life by a later version
  bool has_errors() const;
  /// True if the watcher cannot work by this spec: the document cannot be read as meant, or a section that is active is
  /// undefined. A mistake in a section that is only checked so far, or one that leaves an alarm well defined (a sum
  /// that should be a rate), is said and does not keep payments unwatched.
  bool has_blocking_errors() const;
};

/// Reads and merges files (maps are merged, lists appended, one scalar twice is an error), checks all of it.
/// Problems are diagnostics; the Result's own Errors: NotFound or Io for a file that cannot be read.
Result<Loaded> load(const std::vector<std::string>& files);

/// The same for text in memory; `name` stands as the file's name.
Loaded load_text(const std::string& name, const std::string& text);

/// "file:line:col: severity: message: fix [id]".
std::string to_string(const Diagnostic& diagnostic);
std::string to_json(const std::vector<Diagnostic>& diagnostics);

/// The long explanation of a rule, for `mamori check --explain ID`. Errors: NotFound with the nearest known id.
Result<std::string> explain(const std::string& id);

}  // namespace mamori::spec
