// console/detail/prometheus_query_routes.cc: asks the engine, writes what it answers.
#include "base/json.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"
#include "console/detail/prometheus_routes.h"
#include "console/detail/query_bounds.h"
#include "console/detail/query_response.h"

namespace mamori::console {
namespace {

using net::Request;

constexpr std::int64_t kPointsMax =
    11'000;  // per series, as Prometheus: one a minute for a week, one an hour for a year

PrometheusAnswer query(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  MAMORI_TRY(const auto limit, limit_parameter(params));
  MAMORI_TRY(const auto time_ms, time_parameter(params, "time", to_millis(context.clock.now())));
  MAMORI_TRY(const auto bounds, query_bounds(request, params, context.options.timeout_max));
  return query_response(context.engine.instant(params.get_or("query", ""), time_ms, bounds), limit,
                        cost_parameter(params));
}

PrometheusAnswer query_range(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  MAMORI_TRY(const auto limit, limit_parameter(params));
  MAMORI_TRY(const auto start_ms, required_time_parameter(params, "start"));
  MAMORI_TRY(const auto end_ms, required_time_parameter(params, "end"));
  if (end_ms < start_ms)
    return invalid_argument("invalid parameter \"end\": end timestamp must not be before start time");
  MAMORI_TRY(const auto step, duration_parameter(params, "step"));
  if (!step) return invalid_argument("invalid parameter \"step\": cannot parse \"\" to a valid duration");
  if (*step <= 0)
    return invalid_argument(
        "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive "
        "integer");
  if ((end_ms - start_ms) / *step > kPointsMax)
    return invalid_argument(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
        "(?step=XX)");
  MAMORI_TRY(const auto bounds, query_bounds(request, params, context.options.timeout_max));
  return query_response(context.engine.range(params.get_or("query", ""), start_ms, end_ms, *step, bounds), limit,
                        cost_parameter(params));
}

}  // namespace

void add_query_routes(PrometheusRoutes& routes) {
  routes.add("GET|POST", "query", query);
  routes.add("GET|POST", "query_range", query_range);
}

}  // namespace mamori::console
