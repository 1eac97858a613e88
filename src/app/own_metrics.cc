#include "app/own_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "app/commands.h"

namespace mamori::app {
namespace {

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;  // pages: proc(5)
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_files() {
  std::error_code error;
  double count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) ++count;
  return count;
}

metrics::Labels with(const char* name, const char* value) { return metrics::Labels({{name, value}}); }

/// Shows counters that another room keeps.
struct CounterRows {
  void operator()(const char* name, const char* help, const std::atomic<std::uint64_t>& value,
                  const metrics::Labels& labels = {}) const {
    registry.callback(name, help, "counter", labels, [&value] { return static_cast<double>(value.load()); });
  }
  metrics::Registry& registry;
};

}  // namespace

void register_process_metrics(metrics::Registry& registry) {
  const std::chrono::duration<double> start = std::chrono::system_clock::now().time_since_epoch();
  registry.gauge("process_start_time_seconds", "Start of the process, seconds since 1970").set(start.count());
  registry.callback("process_resident_memory_bytes", "Resident memory", "gauge", {}, resident_bytes);
  registry.callback("process_cpu_seconds_total", "User and system processor time", "counter", {}, cpu_seconds);
  registry.callback("process_open_fds", "Open file descriptors", "gauge", {}, open_files);
  registry
      .gauge("mamori_build_info", "1, with the version as a label",
             metrics::Labels({{"version", std::string(kVersion)}}))
      .set(1);
}

void register_remote_write_metrics(metrics::Registry& registry, const ingest::RemoteWrite& remote_write) {
  const CounterRows count{registry};
  const auto& counters = remote_write.counters();
  const char* requests = "mamori_remote_write_requests_total";
  const char* requests_help = "Remote-write requests with headers that are understood, by version of the protocol";
  count(requests, requests_help, counters.requests_v1, with("version", "1.0"));
  count(requests, requests_help, counters.requests_v2, with("version", "2.0"));
  const char* failed = "mamori_remote_write_requests_failed_total";
  const char* failed_help = "Remote-write requests of which nothing was kept, by reason";
  count(failed, failed_help, counters.malformed, with("reason", "malformed"));
  count(failed, failed_help, counters.unavailable, with("reason", "unavailable"));
  count("mamori_remote_write_samples_total", "Samples taken by remote write, duplicates included", counters.samples);
  count("mamori_remote_write_histograms_total", "Native histograms taken by remote write, duplicates included",
        counters.histograms);
  count("mamori_remote_write_exemplars_total", "Exemplars taken by remote write", counters.exemplars);
  count("mamori_remote_write_duplicate_total", "Samples and histograms that were kept before", counters.duplicate);
  count("mamori_remote_write_exemplars_refused_total", "Exemplars refused", counters.refused_exemplars);
  const char* refused = "mamori_remote_write_refused_total";
  const char* refused_help = "Samples and histograms refused, by reason";
  count(refused, refused_help, counters.refused_labels, with("reason", "labels"));
  count(refused, refused_help, counters.refused_limit, with("reason", "limit"));
  count(refused, refused_help, counters.refused_histogram, with("reason", "histogram"));
  count(refused, refused_help, counters.refused_conflicting, with("reason", "conflicting"));
  count(refused, refused_help, counters.refused_out_of_order, with("reason", "out_of_order"));
  count(refused, refused_help, counters.refused_too_far_ahead, with("reason", "too_far_ahead"));

  const auto cache = [&](const char* name, const char* help, const char* type,
                         std::uint64_t ingest::SeriesCacheStats::* value) {
    registry.callback(name, help, type, {},
                      [&remote_write, value] { return static_cast<double>(remote_write.cache_stats().*value); });
  };
  cache("mamori_remote_write_cache_entries", "Series recognised without reading their labels", "gauge",
        &ingest::SeriesCacheStats::entries);
  cache("mamori_remote_write_cache_hits_total", "Series recognised in requests", "counter",
        &ingest::SeriesCacheStats::hits);
  cache("mamori_remote_write_cache_misses_total", "Series whose labels were read", "counter",
        &ingest::SeriesCacheStats::misses);
  cache("mamori_remote_write_cache_turned_total", "Times the cache was full and forgot what was not in use", "counter",
        &ingest::SeriesCacheStats::turned);
}

void register_otlp_metrics(metrics::Registry& registry, const ingest::OtlpMetrics& otlp) {
  const CounterRows count{registry};
  const auto& counters = otlp.counters();
  const char* requests = "mamori_otlp_requests_total";
  const char* requests_help = "OTLP metrics requests, by encoding";
  count(requests, requests_help, counters.requests_protobuf, with("encoding", "protobuf"));
  count(requests, requests_help, counters.requests_json, with("encoding", "json"));
  const char* failed = "mamori_otlp_requests_failed_total";
  const char* failed_help = "OTLP metrics requests of which nothing was kept, by reason";
  count(failed, failed_help, counters.malformed, with("reason", "malformed"));
  count(failed, failed_help, counters.unavailable, with("reason", "unavailable"));
  count("mamori_otlp_points_total", "OTLP data points kept", counters.points);
  count("mamori_otlp_samples_total", "Samples that OTLP data points became, duplicates included", counters.samples);
  count("mamori_otlp_exemplars_total", "Exemplars taken by OTLP", counters.exemplars);
  const char* refused = "mamori_otlp_points_refused_total";
  const char* refused_help = "OTLP data points refused, by reason";
  count(refused, refused_help, counters.refused_temporality, with("reason", "temporality"));
  count(refused, refused_help, counters.refused_invalid, with("reason", "invalid"));
  count(refused, refused_help, counters.refused_limit, with("reason", "limit"));
  count(refused, refused_help, counters.refused_store, with("reason", "order_or_time"));
}

}  // namespace mamori::app
