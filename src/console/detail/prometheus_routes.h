// console/detail/prometheus_routes.h: what the parts of Prometheus' HTTP API share; each part adds its own routes.
// Always holds: a handler's InvalidArgument is answered as bad_data, any other error as internal.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "console/prometheus_api.h"

namespace mamori::console {

struct PrometheusContext {
  const metrics::Store& store;
  const Clock& clock;
  QueryEngine engine;
  PrometheusApiSources sources;
  PrometheusApiOptions options;
};

/// An answer, or what to refuse it with.
using PrometheusAnswer = Result<net::Response>;
using PrometheusHandler = PrometheusAnswer (*)(const PrometheusContext& context, const net::Request& request);

/// Adds routes below /api/v1/; the routes share the context. Each answers OPTIONS, too, and tells browsers which
/// origins' pages may read its answers.
class PrometheusRoutes {
 public:
  PrometheusRoutes(net::Router& router, std::shared_ptr<const PrometheusContext> context);
  void add(std::string_view methods, std::string_view path, PrometheusHandler handler);

 private:
  net::Router& router_;
  std::shared_ptr<const PrometheusContext> context_;
  std::optional<metrics::Matcher> cors_;  // none: every origin
  std::set<std::string> paths_;           // that answer OPTIONS
};

void add_query_routes(PrometheusRoutes& routes);       // query, query_range
void add_expression_routes(PrometheusRoutes& routes);  // format_query, parse_query, query_exemplars
void add_series_routes(PrometheusRoutes& routes);      // series, labels, label/…/values
void add_target_routes(PrometheusRoutes& routes);      // targets, metadata, rules, alerts, alertmanagers
void add_status_routes(PrometheusRoutes& routes);      // status/…, notifications
void add_admin_routes(PrometheusRoutes& routes);       // admin/tsdb/…

/// GET /federate?match[]=…: the newest sample of each series as a metrics page, for a Prometheus that scrapes us.
void add_federate_route(net::Router& router, std::shared_ptr<const PrometheusContext> context);

/// Cuts what passes the limit (0: none) and says so, as Prometheus does.
template <typename T>
void apply_limit(std::vector<T>& items, std::size_t limit, std::vector<std::string>& warnings) {
  if (limit == 0 || items.size() <= limit) return;
  items.resize(limit);
  warnings.emplace_back("results truncated due to limit");
}

}  // namespace mamori::console
