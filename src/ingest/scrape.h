// ingest/scrape.h: fetches the targets' metrics pages at their interval and stores the samples, as Prometheus does:
// with `up` and the scrape_* series, and a staleness marker where a series or a target goes away.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ingest/exposition.h"
#include "metrics/registry.h"
#include "metrics/store.h"
#include "net/http_client.h"
#include "spec/spec.h"

namespace mamori::ingest {

struct TargetStatus {
  std::string job, instance, url;
  std::string address, scheme, metrics_path;                // as configured
  std::vector<std::pair<std::string, std::string>> labels;  // as stored: job, instance and the configured ones
  std::string health = "unknown";                           // "up", "down", "unknown"
  std::string last_error;
  Timestamp last_scrape;  // epoch 0: never
  double last_duration_seconds = 0;
  Nanos interval{0}, timeout{0};
};

/// Replaces the network in tests. Thread-safe.
using Fetch = std::function<Result<net::ClientResponse>(const net::ClientRequest&, Millis deadline)>;

/// What one page becomes: its samples with the target's labels, then up, scrape_duration_seconds,
/// scrape_samples_scraped, scrape_samples_post_metric_relabeling, scrape_series_added.
/// Thread-safe.
class ScrapeManager {
 public:
  ScrapeManager(metrics::Store& store, metrics::Registry& registry, const Clock& clock, Fetch fetch = net::send);
  ~ScrapeManager();

  /// Replaces the targets; those that stay keep their schedule, those that go get staleness markers.
  void set_jobs(const std::vector<spec::ScrapeConfig>& jobs);
  void stop();

  std::vector<TargetStatus> targets() const;
  std::map<std::string, MetricMetadata> metadata() const;  // of the last pages, by metric family

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// {"activeTargets":[…],"droppedTargets":[],"droppedTargetCounts":{}}: the data of Prometheus' GET /api/v1/targets.
std::string targets_json(const std::vector<TargetStatus>& targets);

}  // namespace mamori::ingest
