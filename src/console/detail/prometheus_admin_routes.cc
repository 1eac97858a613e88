// console/detail/prometheus_admin_routes.cc: what changes the store by request. Refused unless the options enable it.
#include "base/json.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

using net::Request;
using net::Response;

Response no_content() { return {.status = 204, .headers = {}, .body = {}}; }

PrometheusAnswer delete_series(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  if (params.all("match[]").empty()) return invalid_argument("no match[] parameter provided");
  MAMORI_TRY(const auto start_ms, time_parameter(params, "start", -kApiTimeMsMax));
  MAMORI_TRY(const auto end_ms, time_parameter(params, "end", kApiTimeMsMax));
  std::vector<std::vector<metrics::Matcher>> selectors;
  for (const auto text : params.all("match[]")) {
    auto selector = context.engine.selector(text);
    if (!selector) return invalid_argument("invalid parameter \"match[]\": " + selector.error().message);
    selectors.push_back(*std::move(selector));
  }
  for (const auto& selector : selectors) {
    const auto deleted = context.sources.admin.delete_series(selector, start_ms, end_ms);
    if (!deleted) return prometheus_error("internal", deleted.error().message);
  }
  return no_content();
}

PrometheusAnswer clean_tombstones(const PrometheusContext& context, const Request&) {
  const auto cleaned = context.sources.admin.clean_tombstones();
  if (!cleaned) return prometheus_error("internal", cleaned.error().message);
  return no_content();
}

PrometheusAnswer snapshot(const PrometheusContext& context, const Request& request) {
  MAMORI_TRY(const auto skip_head, bool_parameter(request.params(), "skip_head"));
  const auto path = context.sources.admin.snapshot(skip_head);
  if (!path) return prometheus_error("internal", "create snapshot: " + path.error().message);
  JsonWriter json;
  json.begin_object().field("name", path->substr(path->rfind('/') + 1)).end_object();
  return prometheus_success(json.text());
}

template <PrometheusHandler handler>
PrometheusAnswer if_enabled(const PrometheusContext& context, const Request& request) {
  if (!context.options.enable_admin) {
    auto response = prometheus_error("unavailable", "admin APIs disabled");
    response.status = 500;  // Prometheus answers so
    return response;
  }
  return handler(context, request);
}

}  // namespace

void add_admin_routes(PrometheusRoutes& routes) {
  routes.add("POST|PUT", "admin/tsdb/delete_series", if_enabled<delete_series>);
  routes.add("POST|PUT", "admin/tsdb/clean_tombstones", if_enabled<clean_tombstones>);
  routes.add("POST|PUT", "admin/tsdb/snapshot", if_enabled<snapshot>);
}

}  // namespace mamori::console
