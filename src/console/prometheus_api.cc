#include "console/prometheus_api.h"

#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

net::Response refuse(const Error& error) {
  return prometheus_error(error.code == Code::InvalidArgument ? "bad_data" : "internal", error.message);
}

}  // namespace

void PrometheusRoutes::add(std::string_view methods, std::string_view path, PrometheusHandler handler) {
  router_.add(methods, "/api/v1/" + std::string(path), [context = context_, handler](const net::Request& request) {
    auto answer = handler(*context, request);
    return answer ? *std::move(answer) : refuse(answer.error());
  });
}

void add_prometheus_routes(net::Router& router, const metrics::Store& store, const Clock& clock, QueryEngine engine,
                           PrometheusApiSources sources, PrometheusApiOptions options) {
  PrometheusRoutes routes(router, std::make_shared<const PrometheusContext>(store, clock, std::move(engine),
                                                                            std::move(sources), std::move(options)));
  add_query_routes(routes);
  add_series_routes(routes);
  add_target_routes(routes);
  add_status_routes(routes);
}

}  // namespace mamori::console
