#include "console/prometheus_api.h"

#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

net::Response refuse(const Error& error) {
  return prometheus_error(error.code == Code::InvalidArgument ? "bad_data" : "internal", error.message);
}

/// The headers that Prometheus sends to a page of another origin.
void allow_origin(net::Response& response, const std::optional<metrics::Matcher>& allowed, std::string_view origin) {
  response.headers.set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Origin");
  response.headers.set("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.headers.set("Access-Control-Expose-Headers", "Date");
  response.headers.set("Vary", "Origin");
  if (!allowed) {
    response.headers.set("Access-Control-Allow-Origin", "*");
  } else if (allowed->matches(origin)) {
    response.headers.set("Access-Control-Allow-Origin", origin);
  }
}

std::optional<metrics::Matcher> cors_matcher(const std::string& origins) {
  if (origins == ".*") return std::nullopt;
  auto matcher = metrics::Matcher::make("origin", metrics::MatchOp::Regex, origins);
  MAMORI_ASSERT(matcher.has_value());  // the option was checked
  return *std::move(matcher);
}

}  // namespace

PrometheusRoutes::PrometheusRoutes(net::Router& router, std::shared_ptr<const PrometheusContext> context)
    : router_(router), context_(std::move(context)), cors_(cors_matcher(context_->options.cors_origin)) {}

void PrometheusRoutes::add(std::string_view methods, std::string_view path, PrometheusHandler handler) {
  const auto full = "/api/v1/" + std::string(path);
  const auto with_cors = [cors = cors_](net::Response response, const net::Request& request) {
    if (const auto origin = request.headers.get("Origin"); !origin.empty()) allow_origin(response, cors, origin);
    return response;
  };
  router_.add(methods, full, [context = context_, handler, with_cors](const net::Request& request) {
    auto answer = handler(*context, request);
    return with_cors(answer ? *std::move(answer) : refuse(answer.error()), request);
  });
  if (paths_.insert(full).second) {
    router_.add("OPTIONS", full,
                [with_cors](const net::Request& request) { return with_cors(net::Response{.status = 204}, request); });
  }
}

void add_prometheus_routes(net::Router& router, const metrics::Store& store, const Clock& clock, QueryEngine engine,
                           PrometheusApiSources sources, PrometheusApiOptions options) {
  const auto context = std::make_shared<const PrometheusContext>(store, clock, std::move(engine), std::move(sources),
                                                                 std::move(options));
  PrometheusRoutes routes(router, context);
  add_query_routes(routes);
  add_expression_routes(routes);
  add_series_routes(routes);
  add_target_routes(routes);
  add_status_routes(routes);
  add_admin_routes(routes);
  add_federate_route(router, context);
}

}  // namespace mamori::console
