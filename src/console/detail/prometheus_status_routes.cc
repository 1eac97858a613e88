// console/detail/prometheus_status_routes.cc: what Prometheus' status pages show, of mamori.
#include <unistd.h>

#include <filesystem>

#include "base/json.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

using net::Request;

void add_counts(JsonWriter& json, std::string_view name, const std::vector<metrics::NamedCount>& counts) {
  json.key(name).begin_array();
  for (const auto& [key, count] : counts) json.begin_object().field("name", key).field("value", count).end_object();
  json.end_array();
}

bool reload_succeeded(const PrometheusContext& context) {
  return !context.sources.last_reload_succeeded || context.sources.last_reload_succeeded();
}

PrometheusAnswer build_info(const PrometheusContext& context, const Request&) {
  JsonWriter json;
  json.begin_object().field("version", context.options.version).field("revision", "").field("branch", "");
  json.field("buildUser", "").field("buildDate", "").field("goVersion", "").end_object();
  return prometheus_success(json.text());
}

PrometheusAnswer runtime_info(const PrometheusContext& context, const Request&) {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  std::error_code no_folder;
  const auto folder = std::filesystem::current_path(no_folder);
  const auto& started = context.options.started;
  const auto reload = context.sources.last_reload ? context.sources.last_reload() : std::nullopt;
  JsonWriter json;
  json.begin_object().field("startTime", format_rfc3339(started)).field("CWD", folder.string()).field("hostname", host);
  json.field("serverTime", format_rfc3339(context.clock.now())).field("reloadConfigSuccess", reload_succeeded(context));
  json.field("lastConfigTime", format_rfc3339(reload.value_or(started))).field("corruptionCount", 0);
  json.field("goroutineCount", 0).field("GOMAXPROCS", 0).field("GOMEMLIMIT", 0).field("GOGC", "").field("GODEBUG", "");
  json.field("storageRetention", context.options.retention).end_object();
  return prometheus_success(json.text());
}

PrometheusAnswer flags(const PrometheusContext& context, const Request&) {
  JsonWriter json;
  json.begin_object();
  if (context.sources.flags) {
    for (const auto& [name, value] : context.sources.flags()) json.field(name, value);
  }
  json.end_object();
  return prometheus_success(json.text());
}

PrometheusAnswer config(const PrometheusContext& context, const Request&) {
  JsonWriter json;
  json.begin_object().field("yaml", context.sources.config ? context.sources.config() : std::string()).end_object();
  return prometheus_success(json.text());
}

PrometheusAnswer tsdb(const PrometheusContext& context, const Request& request) {
  const auto asked = number_parameter(request.params(), "limit");
  if (!asked || (*asked && **asked < 1)) return invalid_argument("limit must be a positive number");
  const auto limit = static_cast<std::size_t>(asked->value_or(10));
  const auto all = context.store.cardinality(limit);
  const auto stats = context.store.stats();
  const bool none = stats.oldest_ms > stats.newest_ms;  // as Prometheus shows it, whose zero values these are
  JsonWriter json;
  json.begin_object().key("headStats").begin_object().field("numSeries", all.series);
  json.field("numLabelPairs", all.label_pairs).field("chunkCount", stats.parts);
  json.field("minTime", none ? 0 : stats.oldest_ms).field("maxTime", none ? 0 : stats.newest_ms).end_object();
  add_counts(json, "seriesCountByMetricName", all.series_by_metric);
  add_counts(json, "labelValueCountByLabelName", all.values_by_label);
  add_counts(json, "memoryInBytesByLabelName", all.value_bytes_by_label);
  add_counts(json, "seriesCountByLabelValuePair", all.series_by_label_value);
  json.end_object();
  return prometheus_success(json.text());
}

/// Nothing is replayed once requests are answered.
PrometheusAnswer wal_replay(const PrometheusContext&, const Request&) {
  return prometheus_success(R"({"min":0,"max":0,"current":0})");
}

PrometheusAnswer notifications(const PrometheusContext& context, const Request&) {
  JsonWriter json;
  json.begin_array();
  if (!reload_succeeded(context)) {
    json.begin_object().field("text", "Configuration reload has failed.");
    json.field("date", format_rfc3339(context.clock.now())).field("active", true).end_object();
  }
  json.end_array();
  return prometheus_success(json.text());
}

/// What Prometheus answers when it takes no more listeners: browsers then stop asking, and poll `notifications`.
PrometheusAnswer live_notifications(const PrometheusContext&, const Request&) {
  return net::Response{.status = 204, .headers = {}, .body = {}};
}

}  // namespace

void add_status_routes(PrometheusRoutes& routes) {
  routes.add("GET", "status/buildinfo", build_info);
  routes.add("GET", "status/runtimeinfo", runtime_info);
  routes.add("GET", "status/flags", flags);
  routes.add("GET", "status/config", config);
  routes.add("GET", "status/tsdb", tsdb);
  routes.add("GET", "status/walreplay", wal_replay);
  routes.add("GET", "notifications", notifications);
  routes.add("GET", "notifications/live", live_notifications);
}

}  // namespace mamori::console
