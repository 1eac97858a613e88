// console/detail/prometheus_expression_routes.cc: what a query says, without running it: its layout, its tree, and the
// exemplars of the series it names.
#include "base/json.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

using net::Request;
using net::Response;

PrometheusAnswer format_query(const PrometheusContext& context, const Request& request) {
  const auto formatted = context.engine.format(request.params().get_or("query", ""));
  if (!formatted) return invalid_argument("invalid parameter \"query\": " + formatted.error().message);
  std::string data;
  append_json_string(data, *formatted);
  return prometheus_success(data);
}

PrometheusAnswer parse_query(const PrometheusContext& context, const Request& request) {
  const auto tree = context.engine.tree(request.params().get_or("query", ""));
  if (!tree) return invalid_argument("invalid parameter \"query\": " + tree.error().message);
  return prometheus_success(*tree);
}

void append_exemplars(std::string& out, const metrics::SeriesExemplars& series) {
  out += "{\"seriesLabels\":";
  append_api_labels(out, series.series);
  out += ",\"exemplars\":[";
  for (std::size_t i = 0; i < series.exemplars.size(); ++i) {
    const auto& exemplar = series.exemplars[i];
    out += i > 0 ? ",{\"labels\":" : "{\"labels\":";
    append_api_labels(out, exemplar.labels);
    out += ",\"value\":\"";
    append_api_value(out, exemplar.value);
    out += "\",\"timestamp\":";
    append_api_time(out, exemplar.time_ms);
    out += '}';
  }
  out += "]}";
}

PrometheusAnswer query_exemplars(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  MAMORI_TRY(const auto start_ms, time_parameter(params, "start", -kApiTimeMsMax));
  MAMORI_TRY(const auto end_ms, time_parameter(params, "end", kApiTimeMsMax));
  if (end_ms < start_ms) return invalid_argument("end timestamp must not be before start timestamp");
  MAMORI_TRY(const auto selectors, context.engine.selectors(params.get_or("query", "")));
  if (selectors.empty()) return Response{.status = 204, .headers = {}, .body = {}};
  std::string data = "[";
  if (context.sources.exemplars) {
    for (const auto& series : context.sources.exemplars(selectors, start_ms, end_ms)) {
      if (data.size() > 1) data += ',';
      append_exemplars(data, series);
    }
  }
  return prometheus_success(data + "]");
}

}  // namespace

void add_expression_routes(PrometheusRoutes& routes) {
  routes.add("GET|POST", "format_query", format_query);
  routes.add("GET|POST", "parse_query", parse_query);
  routes.add("GET|POST", "query_exemplars", query_exemplars);
}

}  // namespace mamori::console
