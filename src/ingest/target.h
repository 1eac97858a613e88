// ingest/target.h: which targets a scrape job has: what discovery found, changed and filtered by relabel_configs, as
// Prometheus does it. No sockets, no files.
// Source: prometheus.io/docs, configuration, relabel_config; Prometheus' scrape/target.go, PopulateLabels.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ingest/relabel.h"
#include "spec/prometheus_config.h"

namespace mamori::ingest {

struct ScrapeTarget {
  std::string url;
  spec::LabelPairs labels;      // its samples get them; ascending, none begins with "__"
  spec::LabelPairs discovered;  // before relabelling: __address__, __scheme__, __meta_…, job and so on
  Nanos interval{0}, timeout{0};
};

struct JobTargets {
  std::vector<ScrapeTarget> active;       // none twice
  std::vector<spec::LabelPairs> dropped;  // discovered labels; at most keep_dropped_targets
  std::size_t dropped_count = 0;
  std::vector<std::string> problems;  // of targets that cannot be scraped: "target \"a:9100\": …"
};

/// REQUIRES: `relabeler` is made of the job's relabel_configs.
JobTargets make_targets(const spec::ScrapeConfig& job, const Relabeler& relabeler,
                        std::span<const spec::TargetGroup> groups);

}  // namespace mamori::ingest
