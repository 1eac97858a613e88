// console/detail/prometheus_query_routes.cc: asks the engine, writes what it answers.
#include <algorithm>

#include "base/json.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

using net::Params;
using net::Request;
using net::Response;

constexpr std::int64_t kPointsMax =
    11'000;  // per series, as Prometheus: one a minute for a week, one an hour for a year
constexpr std::string_view kBadData = "bad_data";

std::string_view type_of(QueryFailure failure) {
  switch (failure) {
    case QueryFailure::BadData:
      return kBadData;
    case QueryFailure::Execution:
      return "execution";
    case QueryFailure::Timeout:
      return "timeout";
    default:
      return "internal";
  }
}

std::string_view name_of(QueryAnswer::Type type) {
  switch (type) {
    case QueryAnswer::Type::Scalar:
      return "scalar";
    case QueryAnswer::Type::String:
      return "string";
    case QueryAnswer::Type::Vector:
      return "vector";
    default:
      return "matrix";
  }
}

void append_vector(std::string& out, const std::vector<metrics::SeriesData>& series) {
  out += '[';
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (i > 0) out += ',';
    out += "{\"metric\":";
    append_api_labels(out, series[i].labels);
    out += ",\"value\":";
    append_api_sample(out, series[i].samples.front());
    out += '}';
  }
  out += ']';
}

void append_matrix(std::string& out, const std::vector<metrics::SeriesData>& series) {
  out += '[';
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (i > 0) out += ',';
    out += "{\"metric\":";
    append_api_labels(out, series[i].labels);
    out += ",\"values\":[";
    bool first = true;
    for (const auto& sample : series[i].samples) {
      if (!first) out += ',';
      first = false;
      append_api_sample(out, sample);
    }
    out += "]}";
  }
  out += ']';
}

void append_result(std::string& out, const QueryAnswer& answer) {
  switch (answer.type) {
    case QueryAnswer::Type::Scalar:
      append_api_sample(out, answer.series.front().samples.front());
      break;
    case QueryAnswer::Type::String:
      out += '[';
      append_api_time(out, answer.time_ms);
      out += ',';
      append_json_string(out, answer.text);
      out += ']';
      break;
    case QueryAnswer::Type::Vector:
      append_vector(out, answer.series);
      break;
    case QueryAnswer::Type::Matrix:
      append_matrix(out, answer.series);
      break;
  }
}

Response query_response(QueryAnswer answer, std::size_t limit) {
  if (answer.failure == QueryFailure::BadData)
    return prometheus_error(kBadData, "invalid parameter \"query\": " + answer.error);
  if (answer.failure != QueryFailure::None) return prometheus_error(type_of(answer.failure), answer.error);
  if (answer.type == QueryAnswer::Type::Vector || answer.type == QueryAnswer::Type::Matrix)
    apply_limit(answer.series, limit, answer.warnings);
  std::string data = "{\"resultType\":\"" + std::string(name_of(answer.type)) + "\",\"result\":";
  append_result(data, answer);
  data += '}';
  return prometheus_success(data, answer.warnings, answer.infos);
}

Result<QueryBounds> bounds_of(const PrometheusContext& context, const Params& params) {
  QueryBounds bounds{.timeout = context.options.timeout_max};
  MAMORI_TRY(const auto timeout, duration_parameter(params, "timeout"));
  if (timeout) bounds.timeout = std::min(bounds.timeout, Millis{std::max<std::int64_t>(*timeout, 0)});
  MAMORI_TRY(const auto lookback, duration_parameter(params, "lookback_delta"));
  if (lookback) bounds.lookback = Millis{std::max<std::int64_t>(*lookback, 0)};
  return bounds;
}

PrometheusAnswer query(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  MAMORI_TRY(const auto limit, limit_parameter(params));
  MAMORI_TRY(const auto time_ms, time_parameter(params, "time", to_millis(context.clock.now())));
  MAMORI_TRY(const auto bounds, bounds_of(context, params));
  return query_response(context.engine.instant(params.get_or("query", ""), time_ms, bounds), limit);
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
  MAMORI_TRY(const auto bounds, bounds_of(context, params));
  return query_response(context.engine.range(params.get_or("query", ""), start_ms, end_ms, *step, bounds), limit);
}

PrometheusAnswer format_query(const PrometheusContext& context, const Request& request) {
  const auto formatted = context.engine.format(request.params().get_or("query", ""));
  if (!formatted) return invalid_argument("invalid parameter \"query\": " + formatted.error().message);
  std::string data;
  append_json_string(data, *formatted);
  return prometheus_success(data);
}

PrometheusAnswer query_exemplars(const PrometheusContext&, const Request&) { return prometheus_success("[]"); }

}  // namespace

void add_query_routes(PrometheusRoutes& routes) {
  routes.add("GET|POST", "query", query);
  routes.add("GET|POST", "query_range", query_range);
  routes.add("GET|POST", "format_query", format_query);
  routes.add("GET|POST", "query_exemplars", query_exemplars);
}

}  // namespace mamori::console
