// console/detail/prometheus_series_routes.cc: which series, label names and label values there are.
#include <algorithm>
#include <set>

#include "base/json.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

using metrics::Labels;
using metrics::Matcher;
using net::Params;
using net::Request;
using net::Response;

std::string json_of(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + "]";
}

/// The label sets, each once and sorted, of series that any match[] selects within start and end; without match[]:
/// all.
Result<std::vector<Labels>> matching(const PrometheusContext& context, const Params& params) {
  MAMORI_TRY(const auto start_ms, time_parameter(params, "start", -kApiTimeMsMax));
  MAMORI_TRY(const auto end_ms, time_parameter(params, "end", kApiTimeMsMax));
  if (end_ms < start_ms)
    return invalid_argument("invalid parameter \"end\": end timestamp must not be before start time");
  std::vector<std::vector<Matcher>> selectors;
  for (const auto text : params.all("match[]")) {
    auto selector = context.engine.selector(text);
    if (!selector) return invalid_argument("invalid parameter \"match[]\": " + selector.error().message);
    // One that every series passes would read them all: refused, as by Prometheus.
    if (std::ranges::all_of(*selector, [](const Matcher& matcher) { return matcher.matches(""); }))
      return invalid_argument("invalid parameter \"match[]\": match[] must contain at least one non-empty matcher");
    selectors.push_back(*std::move(selector));
  }
  if (selectors.empty()) return context.store.series({}, start_ms, end_ms);
  std::set<Labels> found;
  for (const auto& selector : selectors) {
    for (auto& labels : context.store.series(selector, start_ms, end_ms)) found.insert(std::move(labels));
  }
  return std::vector<Labels>(found.begin(), found.end());
}

Response texts_response(const std::set<std::string>& texts, std::size_t limit) {
  std::vector<std::string> list(texts.begin(), texts.end()), warnings;
  apply_limit(list, limit, warnings);
  return prometheus_success(json_of(list), warnings);
}

PrometheusAnswer series(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  if (params.all("match[]").empty()) return invalid_argument("no match[] parameter provided");
  MAMORI_TRY(const auto limit, limit_parameter(params));
  MAMORI_TRY(auto found, matching(context, params));
  std::vector<std::string> warnings;
  apply_limit(found, limit, warnings);
  std::string data = "[";
  for (const auto& labels : found) {
    if (data.size() > 1) data += ',';
    append_api_labels(data, labels);
  }
  return prometheus_success(data + "]", warnings);
}

PrometheusAnswer label_names(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  MAMORI_TRY(const auto limit, limit_parameter(params));
  MAMORI_TRY(const auto found, matching(context, params));
  std::set<std::string> names;
  for (const auto& labels : found) {
    for (const auto& [name, value] : labels) names.emplace(name);
  }
  return texts_response(names, limit);
}

PrometheusAnswer label_values(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  const auto& name = request.path_params.at(0);
  if (name.empty()) return invalid_argument("invalid label name: \"\"");
  MAMORI_TRY(const auto limit, limit_parameter(params));
  MAMORI_TRY(const auto found, matching(context, params));
  std::set<std::string> values;
  for (const auto& labels : found) {
    if (labels.has(name)) values.emplace(labels.get(name));
  }
  return texts_response(values, limit);
}

}  // namespace

void add_series_routes(PrometheusRoutes& routes) {
  routes.add("GET|POST", "series", series);
  routes.add("GET|POST", "labels", label_names);
  routes.add("GET", "label/{name}/values", label_values);
}

}  // namespace mamori::console
