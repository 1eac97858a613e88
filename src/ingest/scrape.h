// ingest/scrape.h: scrapes the targets of all jobs at their intervals, as Prometheus does: finds them (static, files,
// DNS), keeps their schedule, and ends their series when they go.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ingest/discovery.h"
#include "ingest/exposition.h"
#include "ingest/target_scraper.h"
#include "metrics/exemplars.h"
#include "metrics/registry.h"
#include "metrics/store.h"
#include "net/http_client.h"
#include "spec/spec.h"

namespace mamori::ingest {

struct TargetStatus {
  std::string job;  // job_name: the scrape pool
  std::string instance, url;
  spec::LabelPairs discovered;     // before relabelling: __address__, __meta_… and so on
  spec::LabelPairs labels;         // as stored
  std::string health = "unknown";  // "up", "down", "unknown"
  std::string last_error;
  Timestamp last_scrape;  // epoch 0: never
  double last_duration_seconds = 0;
  Nanos interval{0}, timeout{0};
};

/// What relabel_configs dropped.
struct DroppedTargets {
  struct One {
    std::string job;
    spec::LabelPairs discovered;
  };
  std::vector<One> shown;                     // at most keep_dropped_targets of each job
  std::map<std::string, std::size_t> counts;  // of each job, 0 too
};

/// The world around it; tests have another.
struct ScrapeWorld {
  Fetch fetch = net::send;
  DnsQuery dns;  // empty: the system's name servers
};

/// Thread-safe.
class ScrapeManager {
 public:
  ScrapeManager(metrics::Store& store, metrics::ExemplarRing& exemplars, metrics::Registry& registry,
                const Clock& clock, ScrapeWorld world = {});
  ~ScrapeManager();

  /// Replaces the jobs; targets that stay keep their schedule and their series, those that go get staleness markers.
  void set_jobs(const std::vector<spec::ScrapeConfig>& jobs);
  /// Leaves scrapes under way at once.
  void stop();

  std::vector<TargetStatus> targets() const;
  DroppedTargets dropped_targets() const;
  std::map<std::string, MetricMetadata> metadata() const;  // of the last pages, by metric family
  struct TargetFamilies {
    spec::LabelPairs labels;
    std::map<std::string, MetricMetadata> families;
  };
  std::vector<TargetFamilies> metadata_by_target() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// {"activeTargets":[…],"droppedTargets":[…],"droppedTargetCounts":{…}}: the data of Prometheus' GET /api/v1/targets.
std::string targets_json(const std::vector<TargetStatus>& targets, const DroppedTargets& dropped);

}  // namespace mamori::ingest
