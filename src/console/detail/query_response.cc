#include "console/detail/query_response.h"

#include "base/json.h"
#include "console/detail/prometheus_json.h"
#include "console/detail/prometheus_routes.h"

namespace mamori::console {
namespace {

using net::Response;

std::string_view type_of(QueryFailure failure) {
  switch (failure) {
    case QueryFailure::BadData:
      return "bad_data";
    case QueryFailure::Execution:
      return "execution";
    case QueryFailure::Timeout:
      return "timeout";
    case QueryFailure::Unavailable:
      return "unavailable";
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
    if (series[i].histograms.empty()) {
      out += ",\"value\":";
      append_api_sample(out, series[i].samples.front());
    } else {
      out += ",\"histogram\":";
      append_api_histogram(out, series[i].histograms.front());
    }
    out += '}';
  }
  out += ']';
}

template <typename Item>
void append_list(std::string& out, std::string_view name, const std::vector<Item>& items,
                 void (*append)(std::string&, const Item&)) {
  if (items.empty()) return;
  out += ",\"";
  out += name;
  out += "\":[";
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    append(out, item);
  }
  out += ']';
}

void append_matrix(std::string& out, const std::vector<metrics::SeriesData>& series) {
  out += '[';
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (i > 0) out += ',';
    out += "{\"metric\":";
    append_api_labels(out, series[i].labels);
    append_list(out, "values", series[i].samples, append_api_sample);
    append_list(out, "histograms", series[i].histograms, append_api_histogram);
    out += '}';
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

/// About what the result will take, so that a large text does not move while it grows.
std::size_t size_of_result(const QueryAnswer& answer) {
  constexpr std::size_t kSampleBytes = 28;  // [1769860800.123,"12345.678"],
  constexpr std::size_t kBucketBytes = 40;  // [0,"0.9170040432046712","1","3"],
  std::size_t bytes = 256;
  for (const auto& one : answer.series) {
    bytes += 32 + one.labels.bytes() * 3 / 2 + one.samples.size() * kSampleBytes;
    for (const auto& [time_ms, histogram] : one.histograms) {
      bytes += 2 * kSampleBytes + (histogram->positive.size() + histogram->negative.size() + 1) * kBucketBytes;
    }
  }
  return bytes;
}

void append_cost(std::string& out, const QueryCost& cost, bool per_step) {
  JsonWriter json;
  json.begin_object().key("timings").begin_object();
  json.field("evalTotalTime", cost.prepare + cost.evaluate + cost.sort).field("resultSortTime", cost.sort);
  json.field("queryPreparationTime", cost.prepare).field("innerEvalTime", cost.evaluate);
  json.field("execQueueTime", cost.queue).field("execTotalTime", cost.total).end_object();
  json.key("samples").begin_object();
  if (per_step) {
    json.key("totalQueryableSamplesPerStep").begin_array();
    for (const auto& [time_ms, samples] : cost.samples_per_step) {
      std::string pair = "[";
      append_api_time(pair, time_ms);
      json.raw(pair + "," + std::to_string(samples) + "]");
    }
    json.end_array();
  }
  json.field("totalQueryableSamples", cost.samples_total).field("peakSamples", cost.samples_peak).end_object();
  json.key("memory").begin_object().field("peakBytes", cost.bytes_peak).end_object().end_object();
  out += json.text();
}

}  // namespace

ShowCost cost_parameter(const net::Params& params) {
  const auto text = params.get_or("stats", "");
  return text.empty() ? ShowCost::No : text == "all" ? ShowCost::PerStep : ShowCost::Yes;
}

Response query_response(QueryAnswer answer, std::size_t limit, ShowCost cost) {
  if (answer.failure == QueryFailure::BadData)
    return prometheus_error("bad_data", "invalid parameter \"query\": " + answer.error);
  if (answer.failure != QueryFailure::None) return prometheus_error(type_of(answer.failure), answer.error);
  if (answer.type == QueryAnswer::Type::Vector || answer.type == QueryAnswer::Type::Matrix)
    apply_limit(answer.series, limit, answer.warnings);
  auto body = begin_prometheus_success();
  body.reserve(size_of_result(answer));
  body += "{\"resultType\":\"" + std::string(name_of(answer.type)) + "\",\"result\":";
  append_result(body, answer);
  if (cost != ShowCost::No) {
    body += ",\"stats\":";
    append_cost(body, answer.cost, cost == ShowCost::PerStep);
  }
  body += '}';
  return end_prometheus_success(std::move(body), answer.warnings, answer.infos);
}

}  // namespace mamori::console
