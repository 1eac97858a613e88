// console/detail/prometheus_target_routes.cc: what is scraped, what it is, and what is alerted on.
#include "base/json.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

using net::Request;

PrometheusAnswer targets(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  auto all = context.sources.targets ? context.sources.targets() : std::vector<ingest::TargetStatus>{};
  if (params.get_or("state", "") == "dropped") all.clear();
  if (const auto pool = params.get_or("scrapePool", ""); !pool.empty())
    std::erase_if(all, [&](const auto& target) { return target.job != pool; });
  return prometheus_success(ingest::targets_json(all));
}

PrometheusAnswer metadata(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  MAMORI_TRY(const auto limit, limit_parameter(params));
  const auto wanted = params.get_or("metric", "");
  std::map<std::string, ingest::MetricMetadata> all;
  if (context.sources.metadata) all = context.sources.metadata();
  JsonWriter json;
  json.begin_object();
  std::size_t count = 0;
  for (const auto& [name, about] : all) {
    if (!wanted.empty() && name != wanted) continue;
    if (limit > 0 && count++ >= limit) break;
    const bool unknown = about.type.empty() || about.type == "untyped";
    json.key(name).begin_array().begin_object();
    json.field("type", unknown ? std::string("unknown") : about.type)
        .field("help", about.help)
        .field("unit", about.unit);
    json.end_object().end_array();
  }
  json.end_object();
  return prometheus_success(json.text());
}

PrometheusAnswer alerts(const PrometheusContext& context, const Request&) {
  return prometheus_success(context.sources.alerts ? context.sources.alerts() : R"({"alerts":[]})");
}

PrometheusAnswer rules(const PrometheusContext& context, const Request&) {
  return prometheus_success(context.sources.rules ? context.sources.rules() : R"({"groups":[]})");
}

PrometheusAnswer alertmanagers(const PrometheusContext&, const Request&) {
  return prometheus_success(R"({"activeAlertmanagers":[],"droppedAlertmanagers":[]})");
}

}  // namespace

void add_target_routes(PrometheusRoutes& routes) {
  routes.add("GET", "targets", targets);
  routes.add("GET", "metadata", metadata);
  routes.add("GET", "rules", rules);
  routes.add("GET", "alerts", alerts);
  routes.add("GET", "alertmanagers", alertmanagers);
}

}  // namespace mamori::console
