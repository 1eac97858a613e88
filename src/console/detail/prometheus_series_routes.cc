// console/detail/prometheus_series_routes.cc: which series, label names and label values there are.
#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
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

struct SeriesQuestion {
  std::size_t limit = 0;
  std::int64_t start_ms = 0, end_ms = 0;
  std::vector<std::vector<Matcher>> any_of;  // empty: all series
};

/// limit, start, end and match[], in the order in which Prometheus finds fault with them. `said` begins an error about
/// match[].
Result<SeriesQuestion> question_of(const PrometheusContext& context, const Params& params, std::string_view said) {
  SeriesQuestion question;
  MAMORI_TRY(question.limit, limit_parameter(params));
  MAMORI_TRY(question.start_ms, time_parameter(params, "start", -kApiTimeMsMax));
  MAMORI_TRY(question.end_ms, time_parameter(params, "end", kApiTimeMsMax));
  for (const auto text : params.all("match[]")) {
    auto selector = context.engine.selector(text);
    if (!selector) return invalid_argument(std::string(said) + selector.error().message);
    question.any_of.push_back(*std::move(selector));
  }
  for (const auto& selector : question.any_of) {
    // One that every series passes would read them all: refused, as by Prometheus.
    if (std::ranges::all_of(selector, [](const Matcher& matcher) { return matcher.matches(""); }))
      return invalid_argument(std::string(said) + "match[] must contain at least one non-empty matcher");
  }
  return question;
}

/// Sorted, each once.
std::vector<Labels> matching(const PrometheusContext& context, const SeriesQuestion& question) {
  if (question.end_ms < question.start_ms) return {};
  if (question.any_of.empty()) return context.store.series({}, question.start_ms, question.end_ms);
  if (question.any_of.size() == 1) return context.store.series(question.any_of[0], question.start_ms, question.end_ms);
  std::set<Labels> found;
  for (const auto& selector : question.any_of) {
    for (auto& labels : context.store.series(selector, question.start_ms, question.end_ms))
      found.insert(std::move(labels));
  }
  return {found.begin(), found.end()};
}

Response texts_response(const std::set<std::string>& texts, std::size_t limit) {
  std::vector<std::string> list(texts.begin(), texts.end()), warnings;
  apply_limit(list, limit, warnings);
  return prometheus_success(api_texts(list), warnings);
}

PrometheusAnswer series(const PrometheusContext& context, const Request& request) {
  const auto params = request.params();
  if (params.all("match[]").empty()) return invalid_argument("no match[] parameter provided");
  MAMORI_TRY(const auto question, question_of(context, params, "invalid parameter \"match[]\": "));
  auto found = matching(context, question);
  std::vector<std::string> warnings;
  apply_limit(found, question.limit, warnings);
  std::string data = "[";
  for (const auto& labels : found) {
    if (data.size() > 1) data += ',';
    append_api_labels(data, labels);
  }
  return prometheus_success(data + "]", warnings);
}

PrometheusAnswer label_names(const PrometheusContext& context, const Request& request) {
  MAMORI_TRY(const auto question, question_of(context, request.params(), ""));
  std::set<std::string> names;
  for (const auto& labels : matching(context, question)) {
    for (const auto& [name, value] : labels) names.emplace(name);
  }
  return texts_response(names, question.limit);
}

PrometheusAnswer label_values(const PrometheusContext& context, const Request& request) {
  const auto name = unescape_label_name(request.path_params.at(0));
  if (name.empty() || !is_utf8(name)) {
    std::string quoted;
    append_json_string(quoted, name);
    return invalid_argument("invalid label name: " + quoted);
  }
  MAMORI_TRY(const auto question, question_of(context, request.params(), ""));
  std::set<std::string> values;
  for (const auto& labels : matching(context, question)) {
    if (labels.has(name)) values.emplace(labels.get(name));
  }
  return texts_response(values, question.limit);
}

/// Prometheus has the route and answers so.
PrometheusAnswer drop_series(const PrometheusContext&, const Request&) {
  return prometheus_error("internal", "not implemented");
}

}  // namespace

void add_series_routes(PrometheusRoutes& routes) {
  routes.add("GET|POST", "series", series);
  routes.add("DELETE", "series", drop_series);
  routes.add("GET|POST", "labels", label_names);
  routes.add("GET", "label/{name}/values", label_values);
}

}  // namespace mamori::console
