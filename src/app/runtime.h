// app/runtime.h: the watcher's parts, put together: stores, ingest, judge, alerts, notifier, scraper, pages.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/wal.h"
#include "ingest/otlp_metrics.h"
#include "ingest/remote_write.h"
#include "metrics/promql/parser.h"
#include "metrics/store.h"
#include "spec/spec.h"

namespace mamori::app {

/// Bounds on PromQL queries. 0 bytes of memory: no bound but the process'.
struct QueryRuntimeOptions {
  Nanos timeout = std::chrono::minutes{2};
  std::uint64_t samples_max = 50'000'000;
  std::uint64_t bytes_max = std::uint64_t{1} << 30;
  std::size_t concurrency = 8, waiting_max = 40;
};

struct RuntimeOptions {
  std::vector<std::string> config_files;
  std::vector<std::string> rule_files;  // besides those that the config names; paths or globs
  std::size_t rules_concurrency = 4;    // groups evaluated at once
  std::string data_dir;
  std::string listen;
  Fsync fsync = Fsync::Interval;
  std::uint64_t memory_limit = 0;  // bytes of the whole process; 0: none
  QueryRuntimeOptions query;
  metrics::StoreOptions metrics;  // its log's fsync is the one above
  std::size_t body_bytes_max = 64u << 20;
  std::string cors_origin = ".*";  // a regular expression that was checked
  bool enable_admin_api = false;
  metrics::promql::Features features;
  bool delayed_name_removal = false;
  ingest::RemoteWriteOptions remote_write;
  ingest::OtlpOptions otlp;
  std::size_t exemplars_max = 10'000;
};

/// Thread-safe after start().
class Runtime {
 public:
  /// Opens the stores and everything above them, and begins to listen. `spec`: without errors.
  /// Errors: Io, Unavailable; each message names the remedy.
  static Result<std::unique_ptr<Runtime>> start(RuntimeOptions options, const spec::Loaded& loaded);
  virtual ~Runtime() = default;

  virtual std::string address() const = 0;  // "127.0.0.1:9650"

  /// Reads the spec's files again. A broken one leaves the old in force. Errors: InvalidArgument with every finding.
  virtual Result<void> reload() = 0;

  /// Lets requests under way finish, hands notifications over, makes all durable.
  virtual void stop() = 0;
};

}  // namespace mamori::app
