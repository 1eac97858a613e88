// ingest/target_scraper.h: one scrape of one target: its page is asked for, read and stored, with `up` and the scrape_*
// series, as Prometheus does. Knows no schedule and no other target.
// What always holds: whatever goes wrong, `up` is 0 then, and every series of the page before gets its staleness
// marker.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "ingest/exposition.h"
#include "ingest/scrape_cache.h"
#include "ingest/scrape_client.h"
#include "metrics/exemplars.h"
#include "metrics/store.h"
#include "net/http_client.h"

namespace mamori::ingest {

/// Replaces the network in tests. Thread-safe.
using Fetch = std::function<Result<net::ClientResponse>(const net::ClientRequest&, Millis deadline)>;

struct ScrapeOrder {
  std::string url;
  Nanos timeout{0};
  std::shared_ptr<const ScrapeClient> client;
  std::shared_ptr<const SampleRules> rules;
  bool extra_metrics = false;     // extra_scrape_metrics
  std::string refusal;            // why nothing is asked, such as a target_limit; "": it is
  std::function<bool()> give_up;  // the process stops: leave at once, store nothing more
};

struct ScrapeReport {
  std::optional<Error> error;  // there is no page, or it was refused
  double seconds = 0;
  std::size_t samples_refused = 0;  // by the store: not newer than the series' last, or too far ahead
  std::string series_refused;       // why the store did not take new series, the first of them; "": it took all
};

/// Thread-safe; scrapes of one target come one after another.
class TargetScraper {
 public:
  /// `labels`: the target's, ascending.
  TargetScraper(spec::LabelPairs labels, metrics::Store& store, metrics::ExemplarRing& exemplars)
      : store_(store), exemplars_(exemplars), cache_(std::move(labels), store) {}

  ScrapeReport scrape(const ScrapeOrder& order, const Fetch& fetch, Timestamp at);

  /// The target is gone: its series and its reports end here.
  void end(Timestamp at);

  /// What its last page said of its metrics.
  void add_metadata_to(std::map<std::string, MetricMetadata>& all) const;

 private:
  std::size_t write(metrics::WriteBatch& batch);

  metrics::Store& store_;
  metrics::ExemplarRing& exemplars_;
  mutable std::mutex mutex_;  // guards what follows
  ScrapeCache cache_;
  std::shared_ptr<const SampleRules> rules_;  // by which the cache's lines were read
};

}  // namespace mamori::ingest
