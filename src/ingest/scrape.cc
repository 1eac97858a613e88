#include "ingest/scrape.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "ingest/target.h"

namespace mamori::ingest {
namespace {

// A scrape mostly waits, so there may be many threads; started when targets are due and none is free. As many slow
// targets as this may wait for their timeouts and hold up nobody else.
constexpr std::size_t kWorkersMax = 64;
constexpr Millis kLookAtMost{200};  // between two looks at the schedule
constexpr Millis kFindEvery{1000};  // between two looks at files, and at the names that are due
constexpr Seconds kDnsTimeout{10};

/// What the scrapes of a job's targets have in common.
struct JobOrder {
  std::shared_ptr<const ScrapeClient> client;
  std::shared_ptr<const SampleRules> rules;
  bool extra_metrics = false;
};

struct Target {
  Target(ScrapeTarget found, std::string job, metrics::Store& store, metrics::ExemplarRing& exemplars)
      : scraper(found.labels, store, exemplars) {
    status.job = std::move(job);
    status.url = std::move(found.url);
    status.labels = std::move(found.labels);
    const auto instance = std::ranges::find(status.labels, "instance", &std::pair<std::string, std::string>::first);
    if (instance != status.labels.end()) status.instance = instance->second;
  }
  TargetStatus status;
  JobOrder order;
  std::string refusal;
  Timestamp due;
  bool queued = false;          // or running
  bool series_refused = false;  // at the last scrape
  std::atomic<bool> removed{false};
  TargetScraper scraper;
};
using Targets = std::vector<std::shared_ptr<Target>>;

struct Job {
  spec::ScrapeConfig config;
  Relabeler relabeler;
  JobOrder order;
  std::shared_ptr<FileTargets> files;  // used by the thread that looks at files
  std::shared_ptr<DnsTargets> dns;     // used by the thread that asks name servers
  std::vector<spec::TargetGroup> file_groups, dns_groups;
  Targets targets;
  std::vector<spec::LabelPairs> dropped;
  std::size_t dropped_count = 0;
};
using Jobs = std::vector<std::shared_ptr<Job>>;

/// Targets of one job start at different moments, the same after each restart: a hash of the URL within the interval.
Nanos spread(const std::string& url, Nanos interval) {
  return Nanos{static_cast<std::int64_t>(std::hash<std::string>{}(url) % static_cast<std::size_t>(interval.count()))};
}

bool same_rules(const spec::ScrapeConfig& a, const spec::ScrapeConfig& b) {
  return a.honor_labels == b.honor_labels && a.honor_timestamps == b.honor_timestamps &&
         a.track_timestamps_staleness == b.track_timestamps_staleness && a.limits == b.limits &&
         a.metric_relabel_configs == b.metric_relabel_configs;
}

Result<std::shared_ptr<Job>> make_job(const spec::ScrapeConfig& config) {
  auto job = std::make_shared<Job>();
  job->config = config;
  MAMORI_TRY(job->relabeler, Relabeler::make(config.relabel_configs));
  auto rules = std::make_shared<SampleRules>();
  rules->honor_labels = config.honor_labels;
  rules->honor_timestamps = config.honor_timestamps;
  rules->track_timestamps_staleness = config.track_timestamps_staleness;
  rules->limits = config.limits;
  MAMORI_TRY(rules->relabeler, Relabeler::make(config.metric_relabel_configs));
  job->order = {.client = std::make_shared<ScrapeClient>(config),
                .rules = std::move(rules),
                .extra_metrics = config.extra_scrape_metrics};
  return job;
}

std::shared_ptr<Job> find_job(const Jobs& jobs, const std::string& name) {
  const auto found = std::ranges::find(jobs, name, [](const auto& job) { return job->config.job_name; });
  return found == jobs.end() ? nullptr : *found;
}

std::string over_target_limit(const Job& job, std::size_t targets) {
  const auto limit = job.config.limits.targets;
  if (limit == 0 || targets <= limit) return "";
  return "target_limit exceeded (number of targets: " + std::to_string(targets) + ", limit: " + std::to_string(limit) +
         ")";
}

}  // namespace

struct ScrapeManager::Impl {
  Impl(metrics::Store& store_, metrics::ExemplarRing& exemplars_, metrics::Registry& registry, const Clock& clock_,
       ScrapeWorld world_)
      : store(store_),
        exemplars(exemplars_),
        clock(clock_),
        world(std::move(world_)),
        failures(registry.counter("mamori_scrape_failures_total", "Scrapes that brought no page")),
        refused(registry.counter("mamori_scrape_samples_refused_total",
                                 "Samples of pages that were not newer than their series' last")),
        discovery_failures(
            registry.counter("mamori_scrape_discovery_failures_total",
                             "Files, names and targets of scrape jobs that made no sense or no answer")) {
    if (!world.dns) {
      world.dns = [this](const std::string& name, net::DnsType type) {
        return net::query_dns(name, type, std::chrono::steady_clock::now() + kDnsTimeout,
                              [this] { return stopping.load(); });
      };
    }
    threads.emplace_back([this] { keep_schedule(); });
    threads.emplace_back([this] { look_at_files(); });
    threads.emplace_back([this] { ask_name_servers(); });
  }

  ~Impl() { stop(); }

  void stop() {
    {
      const std::lock_guard guard(mutex);
      stopping = true;
    }
    wake.notify_all();
    find_wake.notify_all();
    work_wake.notify_all();
    for (auto& thread : threads) thread.join();
    threads.clear();
    for (auto& worker : workers) worker.join();  // nobody starts another now
    workers.clear();
  }

  // --- jobs and their targets ---

  void set_jobs(const std::vector<spec::ScrapeConfig>& configs) {
    const std::lock_guard one_at_a_time(set_mutex);
    Jobs before;
    {
      const std::lock_guard guard(mutex);
      before = jobs;
    }
    Jobs next;
    for (const auto& config : configs) {
      auto job = make_job(config);
      if (!job) {
        log_error("a scrape job is left out", {{"job", config.job_name}, {"error", job.error().message}});
        continue;
      }
      find_out(**job, find_job(before, config.job_name));
      next.push_back(*std::move(job));
    }
    Targets gone;
    {
      const std::lock_guard guard(mutex);
      for (const auto& job : next) {
        const auto old = find_job(jobs, job->config.job_name);
        if (old != nullptr && old->files == job->files) job->file_groups = old->file_groups;
        if (old != nullptr && old->dns == job->dns) job->dns_groups = old->dns_groups;
        if (old != nullptr) job->targets = std::exchange(old->targets, {});
        take_targets(*job, gone);
      }
      for (const auto& old : jobs) remove(std::exchange(old->targets, {}), gone);
      jobs = std::move(next);
    }
    end(gone);
    wake.notify_all();
    find_wake.notify_all();
  }

  /// What the job before has found already stays; a change of a password must not lose the targets for a moment.
  void find_out(Job& job, const std::shared_ptr<Job>& before) {
    if (before != nullptr && same_rules(before->config, job.config)) job.order.rules = before->order.rules;
    if (before != nullptr && before->config.file_sd_configs == job.config.file_sd_configs) {
      job.files = before->files;
    } else {
      job.files = std::make_shared<FileTargets>(job.config.file_sd_configs);
      auto found = job.files->refresh();
      job.file_groups = std::move(found.groups);
      tell(job.config.job_name, found.problems);
    }
    if (before != nullptr && before->config.dns_sd_configs == job.config.dns_sd_configs) {
      job.dns = before->dns;
    } else {
      job.dns = std::make_shared<DnsTargets>(job.config.dns_sd_configs, world.dns);
    }
  }

  void tell(const std::string& job, const std::vector<std::string>& problems) {
    for (const auto& problem : problems) {
      discovery_failures.add();
      log_warn("targets could not be found", {{"job", job}, {"error", problem}});
    }
  }

  /// What was found becomes the job's targets; those that are no more are added to `gone`. REQUIRES: the mutex is held.
  void take_targets(Job& job, Targets& gone) {
    auto groups = job.config.static_configs;
    groups.insert(groups.end(), job.file_groups.begin(), job.file_groups.end());
    groups.insert(groups.end(), job.dns_groups.begin(), job.dns_groups.end());
    auto made = make_targets(job.config, job.relabeler, groups);
    tell(job.config.job_name, made.problems);
    const auto refusal = over_target_limit(job, made.active.size());
    std::map<std::pair<std::string, spec::LabelPairs>, std::shared_ptr<Target>> known;
    for (const auto& target : job.targets) known[{target->status.url, target->status.labels}] = target;
    Targets next;
    for (auto& found : made.active) {
      auto node = known.extract({found.url, found.labels});
      next.push_back(adjust(job, std::move(found), node ? node.mapped() : nullptr));
      next.back()->refusal = refusal;
    }
    Targets left;
    for (const auto& [key, target] : known) left.push_back(target);
    remove(left, gone);
    job.targets = std::move(next);
    job.dropped = std::move(made.dropped);
    job.dropped_count = made.dropped_count;
  }

  std::shared_ptr<Target> adjust(const Job& job, ScrapeTarget found, std::shared_ptr<Target> target) {
    const auto discovered = std::move(found.discovered);
    const auto interval = found.interval, timeout = found.timeout;
    // The first scrape comes soon, so that a new operator sees data at once; the rhythm starts after it.
    const auto soon = clock.now() + std::min<Nanos>(spread(found.url, interval), Seconds{1});
    if (target == nullptr) {
      target = std::make_shared<Target>(std::move(found), job.config.job_name, store, exemplars);
      target->due = soon;
    } else if (target->status.interval != interval) {
      target->due = std::min(target->due, soon + interval);
    }
    target->status.discovered = discovered;
    target->status.interval = interval;
    target->status.timeout = timeout;
    target->order = job.order;
    return target;
  }

  /// REQUIRES: the mutex is held.
  static void remove(const Targets& some, Targets& gone) {
    for (const auto& target : some) {
      target->removed = true;
      if (!target->queued) gone.push_back(target);  // a scrape under way sees `removed` at its end
    }
  }

  void end(const Targets& gone) {
    for (const auto& target : gone) target->scraper.end(clock.now());
  }

  // --- discovery ---

  void look_at_files() {
    find_again([](const Job& job) { return !job.config.file_sd_configs.empty() ? job.files : nullptr; },
               [](FileTargets& files) { return files.refresh(); },
               [](Job& job, const std::shared_ptr<FileTargets>& files, std::vector<spec::TargetGroup> groups) {
                 if (job.files != files) return false;
                 job.file_groups = std::move(groups);
                 return true;
               });
  }

  void ask_name_servers() {
    find_again([this](const Job& job) { return job.dns->is_due(clock.now()) ? job.dns : nullptr; },
               [this](DnsTargets& dns) { return dns.refresh(clock.now()); },
               [](Job& job, const std::shared_ptr<DnsTargets>& dns, std::vector<spec::TargetGroup> groups) {
                 if (job.dns != dns) return false;
                 job.dns_groups = std::move(groups);
                 return true;
               });
  }

  /// Until stopped: refreshes what `of` picks from each job, without the mutex, and gives the job what has changed.
  template <typename Of, typename Refresh, typename Give>
  void find_again(Of of, Refresh refresh, Give give) {
    std::unique_lock guard(mutex);
    while (!stopping) {
      const Jobs now = jobs;
      for (const auto& job : now) {
        const auto source = of(*job);
        if (source == nullptr || stopping) continue;
        guard.unlock();
        auto found = refresh(*source);
        tell(job->config.job_name, found.problems);
        guard.lock();
        if (!found.changed || stopping) continue;
        // A reload may have put another job in this one's place.
        Targets gone;
        const auto current = find_job(jobs, job->config.job_name);
        if (current != nullptr && give(*current, source, std::move(found.groups))) take_targets(*current, gone);
        guard.unlock();
        end(gone);
        wake.notify_all();
        guard.lock();
      }
      if (!stopping) find_wake.wait_for(guard, kFindEvery);
    }
  }

  // --- schedule and workers ---

  void keep_schedule() {
    std::unique_lock guard(mutex);
    while (!stopping) {
      const auto now = clock.now();
      auto next = now + kLookAtMost;
      for (const auto& job : jobs) {
        for (const auto& target : job->targets) {
          if (target->queued) continue;
          if (target->due > now) {
            next = std::min(next, target->due);
            continue;
          }
          target->queued = true;
          queue.push_back(target);
        }
      }
      while (workers.size() < std::min(kWorkersMax, busy + queue.size())) {
        workers.emplace_back([this] { work(); });
      }
      if (!queue.empty()) work_wake.notify_all();
      wake.wait_for(guard, next - now);
    }
  }

  void work() {
    std::unique_lock guard(mutex);
    for (;;) {
      work_wake.wait(guard, [this] { return stopping || !queue.empty(); });
      if (stopping) return;
      const auto target = queue.front();  // keeps it alive even if it is removed meanwhile
      queue.pop_front();
      ++busy;
      const ScrapeOrder order = order_for(*target);
      guard.unlock();
      const auto at = clock.now();
      const auto report = target->removed ? ScrapeReport{} : target->scraper.scrape(order, world.fetch, at);
      guard.lock();
      --busy;
      if (stopping) return;
      note(*target, report, at);
      if (!target->removed) continue;
      guard.unlock();
      target->scraper.end(clock.now());
      guard.lock();
    }
  }

  Targets all_targets() const {
    const std::lock_guard guard(mutex);
    Targets all;
    for (const auto& job : jobs) all.insert(all.end(), job->targets.begin(), job->targets.end());
    return all;
  }

  ScrapeOrder order_for(Target& target) {
    return {.url = target.status.url,
            .timeout = target.status.timeout,
            .client = target.order.client,
            .rules = target.order.rules,
            .extra_metrics = target.order.extra_metrics,
            .refusal = target.refusal,
            .give_up = [this] { return stopping.load(); }};
  }

  void note(Target& target, const ScrapeReport& report, Timestamp at) {
    auto& status = target.status;
    status.health = report.error ? "down" : "up";
    const bool refused_now = !report.error && !report.series_refused.empty();
    if (refused_now && !target.series_refused)  // said once, until all are taken again
      log_warn("series of a target are not stored", {{"target", status.url}, {"first", report.series_refused}});
    target.series_refused = refused_now;
    status.last_error = report.error ? report.error->message : "";
    if (refused_now) status.last_error = "some series are not stored, the first: " + report.series_refused;
    status.last_scrape = at;
    status.last_duration_seconds = report.seconds;
    refused.add(report.samples_refused);
    if (report.error) failures.add();
    target.queued = false;
    target.due += status.interval;
    const auto now = clock.now();
    if (target.due <= now) target.due = now + status.interval;  // fell behind: skip, do not bunch
  }

  metrics::Store& store;
  metrics::ExemplarRing& exemplars;
  const Clock& clock;
  ScrapeWorld world;
  metrics::Counter& failures;
  metrics::Counter& refused;
  metrics::Counter& discovery_failures;
  std::atomic<bool> stopping{false};
  std::mutex set_mutex;      // one set_jobs at a time; taken before `mutex`
  mutable std::mutex mutex;  // guards what follows
  std::condition_variable wake, find_wake, work_wake;
  Jobs jobs;
  std::deque<std::shared_ptr<Target>> queue;  // due, and nobody is at it
  std::size_t busy = 0;
  std::vector<std::thread> workers;
  std::vector<std::thread> threads;
};

ScrapeManager::ScrapeManager(metrics::Store& store, metrics::ExemplarRing& exemplars, metrics::Registry& registry,
                             const Clock& clock, ScrapeWorld world)
    : impl_(std::make_unique<Impl>(store, exemplars, registry, clock, std::move(world))) {}
ScrapeManager::~ScrapeManager() = default;

void ScrapeManager::set_jobs(const std::vector<spec::ScrapeConfig>& jobs) { impl_->set_jobs(jobs); }
void ScrapeManager::stop() { impl_->stop(); }

std::vector<TargetStatus> ScrapeManager::targets() const {
  const std::lock_guard guard(impl_->mutex);
  std::vector<TargetStatus> all;
  for (const auto& job : impl_->jobs) {
    for (const auto& target : job->targets) all.push_back(target->status);
  }
  return all;
}

DroppedTargets ScrapeManager::dropped_targets() const {
  const std::lock_guard guard(impl_->mutex);
  DroppedTargets all;
  for (const auto& job : impl_->jobs) {
    const auto& name = job->config.job_name;
    all.counts[name] += job->dropped_count;
    for (const auto& labels : job->dropped) all.shown.push_back({name, labels});
  }
  return all;
}

std::map<std::string, MetricMetadata> ScrapeManager::metadata() const {
  std::map<std::string, MetricMetadata> metadata;
  for (const auto& target : impl_->all_targets()) target->scraper.add_metadata_to(metadata);
  return metadata;
}

std::vector<ScrapeManager::TargetFamilies> ScrapeManager::metadata_by_target() const {
  std::vector<TargetFamilies> all;
  for (const auto& target : impl_->all_targets()) {
    all.push_back({.labels = target->status.labels, .families = {}});  // labels stay what they are
    target->scraper.add_metadata_to(all.back().families);
  }
  return all;
}

}  // namespace mamori::ingest
