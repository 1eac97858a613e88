#include "console/technical_report.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <map>

namespace mamori::console {
namespace {

constexpr std::uint64_t kLinesMax = 5'000'000;
constexpr std::size_t kEndpointsMax = 50;

struct Access {
  std::string endpoint;  // "POST /api/payments"
  int response_code = 0;
  std::optional<double> response_time_ms;
};

bool looks_like_id(std::string_view segment) {
  const auto digits = std::ranges::count_if(segment, [](char c) { return c >= '0' && c <= '9'; });
  return !segment.empty() && digits > 0 && (digits * 2 >= static_cast<long>(segment.size()) || segment.size() >= 20);
}

/// The path without its query and with identifiers replaced, so that one endpoint is one row: /orders/123 ->
/// /orders/{id}.
std::string endpoint_path(std::string_view path) {
  path = path.substr(0, path.find_first_of("?#"));
  std::string out;
  while (!path.empty()) {
    const auto slash = path.find('/', 1);
    const auto segment = path.substr(1, slash == std::string_view::npos ? slash : slash - 1);
    out += '/';
    out += looks_like_id(segment) ? std::string_view("{id}") : segment;
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  }
  return out.empty() ? "/" : out;
}

class AccessReader {
 public:
  std::optional<Access> read(std::string_view json) {
    namespace dom = simdjson::dom;
    dom::element document;
    if (parser_.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS) return std::nullopt;
    std::string_view path, method;
    std::int64_t code = 0;
    double time = 0;
    if (document["request_path"].get(path) != simdjson::SUCCESS || !path.starts_with('/')) return std::nullopt;
    if (document["response_code"].get(code) != simdjson::SUCCESS) return std::nullopt;
    Access access{.endpoint = endpoint_path(path), .response_code = static_cast<int>(code), .response_time_ms = {}};
    if (document["request_method"].get(method) == simdjson::SUCCESS)
      access.endpoint.insert(0, std::string(method) + " ");
    if (document["response_time_ms"].get(time) == simdjson::SUCCESS) access.response_time_ms = time;
    return access;
  }

 private:
  simdjson::dom::parser parser_;
};

struct EndpointTally {
  std::uint64_t requests = 0, errors = 0;
};

void write_endpoints(JsonWriter& json, const std::map<std::string, EndpointTally>& endpoints) {
  json.key("errors_by_endpoint");
  if (endpoints.empty()) {
    json.null();
    return;
  }
  std::vector<std::pair<std::string, EndpointTally>> sorted(endpoints.begin(), endpoints.end());
  std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) {
    return std::pair(a.second.errors, a.second.requests) > std::pair(b.second.errors, b.second.requests);
  });
  json.begin_array();
  for (const auto& [endpoint, tally] : sorted) {
    json.begin_object().field("endpoint", endpoint).field("requests", tally.requests).field("errors", tally.errors);
    json.field("error_percent", 100.0 * static_cast<double>(tally.errors) / static_cast<double>(tally.requests))
        .end_object();
  }
  json.end_array();
}

struct Resource {
  const char* name;
  const char* expression;
};

// $window: the bucket, at least a minute, so that two scrapes are in it. Definitions as the node exporter's own
// dashboards use them: time not idle, memory not available, root file system used.
constexpr std::array kResources = {
    Resource{"cpu_percent", R"(100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$window]))))"},
    Resource{"memory_percent", "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)"},
    Resource{
        "disk_percent",
        R"(100 * (1 - max by (instance) (node_filesystem_avail_bytes{mountpoint="/"}) / max by (instance) (node_filesystem_size_bytes{mountpoint="/"})))"},
    Resource{
        "network_bytes_per_second",
        R"(sum by (instance) (rate(node_network_receive_bytes_total{device!="lo"}[$window]) + rate(node_network_transmit_bytes_total{device!="lo"}[$window])))"},
};

std::string with_window(std::string expression, Nanos step) {
  constexpr std::string_view kPlace = "$window";
  const auto window = format_duration(std::max<Nanos>(step, std::chrono::minutes{1}));
  for (auto at = expression.find(kPlace); at != std::string::npos; at = expression.find(kPlace)) {
    expression.replace(at, kPlace.size(), window);
  }
  return expression;
}

Result<void> write_resources(JsonWriter& json, const RangeQuery& query, const TimeRange& range) {
  std::map<std::string, std::array<std::vector<std::optional<double>>, kResources.size()>> instances;
  for (std::size_t i = 0; i < kResources.size(); ++i) {
    MAMORI_TRY(auto series, query(with_window(kResources[i].expression, range.step), range));
    for (auto& one : series) instances[one.instance][i] = std::move(one.values);
  }
  json.key("resources");
  if (instances.empty()) {
    json.null();
    return {};
  }
  json.begin_array();
  for (const auto& [instance, charts] : instances) {
    json.begin_object().field("instance", instance);
    for (std::size_t i = 0; i < kResources.size(); ++i) {
      json.key(kResources[i].name).begin_array();
      for (const auto& value : charts[i]) {
        if (value) {
          json.number(*value);
        } else {
          json.null();
        }
      }
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
  return {};
}

}  // namespace

Result<std::string> technical_report_json(const logs::Store& store, const RangeQuery& query, const TimeRange& range) {
  const Buckets buckets(range);
  std::vector<std::vector<double>> times_ms(buckets.size());
  std::map<std::string, EndpointTally> endpoints;
  AccessReader reader;
  bool any_time = false;
  std::uint64_t lines = 0;
  const auto visit = [&](const logs::Line& line) {
    if (++lines > kLinesMax) return false;
    const auto access = reader.read(line.json);
    const auto bucket = buckets.index(line.time);
    if (!access || !bucket) return true;
    const bool known = endpoints.contains(access->endpoint) || endpoints.size() < kEndpointsMax;
    auto& tally = endpoints[known ? access->endpoint : "(other)"];
    ++tally.requests;
    if (access->response_code >= 500) ++tally.errors;
    if (access->response_time_ms) {
      times_ms[*bucket].push_back(*access->response_time_ms);
      any_time = true;
    }
    return true;
  };
  MAMORI_TRY_VOID(store.scan({.stream_pattern = "security_*", .start = range.start, .end = range.end}, visit));

  JsonWriter json;
  json.begin_object().key("times_ms");
  buckets.write_times(json);
  json.key("api_response_times");
  if (any_time) {
    json.begin_object();
    for (const auto& [name, q] : {std::pair{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}}) {
      json.key(name);
      write_quantiles(json, times_ms, q);
    }
    json.end_object();
  } else {
    json.null();
  }
  write_endpoints(json, endpoints);
  MAMORI_TRY_VOID(write_resources(json, query, range));
  json.end_object();
  return std::move(json).take();
}

}  // namespace mamori::console
