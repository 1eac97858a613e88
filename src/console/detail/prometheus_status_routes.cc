// console/detail/prometheus_status_routes.cc: what Prometheus' status pages show, of mamori.
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

using net::Request;

void add_largest(JsonWriter& json, std::string_view name, const std::map<std::string, std::size_t>& counts,
                 std::size_t limit) {
  std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::greater{}, &std::pair<std::string, std::size_t>::second);
  sorted.resize(std::min(sorted.size(), limit));
  json.key(name).begin_array();
  for (const auto& [key, count] : sorted) json.begin_object().field("name", key).field("value", count).end_object();
  json.end_array();
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
  const bool reloaded = !context.sources.last_reload_succeeded || context.sources.last_reload_succeeded();
  JsonWriter json;
  json.begin_object()
      .field("startTime", format_rfc3339(context.options.started))
      .field("CWD", "")
      .field("hostname", host);
  json.field("serverTime", format_rfc3339(context.clock.now())).field("reloadConfigSuccess", reloaded);
  json.field("lastConfigTime", format_rfc3339(context.options.started)).field("corruptionCount", 0);
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
  MAMORI_TRY(auto limit, limit_parameter(request.params()));
  if (limit == 0) limit = 10;
  std::map<std::string, std::size_t> by_metric, by_pair;
  std::map<std::string, std::set<std::string>> values;
  const auto all = context.store.series({}, -kApiTimeMsMax, kApiTimeMsMax);
  for (const auto& labels : all) {
    ++by_metric[std::string(labels.get(metrics::kMetricName))];
    for (const auto& [name, value] : labels) {
      ++by_pair[std::string(name) + "=" + std::string(value)];
      values[std::string(name)].emplace(value);
    }
  }
  std::map<std::string, std::size_t> value_counts;
  for (const auto& [name, of_name] : values) value_counts[name] = of_name.size();
  JsonWriter json;
  json.begin_object().key("headStats").begin_object().field("numSeries", all.size());
  json.field("numLabelPairs", by_pair.size()).end_object();
  add_largest(json, "seriesCountByMetricName", by_metric, limit);
  add_largest(json, "labelValueCountByLabelName", value_counts, limit);
  add_largest(json, "seriesCountByLabelValuePair", by_pair, limit);
  json.end_object();
  return prometheus_success(json.text());
}

}  // namespace

void add_status_routes(PrometheusRoutes& routes) {
  routes.add("GET", "status/buildinfo", build_info);
  routes.add("GET", "status/runtimeinfo", runtime_info);
  routes.add("GET", "status/flags", flags);
  routes.add("GET", "status/config", config);
  routes.add("GET", "status/tsdb", tsdb);
}

}  // namespace mamori::console
