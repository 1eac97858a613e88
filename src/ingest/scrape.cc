#include "ingest/scrape.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "base/json.h"
#include "base/log.h"

namespace mamori::ingest {
namespace {

using metrics::Labels;
using metrics::SeriesSample;

constexpr int kWorkers = 4;  // a slow target holds up at most itself and a quarter of the others
constexpr std::size_t kPageBytesMax = 64u << 20;
constexpr std::string_view kAccept =
    "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.7,*/*;q=0.1";

struct Target {
  spec::ScrapeConfig job;
  TargetStatus status;
  std::set<Labels> live;  // series of the last page without times of their own: what becomes stale when it goes
  Timestamp due;
  bool running = false;
  bool removed = false;
};

std::string url_of(const spec::ScrapeConfig& job, const std::string& address) {
  std::string query;
  for (const auto& [name, values] : job.params) {
    for (const auto& value : values) {
      query += (query.empty() ? "?" : "&") + net::percent_encode(name) + "=" + net::percent_encode(value);
    }
  }
  return job.scheme + "://" + address + job.metrics_path + query;
}

/// The sample's own labels and the target's. Where both name one: the target's stays and the sample's is kept as
/// exported_NAME, or, with honor_labels, the sample's stays (Prometheus, scrape_config).
Labels merge(const Labels& own, const std::vector<std::pair<std::string, std::string>>& target, bool honor_labels) {
  std::vector<std::pair<std::string, std::string>> pairs(own.begin(), own.end());
  for (const auto& [name, value] : target) {
    const auto same = std::ranges::find(pairs, name, &std::pair<std::string, std::string>::first);
    if (same == pairs.end()) {
      pairs.emplace_back(name, value);
    } else if (!honor_labels) {
      std::string moved = "exported_" + name;
      while (own.has(moved)) moved.insert(0, "exported_");
      pairs.emplace_back(moved, same->second);
      same->second = value;
    }
  }
  return Labels(std::move(pairs));
}

/// Targets of one job start at different moments, the same after each restart: a hash of the URL within the interval.
Nanos spread(const std::string& url, Nanos interval) {
  return Nanos{static_cast<std::int64_t>(std::hash<std::string>{}(url) % static_cast<std::size_t>(interval.count()))};
}

}  // namespace

struct ScrapeManager::Impl {
  Impl(metrics::Store& store_, metrics::Registry& registry, const Clock& clock_, Fetch fetch_)
      : store(store_),
        clock(clock_),
        fetch(std::move(fetch_)),
        failures(registry.counter("mamori_scrape_failures_total", "Scrapes that brought no page")),
        refused(registry.counter("mamori_scrape_samples_refused_total",
                                 "Samples of pages that were not newer than their series' last")) {
    for (int i = 0; i < kWorkers; ++i) workers.emplace_back([this] { work(); });
  }

  ~Impl() { stop(); }

  void stop() {
    {
      const std::lock_guard guard(mutex);
      stopping = true;
    }
    wake.notify_all();
    for (auto& worker : workers) worker.join();
    workers.clear();
  }

  void set_jobs(const std::vector<spec::ScrapeConfig>& jobs) {
    const std::lock_guard guard(mutex);
    std::vector<std::shared_ptr<Target>> next;
    for (const auto& job : jobs) {
      for (const auto& config : job.static_configs) {
        for (const auto& address : config.targets) next.push_back(find_or_make(job, address, config.labels));
      }
    }
    for (const auto& target : targets) {
      if (std::ranges::find(next, target) != next.end()) continue;
      target->removed = true;
      if (!target->running) store_stale(*target, clock.now());  // a running scrape sees `removed` at its end
    }
    targets = std::move(next);
    wake.notify_all();
  }

  std::shared_ptr<Target> find_or_make(const spec::ScrapeConfig& job, const std::string& address,
                                       const std::vector<std::pair<std::string, std::string>>& labels) {
    auto target = std::make_shared<Target>();
    target->job = job;
    auto& status = target->status;
    status.job = job.job_name;
    status.instance = address;
    status.url = url_of(job, address);
    status.address = address;
    status.scheme = job.scheme;
    status.metrics_path = job.metrics_path;
    status.labels = {{"instance", address}, {"job", job.job_name}};
    for (const auto& [name, value] : labels) {
      if (name == "instance") status.instance = value;
      std::erase_if(status.labels, [&](const auto& pair) { return pair.first == name; });
      status.labels.emplace_back(name, value);
    }
    std::ranges::sort(status.labels);
    status.interval = job.scrape_interval;
    status.timeout = std::min(job.scrape_timeout, job.scrape_interval);
    for (const auto& old : targets) {
      if (old->status.url != status.url || old->status.labels != status.labels ||
          old->job.scrape_interval != job.scrape_interval)
        continue;
      old->job = job;
      return old;
    }
    // The first scrape comes soon, so that a new operator sees data at once; the rhythm starts after it.
    target->due = clock.now() + std::min<Nanos>(spread(status.url, status.interval), Seconds{1});
    return target;
  }

  void work() {
    std::unique_lock guard(mutex);
    while (!stopping) {
      const auto next = std::ranges::min_element(
          targets, {}, [](const auto& target) { return target->running ? Timestamp::max() : target->due; });
      if (next == targets.end() || (*next)->running) {
        wake.wait(guard);
        continue;
      }
      const auto now = clock.now();
      if ((*next)->due > now) {
        wake.wait_for(guard, std::min<Nanos>((*next)->due - now, Seconds{1}));
        continue;
      }
      const auto target = *next;  // keeps it alive while it runs, even if it is removed meanwhile
      target->running = true;
      const auto job = target->job;  // a reload may change it meanwhile
      guard.unlock();
      scrape(*target, job);
      guard.lock();
      target->running = false;
      if (target->removed) store_stale(*target, clock.now());
      target->due += target->job.scrape_interval;
      if (target->due <= clock.now())
        target->due = clock.now() + target->job.scrape_interval;  // fell behind: skip, do not bunch
      wake.notify_all();
    }
  }

  Result<Exposition> fetch_page(const Target& target) {
    net::ClientRequest request{.url = target.status.url, .response_bytes_max = kPageBytesMax};
    request.headers.set("Accept", kAccept);
    const auto timeout = std::chrono::duration_cast<Millis>(target.status.timeout);
    request.headers.set("X-Prometheus-Scrape-Timeout-Seconds",
                        std::to_string(std::max<std::int64_t>(1, timeout.count() / 1000)));
    MAMORI_TRY(const auto reply, fetch(request, timeout));
    if (reply.status != 200)
      return Error{Code::Unavailable, "server returned HTTP status " + std::to_string(reply.status)};
    return parse_exposition(reply.body, exposition_format(reply.headers.get("Content-Type")));
  }

  void scrape(Target& target, const spec::ScrapeConfig& job) {
    const auto at = clock.now();
    const auto began = std::chrono::steady_clock::now();
    const auto page = fetch_page(target);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::vector<SeriesSample> samples;
    std::set<Labels> live;
    if (page) collect(target, job, *page, at, samples, live);
    const auto added = std::ranges::count_if(live, [&](const Labels& labels) { return !target.live.contains(labels); });
    for (const auto& labels : target.live) {
      if (!live.contains(labels)) samples.push_back({labels, {to_millis(at), metrics::stale_nan()}});
    }
    const auto report = [&](const char* name, double value) {
      auto pairs = target.status.labels;
      pairs.emplace_back(metrics::kMetricName, name);
      samples.push_back({Labels(std::move(pairs)), {to_millis(at), value}});
    };
    const auto scraped = page ? static_cast<double>(page->samples.size()) : 0;
    report("up", page ? 1 : 0);
    report("scrape_duration_seconds", took.count());
    report("scrape_samples_scraped", scraped);
    report("scrape_samples_post_metric_relabeling", scraped);
    report("scrape_series_added", static_cast<double>(added));
    const auto outcome = store.append(samples);
    if (!outcome) {
      log_warn("scraped samples could not be stored", {{"job", target.status.job}, {"error", outcome.error().message}});
    } else {
      refused.add(outcome->out_of_order);
    }
    if (!page) failures.add();
    const std::lock_guard guard(mutex);
    target.live = std::move(live);
    target.status.health = page ? "up" : "down";
    target.status.last_error = page ? "" : page.error().message;
    target.status.last_scrape = at;
    target.status.last_duration_seconds = took.count();
    if (page) {
      for (const auto& [family, about] : page->metadata) metadata[family] = about;
    }
  }

  static void collect(const Target& target, const spec::ScrapeConfig& job, const Exposition& page, Timestamp at,
                      std::vector<SeriesSample>& samples, std::set<Labels>& live) {
    samples.reserve(page.samples.size() + 5);
    for (const auto& sample : page.samples) {
      auto labels = merge(sample.labels, target.status.labels, job.honor_labels);
      const bool own_time = sample.time_ms && job.honor_timestamps;
      if (!own_time) live.insert(labels);
      samples.push_back({std::move(labels), {own_time ? *sample.time_ms : to_millis(at), sample.value}});
    }
  }

  /// The target is gone: its series and its reports end here. REQUIRES: nobody scrapes it.
  void store_stale(Target& target, Timestamp at) {
    std::vector<SeriesSample> samples;
    for (const auto& labels : target.live) samples.push_back({labels, {to_millis(at), metrics::stale_nan()}});
    for (const char* name : {"up", "scrape_duration_seconds", "scrape_samples_scraped",
                             "scrape_samples_post_metric_relabeling", "scrape_series_added"}) {
      auto pairs = target.status.labels;
      pairs.emplace_back(metrics::kMetricName, name);
      samples.push_back({Labels(std::move(pairs)), {to_millis(at), metrics::stale_nan()}});
    }
    target.live.clear();
    if (const auto outcome = store.append(samples); !outcome) {
      log_warn("staleness markers could not be stored",
               {{"job", target.status.job}, {"error", outcome.error().message}});
    }
  }

  metrics::Store& store;
  const Clock& clock;
  const Fetch fetch;
  metrics::Counter& failures;
  metrics::Counter& refused;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::shared_ptr<Target>> targets;
  std::map<std::string, MetricMetadata> metadata;
  std::vector<std::thread> workers;
  bool stopping = false;
};

ScrapeManager::ScrapeManager(metrics::Store& store, metrics::Registry& registry, const Clock& clock, Fetch fetch)
    : impl_(std::make_unique<Impl>(store, registry, clock, std::move(fetch))) {}
ScrapeManager::~ScrapeManager() = default;

void ScrapeManager::set_jobs(const std::vector<spec::ScrapeConfig>& jobs) { impl_->set_jobs(jobs); }
void ScrapeManager::stop() { impl_->stop(); }

std::vector<TargetStatus> ScrapeManager::targets() const {
  const std::lock_guard guard(impl_->mutex);
  std::vector<TargetStatus> all;
  for (const auto& target : impl_->targets) all.push_back(target->status);
  return all;
}

std::map<std::string, MetricMetadata> ScrapeManager::metadata() const {
  const std::lock_guard guard(impl_->mutex);
  return impl_->metadata;
}

std::string targets_json(const std::vector<TargetStatus>& targets) {
  JsonWriter json;
  json.begin_object().key("activeTargets").begin_array();
  for (const auto& target : targets) {
    json.begin_object().key("discoveredLabels").begin_object().field("__address__", target.address);
    json.field("__metrics_path__", target.metrics_path).field("__scheme__", target.scheme);
    json.field("__scrape_interval__", format_duration(target.interval));
    json.field("__scrape_timeout__", format_duration(target.timeout)).field("job", target.job).end_object();
    json.key("labels").begin_object();
    for (const auto& [name, value] : target.labels) json.field(name, value);
    json.end_object().field("scrapePool", target.job).field("scrapeUrl", target.url).field("globalUrl", target.url);
    json.field("lastError", target.last_error);
    json.field("lastScrape",
               target.last_scrape == Timestamp{} ? "0001-01-01T00:00:00Z" : format_rfc3339(target.last_scrape));
    json.field("lastScrapeDuration", target.last_duration_seconds).field("health", target.health);
    json.field("scrapeInterval", format_duration(target.interval))
        .field("scrapeTimeout", format_duration(target.timeout))
        .end_object();
  }
  json.end_array()
      .key("droppedTargets")
      .begin_array()
      .end_array()
      .key("droppedTargetCounts")
      .begin_object()
      .end_object();
  json.end_object();
  return std::move(json).take();
}

}  // namespace mamori::ingest
