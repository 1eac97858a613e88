#include "console/prometheus_api.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/json.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_params.h"

namespace mamori::console {
namespace {

using metrics::Labels;
using metrics::Matcher;
using net::Params;
using net::Request;
using net::Response;

constexpr std::int64_t kPointsMax =
    11'000;  // per series, as Prometheus: one a minute for a week, one an hour for a year
constexpr std::string_view kBadData = "bad_data";

/// An answer, or what to refuse it with.
using Answer = Result<Response>;

Response refuse(const Error& error) {
  if (error.code == Code::InvalidArgument) return prometheus_error(kBadData, error.message);
  return prometheus_error("internal", error.message);
}

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

/// Cuts what passes the limit and says so, as Prometheus does.
template <typename T>
void apply_limit(std::vector<T>& items, std::size_t limit, std::vector<std::string>& warnings) {
  if (limit == 0 || items.size() <= limit) return;
  items.resize(limit);
  warnings.emplace_back("results truncated due to limit");
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

std::string json_of(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + "]";
}

class Api {
 public:
  Api(const metrics::Store& store, const Clock& clock, QueryEngine engine, PrometheusApiSources sources,
      PrometheusApiOptions options)
      : store_(store),
        clock_(clock),
        engine_(std::move(engine)),
        sources_(std::move(sources)),
        options_(std::move(options)) {}

  Answer query(const Request& request) const {
    const auto params = request.params();
    MAMORI_TRY(const auto limit, limit_parameter(params));
    MAMORI_TRY(const auto time_ms, time_parameter(params, "time", now_ms()));
    MAMORI_TRY(const auto bounds, bounds_of(params));
    return query_response(engine_.instant(params.get_or("query", ""), time_ms, bounds), limit);
  }

  Answer query_range(const Request& request) const {
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
    MAMORI_TRY(const auto bounds, bounds_of(params));
    return query_response(engine_.range(params.get_or("query", ""), start_ms, end_ms, *step, bounds), limit);
  }

  Answer series(const Request& request) const {
    const auto params = request.params();
    if (params.all("match[]").empty()) return invalid_argument("no match[] parameter provided");
    MAMORI_TRY(const auto limit, limit_parameter(params));
    MAMORI_TRY(auto found, matching(params));
    std::vector<std::string> warnings;
    apply_limit(found, limit, warnings);
    std::string data = "[";
    for (const auto& labels : found) {
      if (data.size() > 1) data += ',';
      append_api_labels(data, labels);
    }
    return prometheus_success(data + "]", warnings);
  }

  Answer label_names(const Request& request) const {
    const auto params = request.params();
    MAMORI_TRY(const auto limit, limit_parameter(params));
    MAMORI_TRY(const auto found, matching(params));
    std::set<std::string> names;
    for (const auto& labels : found) {
      for (const auto& [name, value] : labels) names.emplace(name);
    }
    return texts_response(names, limit);
  }

  Answer label_values(const Request& request) const {
    const auto params = request.params();
    const auto& name = request.path_params.at(0);
    if (name.empty()) return invalid_argument("invalid label name: \"\"");
    MAMORI_TRY(const auto limit, limit_parameter(params));
    MAMORI_TRY(const auto found, matching(params));
    std::set<std::string> values;
    for (const auto& labels : found) {
      if (labels.has(name)) values.emplace(labels.get(name));
    }
    return texts_response(values, limit);
  }

  Answer targets(const Request& request) const {
    const auto params = request.params();
    auto all = sources_.targets ? sources_.targets() : std::vector<ingest::TargetStatus>{};
    if (params.get_or("state", "") == "dropped") all.clear();
    if (const auto pool = params.get_or("scrapePool", ""); !pool.empty())
      std::erase_if(all, [&](const auto& target) { return target.job != pool; });
    return prometheus_success(ingest::targets_json(all));
  }

  Answer metadata(const Request& request) const {
    const auto params = request.params();
    MAMORI_TRY(const auto limit, limit_parameter(params));
    const auto wanted = params.get_or("metric", "");
    std::map<std::string, ingest::MetricMetadata> all;
    if (sources_.metadata) all = sources_.metadata();
    JsonWriter json;
    json.begin_object();
    std::size_t count = 0;
    for (const auto& [name, about] : all) {
      if (!wanted.empty() && name != wanted) continue;
      if (limit > 0 && count++ >= limit) break;
      const bool unknown = about.type.empty() || about.type == "untyped";
      json.key(name).begin_array().begin_object();
      json.field("type", unknown ? std::string("unknown") : about.type)
          .field("help", about.help)
          .field("unit", about.unit);
      json.end_object().end_array();
    }
    json.end_object();
    return prometheus_success(json.text());
  }

  Answer alerts(const Request&) const {
    return prometheus_success(sources_.alerts ? sources_.alerts() : R"({"alerts":[]})");
  }

  Answer format_query(const Request& request) const {
    const auto formatted = engine_.format(request.params().get_or("query", ""));
    if (!formatted) return invalid_argument("invalid parameter \"query\": " + formatted.error().message);
    std::string data;
    append_json_string(data, *formatted);
    return prometheus_success(data);
  }

  Answer build_info(const Request&) const {
    JsonWriter json;
    json.begin_object().field("version", options_.version).field("revision", "").field("branch", "");
    json.field("buildUser", "").field("buildDate", "").field("goVersion", "").end_object();
    return prometheus_success(json.text());
  }

  Answer runtime_info(const Request&) const {
    char host[256] = "";
    ::gethostname(host, sizeof host - 1);
    const bool reloaded = !sources_.last_reload_succeeded || sources_.last_reload_succeeded();
    JsonWriter json;
    json.begin_object().field("startTime", format_rfc3339(options_.started)).field("CWD", "").field("hostname", host);
    json.field("serverTime", format_rfc3339(clock_.now())).field("reloadConfigSuccess", reloaded);
    json.field("lastConfigTime", format_rfc3339(options_.started)).field("corruptionCount", 0);
    json.field("goroutineCount", 0)
        .field("GOMAXPROCS", 0)
        .field("GOMEMLIMIT", 0)
        .field("GOGC", "")
        .field("GODEBUG", "");
    json.field("storageRetention", options_.retention).end_object();
    return prometheus_success(json.text());
  }

  Answer flags(const Request&) const {
    JsonWriter json;
    json.begin_object();
    if (sources_.flags) {
      for (const auto& [name, value] : sources_.flags()) json.field(name, value);
    }
    json.end_object();
    return prometheus_success(json.text());
  }

  Answer config(const Request&) const {
    JsonWriter json;
    json.begin_object().field("yaml", sources_.config ? sources_.config() : std::string()).end_object();
    return prometheus_success(json.text());
  }

  Answer tsdb(const Request& request) const {
    MAMORI_TRY(auto limit, limit_parameter(request.params()));
    if (limit == 0) limit = 10;
    std::map<std::string, std::size_t> by_metric, by_pair;
    std::map<std::string, std::set<std::string>> values;
    const auto all = store_.series({}, -kApiTimeMsMax, kApiTimeMsMax);
    for (const auto& labels : all) {
      ++by_metric[std::string(labels.get(metrics::kMetricName))];
      for (const auto& [name, value] : labels) {
        ++by_pair[std::string(name) + "=" + std::string(value)];
        values[std::string(name)].emplace(value);
      }
    }
    std::map<std::string, std::size_t> value_counts;
    for (const auto& [name, of_name] : values) value_counts[name] = of_name.size();
    JsonWriter json;
    json.begin_object().key("headStats").begin_object().field("numSeries", all.size());
    json.field("numLabelPairs", by_pair.size()).end_object();
    add_largest(json, "seriesCountByMetricName", by_metric, limit);
    add_largest(json, "labelValueCountByLabelName", value_counts, limit);
    add_largest(json, "seriesCountByLabelValuePair", by_pair, limit);
    json.end_object();
    return prometheus_success(json.text());
  }

 private:
  static void add_largest(JsonWriter& json, std::string_view name, const std::map<std::string, std::size_t>& counts,
                          std::size_t limit) {
    std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
    std::ranges::stable_sort(sorted, std::greater{}, &std::pair<std::string, std::size_t>::second);
    sorted.resize(std::min(sorted.size(), limit));
    json.key(name).begin_array();
    for (const auto& [key, count] : sorted) json.begin_object().field("name", key).field("value", count).end_object();
    json.end_array();
  }

  std::int64_t now_ms() const { return to_millis(clock_.now()); }

  Result<QueryBounds> bounds_of(const Params& params) const {
    QueryBounds bounds{.timeout = options_.timeout_max};
    MAMORI_TRY(const auto timeout, duration_parameter(params, "timeout"));
    if (timeout) bounds.timeout = std::min(bounds.timeout, Millis{std::max<std::int64_t>(*timeout, 0)});
    MAMORI_TRY(const auto lookback, duration_parameter(params, "lookback_delta"));
    if (lookback) bounds.lookback = Millis{std::max<std::int64_t>(*lookback, 0)};
    return bounds;
  }

  /// The label sets, each once and sorted, of series that any match[] selects within start and end; without match[]:
  /// all.
  Result<std::vector<Labels>> matching(const Params& params) const {
    MAMORI_TRY(const auto start_ms, time_parameter(params, "start", -kApiTimeMsMax));
    MAMORI_TRY(const auto end_ms, time_parameter(params, "end", kApiTimeMsMax));
    if (end_ms < start_ms)
      return invalid_argument("invalid parameter \"end\": end timestamp must not be before start time");
    std::vector<std::vector<Matcher>> selectors;
    for (const auto text : params.all("match[]")) {
      auto selector = engine_.selector(text);
      if (!selector) return invalid_argument("invalid parameter \"match[]\": " + selector.error().message);
      // One that every series passes would read them all: refused, as by Prometheus.
      if (std::ranges::all_of(*selector, [](const Matcher& matcher) { return matcher.matches(""); }))
        return invalid_argument("invalid parameter \"match[]\": match[] must contain at least one non-empty matcher");
      selectors.push_back(*std::move(selector));
    }
    if (selectors.empty()) return store_.series({}, start_ms, end_ms);
    std::set<Labels> found;
    for (const auto& selector : selectors) {
      for (auto& labels : store_.series(selector, start_ms, end_ms)) found.insert(std::move(labels));
    }
    return std::vector<Labels>(found.begin(), found.end());
  }

  static Response texts_response(const std::set<std::string>& texts, std::size_t limit) {
    std::vector<std::string> list(texts.begin(), texts.end()), warnings;
    apply_limit(list, limit, warnings);
    return prometheus_success(json_of(list), warnings);
  }

  const metrics::Store& store_;
  const Clock& clock_;
  const QueryEngine engine_;
  const PrometheusApiSources sources_;
  const PrometheusApiOptions options_;
};

}  // namespace

void add_prometheus_routes(net::Router& router, const metrics::Store& store, const Clock& clock, QueryEngine engine,
                           PrometheusApiSources sources, PrometheusApiOptions options) {
  const auto api = std::make_shared<const Api>(store, clock, std::move(engine), std::move(sources), std::move(options));
  const auto add = [&](std::string_view methods, std::string_view path, Answer (Api::*handler)(const Request&) const) {
    router.add(methods, "/api/v1/" + std::string(path), [api, handler](const Request& request) {
      auto answer = (api.get()->*handler)(request);
      return answer ? *std::move(answer) : refuse(answer.error());
    });
  };
  add("GET|POST", "query", &Api::query);
  add("GET|POST", "query_range", &Api::query_range);
  add("GET|POST", "format_query", &Api::format_query);
  add("GET|POST", "series", &Api::series);
  add("GET|POST", "labels", &Api::label_names);
  add("GET", "label/{name}/values", &Api::label_values);
  add("GET", "targets", &Api::targets);
  add("GET", "metadata", &Api::metadata);
  add("GET", "alerts", &Api::alerts);
  add("GET", "status/buildinfo", &Api::build_info);
  add("GET", "status/runtimeinfo", &Api::runtime_info);
  add("GET", "status/flags", &Api::flags);
  add("GET", "status/config", &Api::config);
  add("GET", "status/tsdb", &Api::tsdb);
  const auto fixed = [&](std::string_view methods, std::string_view path, std::string data) {
    router.add(methods, "/api/v1/" + std::string(path), [data](const Request&) { return prometheus_success(data); });
  };
  fixed("GET", "rules", R"({"groups":[]})");
  fixed("GET|POST", "query_exemplars", "[]");
  fixed("GET", "alertmanagers", R"({"activeAlertmanagers":[],"droppedAlertmanagers":[]})");
}

}  // namespace mamori::console
