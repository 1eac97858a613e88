// console/detail/prometheus_target_routes.cc: what is scraped, what it is, and what is alerted on.
#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

using ingest::MetricMetadata;
using net::Request;

PrometheusAnswer targets(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  const auto state = to_lower(params.get_or("state", "any"));
  const auto pool = params.get_or("scrapePool", "");
  std::vector<ingest::TargetStatus> active;
  ingest::DroppedTargets dropped;
  if (context.sources.targets && state != "dropped") active = context.sources.targets();
  if (context.sources.dropped_targets && state != "active") dropped = context.sources.dropped_targets();
  if (!pool.empty()) {
    std::erase_if(active, [&](const auto& target) { return target.job != pool; });
    std::erase_if(dropped.shown, [&](const auto& target) { return target.job != pool; });
  }
  return prometheus_success(ingest::targets_json(active, dropped));
}

PrometheusAnswer scrape_pools(const PrometheusContext& context, const Request&) {
  auto pools = context.sources.scrape_pools ? context.sources.scrape_pools() : std::vector<std::string>{};
  std::ranges::sort(pools);
  return prometheus_success("{\"scrapePools\":" + api_texts(pools) + "}");
}

void write_metadata(JsonWriter& json, const MetricMetadata& about) {
  const bool unknown = about.type.empty() || about.type == "untyped";
  json.field("type", unknown ? std::string("unknown") : about.type).field("help", about.help).field("unit", about.unit);
}

std::vector<TargetMetadata> all_targets_metadata(const PrometheusContext& context) {
  return context.sources.target_metadata ? context.sources.target_metadata() : std::vector<TargetMetadata>{};
}

PrometheusAnswer target_metadata(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  MAMORI_TRY(const auto limit, number_parameter(params, "limit"));
  const auto match = params.get_or("match_target", ""), metric = params.get_or("metric", "");
  std::vector<metrics::Matcher> matchers;
  if (!match.empty()) {
    auto read = context.engine.selector(match);
    if (!read) return invalid_argument("invalid parameter \"match_target\": " + read.error().message);
    matchers = *std::move(read);
  }
  JsonWriter json;
  json.begin_array();
  std::int64_t count = 0;
  for (const auto& target : all_targets_metadata(context)) {
    if (limit && *limit >= 0 && count >= *limit) break;  // a target is shown whole or not at all, as by Prometheus
    if (!std::ranges::all_of(matchers, [&](const auto& m) { return m.matches(target.target.get(m.name())); })) continue;
    for (const auto& [family, about] : target.families) {
      if (!metric.empty() && family != metric) continue;
      std::string labels;
      append_api_labels(labels, target.target);
      json.begin_object().key("target").raw(labels);
      if (metric.empty()) json.field("metric", family);
      write_metadata(json, about);
      json.end_object();
      ++count;
    }
  }
  json.end_array();
  return prometheus_success(json.text());
}

PrometheusAnswer metadata(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  MAMORI_TRY(const auto limit, number_parameter(params, "limit"));
  MAMORI_TRY(const auto per_metric, number_parameter(params, "limit_per_metric"));
  const auto wanted = params.get_or("metric", "");
  std::map<std::string, std::vector<MetricMetadata>> all;
  const auto add = [&](const std::string& family, const MetricMetadata& about) {
    if (!wanted.empty() && family != wanted) return;
    auto& known = all[family];
    if (per_metric && *per_metric > 0 && known.size() >= static_cast<std::size_t>(*per_metric)) return;
    const auto same = [&](const MetricMetadata& other) {
      return other.type == about.type && other.help == about.help && other.unit == about.unit;
    };
    if (std::ranges::none_of(known, same)) known.push_back(about);
  };
  for (const auto& target : all_targets_metadata(context)) {
    for (const auto& [family, about] : target.families) add(family, about);
  }
  if (context.sources.metadata) {
    for (const auto& [family, about] : context.sources.metadata()) add(family, about);
  }
  JsonWriter json;
  json.begin_object();
  std::int64_t count = 0;
  for (const auto& [family, abouts] : all) {
    if (limit && *limit >= 0 && count++ >= *limit) break;
    json.key(family).begin_array();
    for (const auto& about : abouts) {
      json.begin_object();
      write_metadata(json, about);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  return prometheus_success(json.text());
}

PrometheusAnswer rules(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  if (const auto type = to_lower(params.get_or("type", "")); !type.empty() && type != "alert" && type != "record")
    return invalid_argument("invalid parameter \"type\": not supported value \"" + type + "\"");
  if (!context.sources.rules) return prometheus_success(R"({"groups":[]})");
  MAMORI_TRY(const auto groups, context.sources.rules(params));
  return prometheus_success(groups);
}

PrometheusAnswer alerts(const PrometheusContext& context, const Request&) {
  return prometheus_success(context.sources.alerts ? context.sources.alerts() : R"({"alerts":[]})");
}

/// mamori tells receivers itself: there is none.
PrometheusAnswer alertmanagers(const PrometheusContext&, const Request&) {
  return prometheus_success(R"({"activeAlertmanagers":[],"droppedAlertmanagers":[]})");
}

}  // namespace

void add_target_routes(PrometheusRoutes& routes) {
  routes.add("GET", "targets", targets);
  routes.add("GET", "targets/metadata", target_metadata);
  routes.add("GET", "scrape_pools", scrape_pools);
  routes.add("GET", "metadata", metadata);
  routes.add("GET", "rules", rules);
  routes.add("GET", "alerts", alerts);
  routes.add("GET", "alertmanagers", alertmanagers);
}

}  // namespace mamori::console
