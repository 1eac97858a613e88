#include "app/runtime.h"

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "alerts/manager.h"
#include "alerts/notifier.h"
#include "app/commands.h"
#include "app/front_door.h"
#include "app/indicator_writer.h"
#include "app/own_metrics.h"
#include "app/query_engine.h"
#include "app/rule_files.h"
#include "app/rule_metrics.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory_gauge.h"
#include "base/random.h"
#include "base/size.h"
#include "console/assets.h"
#include "console/buckets.h"
#include "console/logs_api.h"
#include "console/overview.h"
#include "console/payments_report.h"
#include "console/prometheus_api.h"
#include "console/rules_view.h"
#include "console/technical_report.h"
#include "ingest/bulk.h"
#include "ingest/elasticsearch.h"
#include "ingest/otlp_metrics.h"
#include "ingest/remote_write_routes.h"
#include "ingest/scrape.h"
#include "logs/store.h"
#include "metrics/promql/engine.h"
#include "metrics/registry.h"
#include "metrics/store.h"
#include "net/http_server.h"
#include "rules/judge.h"
#include "rules/rule_manager.h"
#include "spec/shown_yaml.h"

namespace mamori::app {
namespace {

constexpr Millis kTick{1000};  // the judge's step; a notification must follow its line within 10 s
constexpr Seconds kRetentionEvery{600};
constexpr Millis kStopGrace{10'000};
constexpr std::string_view kPrometheusLevel = "3.5.0";  // dashboards choose by it which parts of the API they ask

/// As Prometheus writes its storageRetention.
std::string retention_text(const metrics::StoreOptions& store) {
  const auto time = format_duration(store.retention);
  return store.retention_bytes == 0 ? time : time + " or " + format_size(store.retention_bytes);
}

std::vector<std::pair<std::string, Nanos>> retention_of(const spec::Spec& spec) {
  std::vector<std::pair<std::string, Nanos>> retention;
  for (const auto& stream : spec.log_streams)
    retention.emplace_back(stream.pattern, std::chrono::days{stream.retention_days});
  return retention;
}

/// Without a spec every stream is taken; with one, those that its log_analysis names, else the log's own two kinds.
std::vector<std::string> allowed_streams(bool configured, const spec::Spec& spec) {
  if (!configured) return {"*"};
  std::vector<std::string> patterns;
  for (const auto& stream : spec.log_streams) patterns.push_back(stream.pattern);
  if (patterns.empty()) patterns = {"payment_*", "security_*"};
  return patterns;
}

net::Response json_or_error(const Result<std::string>& body) {
  if (body) return net::Response::json(200, *body);
  JsonWriter json;
  json.begin_object()
      .field("error", body.error().message)
      .field("code", std::string(to_string(body.error().code)))
      .end_object();
  return net::Response::json(net::http_status(body.error().code), std::move(json).take());
}

void warn_all(const std::vector<std::string>& warnings) {
  for (const auto& warning : warnings) log_warn(warning);
}

class Watcher final : public Runtime {
 public:
  explicit Watcher(RuntimeOptions options) : options_(std::move(options)) {}
  ~Watcher() override { stop(); }

  Result<void> open(const spec::Loaded& loaded) {
    spec_ = loaded.spec;
    register_process_metrics(registry_);
    MAMORI_TRY_VOID(open_stores());
    register_remote_write_metrics(registry_, *remote_write_);
    register_otlp_metrics(registry_, *otlp_);
    std::vector<std::string> warnings;
    judge_ = std::make_unique<rules::Judge>(spec_, &warnings);
    warn_all(warnings);
    MAMORI_TRY_VOID(replay_recent_lines());
    MAMORI_TRY_VOID(start_server());
    MAMORI_TRY_VOID(open_alerts());
    scraper_ = std::make_unique<ingest::ScrapeManager>(*metrics_, *exemplars_, registry_, clock_);
    apply_scrape_jobs();
    rules_ = std::make_unique<rules::RuleManager>(rules::RuleEnvironment{*metrics_, *query_engine_, clock_},
                                                  rules::RuleManagerOptions{.threads = options_.rules_concurrency});
    register_rule_metrics(registry_, *rules_);
    MAMORI_TRY(auto rules, read_rules(spec_.prometheus));
    apply_rules(std::move(rules));
    rules_->start();
    register_metrics();
    ready_ = true;
    ticker_ = std::thread([this] { tick_until_stopped(); });
    return {};
  }

  std::string address() const override { return address_; }

  Result<void> reload() override {
    const std::lock_guard guard(reload_mutex_);
    const auto outcome = reload_spec();
    {
      const std::lock_guard state(mutex_);
      config_.last_reload_successful = outcome.has_value();
      if (outcome) last_reload_ = clock_.now();
      config_.last_reload_error = outcome ? "" : outcome.error().message;
    }
    reload_successful_.set(outcome ? 1 : 0);
    if (outcome) {
      log_info("the spec was read again and is in force");
    } else {
      log_error("the spec could not be read again; the old one stays in force", {{"error", outcome.error().message}});
    }
    return outcome;
  }

  void stop() override {
    if (stopped_.exchange(true)) return;
    if (scraper_) scraper_->stop();
    if (rules_) rules_->stop();
    if (server_) server_->stop(kStopGrace);
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (ticker_.joinable()) ticker_.join();
    if (notifier_) notifier_->stop(Millis{3000});
    if (logs_) log_failure("the log store could not be synced", logs_->sync());
    if (metrics_) log_failure("the metrics store could not be synced", metrics_->sync());
  }

 private:
  static void log_failure(std::string_view what, const Result<void>& outcome) {
    if (!outcome) log_error(what, {{"error", outcome.error().message}});
  }

  Result<void> open_stores() {
    std::vector<std::string> warnings;
    auto metrics_options = options_.metrics;
    metrics_options.wal.fsync = options_.fsync;
    MAMORI_TRY(metrics_, metrics::Store::open(options_.data_dir + "/metrics", metrics_options, clock_, warnings));
    logs::StoreOptions log_options;
    log_options.wal.fsync = options_.fsync;
    log_options.retention = retention_of(spec_);
    MAMORI_TRY(logs_, logs::Store::open(options_.data_dir + "/logs", std::move(log_options), clock_, warnings));
    warn_all(warnings);
    ingest::BulkOptions bulk_options{.allowed_streams = allowed_streams(!options_.config_files.empty(), spec_)};
    bulk_ =
        std::make_unique<ingest::BulkIngest>(*logs_, clock_, random_seed(), bulk_options,
                                             [this](std::span<const ingest::Accepted> lines) { judge_lines(lines); });
    exemplars_ = std::make_unique<metrics::ExemplarRing>(options_.exemplars_max);
    remote_write_ =
        std::make_unique<ingest::RemoteWrite>(*metrics_, *exemplars_, metadata_, random_seed(), options_.remote_write);
    otlp_ = std::make_unique<ingest::OtlpMetrics>(*metrics_, *exemplars_, metadata_, options_.otlp);
    return {};
  }

  /// The judge's windows are memory; after a start they are filled from the lines that are on the disk.
  Result<void> replay_recent_lines() {
    const auto now = clock_.now();
    const logs::ScanRange range{
        .start = now - rules::kReplay, .end = now + std::chrono::minutes{1}, .newest_first = false};
    MAMORI_TRY_VOID(logs_->scan(range, [&](const logs::Line& line) {
      std::optional<logs::PaymentEvent> event;
      if (line.stream.starts_with("payment_")) {
        if (auto decoded = logs::decode_payment_event(line.stream, line.time, line.json)) event = *std::move(decoded);
      }
      judge_->observe(line, event, line.time);
      return true;
    }));
    return {};
  }

  void judge_lines(std::span<const ingest::Accepted> lines) {
    for (const auto& line : lines) {
      judge_->observe({.stream = line.stream, .time = line.time, .json = line.json}, line.event, line.arrived);
    }
  }

  Result<void> start_server() {
    add_routes();
    auto handle = [this](net::Request& request) {
      if (auto refused = refuse_at_the_door(request)) return *std::move(refused);
      // The parts behind the routes are complete once ready_ is set.
      if (!ready_ && request.path != "/-/healthy")
        return net::Response::text(503, "mamori is starting or stopping; try again\n");
      auto response = router_.handle(request);
      response.headers.set("X-Content-Type-Options", "nosniff");
      return response;
    };
    MAMORI_TRY(server_, net::HttpServer::start({.listen = options_.listen,
                                                .body_bytes_max = options_.body_bytes_max,
                                                .worker_threads = worker_threads()},
                                               handle));
    address_ = options_.listen.substr(0, options_.listen.rfind(':')) + ":" + std::to_string(server_->port());
    return {};
  }

  Result<void> open_alerts() {
    std::vector<std::string> warnings;
    alerts::NotifierOptions notifier_options;
    notifier_options.dir = options_.data_dir;
    notifier_options.external_url = "http://" + address_;
    notifier_options.random_seed = random_seed();
    MAMORI_TRY(notifier_,
               alerts::Notifier::open(notifier_options, spec_.notify, alerts::http_transport(), clock_, warnings));
    MAMORI_TRY(alerts_, alerts::AlertManager::open(
                            options_.data_dir, [this](const alerts::Notification& n) { return notifier_->enqueue(n); },
                            warnings));
    warn_all(warnings);
    config_.files = options_.config_files;
    reload_successful_.set(1);
    return {};
  }

  void apply_scrape_jobs() {
    auto jobs = spec_.prometheus.scrape_configs;
    jobs.push_back({.job_name = "mamori", .scrape_interval = Seconds{15}, .static_configs = {{{address_}, {}}}});
    scraper_->set_jobs(jobs);
    const std::lock_guard guard(mutex_);
    scrape_pools_.clear();
    for (const auto& job : jobs) scrape_pools_.push_back(job.job_name);
    external_labels_ = spec_.prometheus.external_labels;
  }

  Result<LoadedRules> read_rules(const spec::PrometheusConfig& config) const {
    MAMORI_TRY(auto loaded, load_rules({.globs = config.rule_files, .files = options_.rule_files},
                                       {.interval = config.evaluation_interval,
                                        .query_offset = config.rule_query_offset,
                                        .features = query_engine_->options().features}));
    if (loaded.has_errors()) return invalid_argument(loaded.errors());
    return loaded;
  }

  void apply_rules(LoadedRules loaded) {
    for (const auto& diagnostic : loaded.diagnostics) log_warn(spec::to_string(diagnostic));
    rules_->apply(std::move(loaded.groups),
                  {.external_labels = spec_.prometheus.external_labels, .external_url = "http://" + address_});
  }

  /// Without a spec, rule files of the command line can change all the same.
  Result<void> reload_rules() {
    if (options_.rule_files.empty())
      return invalid_argument("there is no spec to read: mamori serve was started without --config");
    MAMORI_TRY(auto rules, read_rules(spec_.prometheus));
    apply_rules(std::move(rules));
    return {};
  }

  Result<void> reload_spec() {
    if (options_.config_files.empty()) return reload_rules();
    MAMORI_TRY(const auto loaded, spec::load(options_.config_files));
    if (loaded.has_blocking_errors()) {
      std::string findings;
      for (const auto& diagnostic : loaded.diagnostics) {
        if (diagnostic.severity == spec::Severity::Error)
          findings += (findings.empty() ? "" : "\n") + spec::to_string(diagnostic);
      }
      return invalid_argument(findings);
    }
    MAMORI_TRY(auto rules, read_rules(loaded.spec.prometheus));
    spec_ = loaded.spec;
    apply_rules(std::move(rules));
    std::vector<std::string> warnings;
    judge_->reconfigure(spec_, &warnings);
    warn_all(warnings);
    notifier_->reconfigure(spec_.notify);
    bulk_->allow_streams(allowed_streams(true, spec_));
    logs_->set_retention(retention_of(spec_));
    apply_scrape_jobs();
    const std::lock_guard guard(mutex_);
    dashboards_ = spec_.dashboards;
    environment_ = spec_.environment_label;
    return {};
  }

  void tick_until_stopped() {
    IndicatorWriter writer(*metrics_);
    auto retention_due = clock_.now() + kRetentionEvery;
    std::unique_lock guard(mutex_);
    while (!stopping_) {
      guard.unlock();
      tick(writer);
      if (clock_.now() >= retention_due) {
        log_failure("old log lines could not be deleted", logs_->enforce_retention());
        log_failure("old samples could not be deleted", metrics_->enforce_retention());
        retention_due = clock_.now() + kRetentionEvery;
      }
      guard.lock();
      wake_.wait_for(guard, kTick, [this] { return stopping_; });
    }
  }

  void tick(IndicatorWriter& writer) {
    const auto now = clock_.now();
    auto evaluation = judge_->evaluate(now);
    alerts_->update(evaluation.findings, now);
    const auto written = writer.write(evaluation);
    if (!written && indicators_written_)
      log_error("indicators could not be stored", {{"error", written.error().message}});
    indicators_written_ = written.has_value();  // said once, until it works again
    for (const auto& [stream, count] : bulk_->cards_masked()) {
      auto& counter = registry_.counter("mamori_cards_masked_total", "Card numbers masked before they were stored",
                                        metrics::Labels({{"stream", stream}}));
      counter.add(count - counter.value());
    }
    const std::lock_guard guard(mutex_);
    evaluation_ = std::move(evaluation);
  }

  void add_routes() {
    {
      const std::lock_guard guard(mutex_);
      dashboards_ = spec_.dashboards;
      environment_ = spec_.environment_label;
    }
    router_.add("GET", "/", [](const net::Request& request) {
      const bool browser = request.headers.get("Accept").find("text/html") != std::string_view::npos;
      return browser ? net::Response::redirect(302, "/ui/") : ingest::elasticsearch_greeting(request);
    });
    router_.add("GET", "/metrics", [this](const net::Request&) {
      auto response = net::Response::text(200, registry_.expose());
      response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      return response;
    });
    router_.add("GET", "/-/healthy",
                [](const net::Request&) { return net::Response::text(200, "mamori is healthy\n"); });
    router_.add("GET", "/-/ready", [](const net::Request&) { return net::Response::text(200, "mamori is ready\n"); });
    router_.add("POST|PUT", "/-/reload", [this](const net::Request&) {
      const auto outcome = reload();
      return outcome ? net::Response::text(200, "the spec is in force\n")
                     : net::Response::text(net::http_status(outcome.error().code), outcome.error().message + "\n");
    });
    add_mamori_routes();
    console::add_ui_routes(router_);
    ingest::add_elasticsearch_routes(router_, *bulk_, clock_);
    ingest::add_remote_write_routes(router_, *remote_write_);
    ingest::add_otlp_routes(router_, *otlp_);
    console::add_logs_routes(router_, *logs_, clock_);
    add_prometheus_routes();
  }

  void add_mamori_routes() {
    router_.add("GET", "/api/mamori/v1/overview",
                [this](const net::Request&) { return net::Response::json(200, overview()); });
    router_.add("GET", "/api/mamori/v1/dashboards", [this](const net::Request&) {
      const std::lock_guard guard(mutex_);
      return net::Response::json(200, console::dashboards_json(dashboards_));
    });
    router_.add("GET", "/api/mamori/v1/payments", [this](const net::Request& request) {
      const auto range = console::read_time_range(request.query, clock_.now());
      return json_or_error(range ? console::payments_report_json(*logs_, *range) : Result<std::string>(range.error()));
    });
    router_.add("GET", "/api/mamori/v1/technical", [this](const net::Request& request) {
      const auto range = console::read_time_range(request.query, clock_.now());
      return json_or_error(range ? console::technical_report_json(*logs_, range_query_, *range)
                                 : Result<std::string>(range.error()));
    });
  }

  std::string overview() {
    console::OverviewInput input{.version = std::string(kVersion)};
    input.alerts = alerts_->alerts();
    input.streams = logs_->streams();
    for (const auto& target : scraper_->targets()) {
      input.targets.push_back({target.job, target.instance, target.health, target.last_error, target.last_scrape});
    }
    const std::lock_guard guard(mutex_);
    input.environment = environment_;
    input.config = config_;
    input.evaluation = evaluation_;
    return console::overview_json(input);
  }

  void add_prometheus_routes() {
    const metrics::promql::EngineOptions engine_options{.timeout = options_.query.timeout,
                                                        .samples_max = options_.query.samples_max,
                                                        .bytes_max = options_.query.bytes_max,
                                                        .features = options_.features,
                                                        .delayed_name_removal = options_.delayed_name_removal,
                                                        .memory = &memory_};
    query_engine_ = std::make_unique<metrics::promql::Engine>(*metrics_, engine_options);
    range_query_ = range_query_for_console(*query_engine_, gate_);
    console::PrometheusApiSources sources;
    sources.targets = [this] { return scraper_->targets(); };
    sources.dropped_targets = [this] { return scraper_->dropped_targets(); };
    sources.target_metadata = [this] {
      std::vector<console::TargetMetadata> all;
      for (auto& [labels, families] : scraper_->metadata_by_target())
        all.push_back({metrics::Labels(std::move(labels)), std::move(families)});
      return all;
    };
    sources.metadata = [this] {
      auto all = scraper_->metadata();
      all.merge(metadata_.all());  // what both describe: as scraped
      return all;
    };
    sources.scrape_pools = [this] {
      const std::lock_guard guard(mutex_);
      return scrape_pools_;
    };
    sources.exemplars = [this](auto any_of, auto start_ms, auto end_ms) {
      return exemplars_->select(any_of, start_ms, end_ms);
    };
    sources.external_labels = [this] {
      const std::lock_guard guard(mutex_);
      return external_labels_;
    };
    sources.last_reload = [this] {
      const std::lock_guard guard(mutex_);
      return last_reload_;
    };
    sources.alerts = [this] {
      auto json = alerts::prometheus_alerts_json(alerts_->alerts());
      console::append_rule_alerts(json, rules_->groups());
      return json;
    };
    sources.rules = [this](const net::Params& params) { return console::rules_json(params, rules_->groups()); };
    sources.config = [this] { return config_text(); };
    sources.last_reload_succeeded = [this] {
      const std::lock_guard guard(mutex_);
      return config_.last_reload_successful;
    };
    sources.flags = [this] { return flags(); };
    sources.admin.delete_series = [this](auto matchers, auto start_ms, auto end_ms) {
      return metrics_->delete_series(matchers, start_ms, end_ms);
    };
    sources.admin.clean_tombstones = [this] { return metrics_->clean_tombstones(); };
    sources.admin.snapshot = [this](bool skip_head) { return metrics_->snapshot(skip_head); };
    console::add_prometheus_routes(router_, *metrics_, clock_, query_engine_for_console(*query_engine_, gate_),
                                   std::move(sources),
                                   {.version = std::string(kPrometheusLevel) + "+mamori." + std::string(kVersion),
                                    .started = clock_.now(),
                                    .retention = retention_text(options_.metrics),
                                    .timeout_max = std::chrono::duration_cast<Millis>(options_.query.timeout),
                                    .cors_origin = options_.cors_origin,
                                    .enable_admin = options_.enable_admin_api});
  }

  /// A query that runs or waits in line holds a thread: as many as may, and some for all else.
  int worker_threads() const {
    constexpr std::size_t kForAllElse = 16;
    return static_cast<int>(options_.query.concurrency + options_.query.waiting_max + kForAllElse);
  }

  /// The spec's files as they are now, one after the other, without secrets.
  std::string config_text() const {
    std::string text;
    for (const auto& path : options_.config_files) {
      std::ifstream file(path);
      text += spec::shown_yaml(std::string(std::istreambuf_iterator<char>(file), {}));
    }
    return text;
  }

  std::string feature_names() const {
    std::string names;
    const auto add = [&](bool on, const char* name) {
      if (on) names += (names.empty() ? "" : ",") + std::string(name);
    };
    add(options_.features.experimental_functions, "promql-experimental-functions");
    add(options_.features.duration_expressions, "promql-duration-expr");
    add(options_.features.extended_ranges, "promql-extended-range-selectors");
    add(options_.features.fill_modifiers, "promql-binop-fill-modifiers");
    add(options_.delayed_name_removal, "promql-delayed-name-removal");
    return names;
  }

  std::map<std::string, std::string> flags() const {
    std::map<std::string, std::string> all = {{"data", options_.data_dir}, {"listen", address_}};
    all["fsync"] = options_.fsync == Fsync::Always ? "always" : options_.fsync == Fsync::Never ? "never" : "interval";
    const auto& store = options_.metrics;
    all["retention-metrics"] = format_duration(store.retention);
    all["retention-size"] = format_size(store.retention_bytes);
    all["out-of-order-window"] = format_duration(store.out_of_order_window);
    all["ahead-max"] = format_duration(store.ahead_max);
    all["series-max"] = std::to_string(store.series_max);
    all["new-series-per-minute-max"] = std::to_string(store.new_series_per_minute_max);
    all["labels-per-series-max"] = std::to_string(store.labels_per_series_max);
    all["label-name-bytes-max"] = std::to_string(store.label_name_bytes_max);
    all["label-value-bytes-max"] = std::to_string(store.label_value_bytes_max);
    all["body-bytes-max"] = std::to_string(options_.body_bytes_max);
    all["otlp-bytes-max"] = std::to_string(options_.otlp.body_bytes_max);
    all["exemplars-max"] = std::to_string(options_.exemplars_max);
    all["memory-limit"] = format_size(options_.memory_limit);
    all["query-timeout"] = format_duration(options_.query.timeout);
    all["query-max-samples"] = std::to_string(options_.query.samples_max);
    all["query-max-memory"] = format_size(options_.query.bytes_max);
    all["query-concurrency"] = std::to_string(options_.query.concurrency);
    all["query-queue"] = std::to_string(options_.query.waiting_max);
    all["remote-write-bytes-max"] = std::to_string(options_.remote_write.decoded_bytes_max);
    all["remote-write-cache-max"] = std::to_string(options_.remote_write.cache_entries_max);
    all["enable-feature"] = feature_names();
    all["cors-origin"] = options_.cors_origin;
    all["enable-admin-api"] = options_.enable_admin_api ? "true" : "false";
    all["rules-concurrency"] = std::to_string(options_.rules_concurrency);
    for (const auto& file : options_.rule_files) all["rules"] += (all["rules"].empty() ? "" : ",") + file;
    for (const auto& file : options_.config_files) all["config"] += (all["config"].empty() ? "" : ",") + file;
    return all;
  }

  void register_metrics() {
    const auto count = [this](const char* name, const char* help, auto read, const metrics::Labels& labels = {}) {
      registry_.callback(name, help, "counter", labels, [read] { return static_cast<double>(read()); });
    };
    const auto& lines = bulk_->counters();
    count("mamori_log_lines_accepted_total", "Log lines stored", [&] { return lines.accepted.load(); });
    const auto count_refused = [&](const char* reason, const std::atomic<std::uint64_t>& refused) {
      const auto read = [&refused] { return refused.load(); };
      count("mamori_log_lines_refused_total", "Log lines refused, by reason", read,
            metrics::Labels({{"reason", reason}}));
    };
    count_refused("malformed", lines.refused_malformed);
    count_refused("stream", lines.refused_stream);
    count_refused("field", lines.refused_field);
    count_refused("action", lines.refused_action);
    count("mamori_log_requests_unavailable_total", "Bulk requests of which nothing could be stored",
          [&] { return lines.unavailable.load(); });
    count("mamori_http_requests_total", "HTTP requests answered", [this] { return server_->counters().requests; });
    count("mamori_http_responses_5xx_total", "HTTP answers of 500 and above",
          [this] { return server_->counters().responses_5xx; });
    count("mamori_http_refused_too_large_total", "Requests refused for their size",
          [this] { return server_->counters().refused_too_large; });
    register_store_metrics(registry_, *metrics_);
    register_query_metrics();
    count("mamori_judge_lines_observed_total", "Lines judged", [this] { return judge_->counters().observed; });
    count("mamori_judge_lines_too_late_total", "Lines stored but too old to be judged",
          [this] { return judge_->counters().too_late; });
    count("mamori_alerts_fired_total", "Alerts that began to fire", [this] { return alerts_->counters().fired; });
    count("mamori_alerts_resolved_total", "Alerts resolved", [this] { return alerts_->counters().resolved; });
    count("mamori_notifications_delivered_total", "Notifications a receiver took",
          [this] { return notifier_->counters().delivered; });
    count("mamori_notification_attempts_failed_total", "Deliveries that failed and are tried again",
          [this] { return notifier_->counters().attempts_failed; });
    count("mamori_notifications_refused_total", "Notifications a receiver refused for good",
          [this] { return notifier_->counters().refused; });
    count("mamori_notifications_dropped_total", "Notifications dropped from a full queue",
          [this] { return notifier_->counters().dropped; });
    registry_.callback("mamori_notifications_queued", "Notifications waiting", "gauge", {},
                       [this] { return static_cast<double>(notifier_->counters().queued); });
  }

  void register_query_metrics() {
    const auto show = [this](const char* name, const char* help, const char* kind, auto read) {
      registry_.callback(name, help, kind, {}, [read] { return static_cast<double>(read()); });
    };
    show("mamori_queries_running", "PromQL queries that run", "gauge", [this] { return gate_.stats().running; });
    show("mamori_queries_waiting", "PromQL queries that wait for a place", "gauge",
         [this] { return gate_.stats().waiting; });
    show("mamori_queries_total", "PromQL queries that got a place", "counter",
         [this] { return gate_.stats().admitted; });
    show("mamori_queries_refused_total", "PromQL queries refused because too many waited", "counter",
         [this] { return gate_.stats().refused; });
    show("mamori_queries_timed_out_waiting_total", "PromQL queries whose time ended before they got a place", "counter",
         [this] { return gate_.stats().timed_out; });
    show("mamori_queries_waited_seconds_total", "Time that PromQL queries waited for their place", "counter",
         [this] { return gate_.stats().waited_seconds; });
    show("mamori_memory_limit_bytes", "--memory-limit; 0: none", "gauge", [this] { return memory_.limit(); });
    show("mamori_memory_used_bytes", "Memory that counts towards the limit, with what queries have announced", "gauge",
         [this] { return memory_.used(); });
    show("mamori_memory_refused_total", "Announcements of memory refused near the limit", "counter",
         [this] { return memory_.refused(); });
  }

  const RuntimeOptions options_;
  const SystemClock clock_;
  MemoryGauge memory_{options_.memory_limit};
  metrics::promql::QueryGate gate_{{.concurrency = options_.query.concurrency,
                                    .waiting_max = options_.query.waiting_max,
                                    .waiting_client_max = (options_.query.waiting_max + 1) / 2}};
  metrics::Registry registry_;
  metrics::Gauge& reload_successful_ =
      registry_.gauge("mamori_config_last_reload_successful", "1 when the spec was read without error the last time");
  spec::Spec spec_;  // guarded by reload_mutex_ once started
  std::unique_ptr<metrics::Store> metrics_;
  std::unique_ptr<logs::Store> logs_;
  std::unique_ptr<rules::Judge> judge_;
  std::unique_ptr<ingest::BulkIngest> bulk_;
  std::unique_ptr<metrics::ExemplarRing> exemplars_;
  ingest::MetadataTable metadata_;  // of remote write and OTLP
  std::unique_ptr<ingest::RemoteWrite> remote_write_;
  std::unique_ptr<ingest::OtlpMetrics> otlp_;
  std::unique_ptr<alerts::Notifier> notifier_;
  std::unique_ptr<alerts::AlertManager> alerts_;
  std::unique_ptr<ingest::ScrapeManager> scraper_;
  std::unique_ptr<metrics::promql::Engine> query_engine_;
  std::unique_ptr<rules::RuleManager> rules_;
  console::RangeQuery range_query_;
  net::Router router_;
  std::unique_ptr<net::HttpServer> server_;
  std::string address_;
  std::thread ticker_;
  std::atomic<bool> ready_{false}, stopped_{false};
  bool indicators_written_ = true;

  std::mutex reload_mutex_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool stopping_ = false;
  console::ConfigState config_;
  rules::Evaluation evaluation_;
  std::vector<spec::DashboardSpec> dashboards_;
  std::string environment_;
  std::vector<std::string> scrape_pools_;
  std::vector<std::pair<std::string, std::string>> external_labels_;
  std::optional<Timestamp> last_reload_;  // that succeeded
};

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::start(RuntimeOptions options, const spec::Loaded& loaded) {
  auto watcher = std::make_unique<Watcher>(std::move(options));
  MAMORI_TRY_VOID(watcher->open(loaded));
  return std::unique_ptr<Runtime>(std::move(watcher));
}

}  // namespace mamori::app
