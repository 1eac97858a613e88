#include "ingest/elasticsearch.h"

#include <cstdio>

#include "base/json.h"
#include "base/text.h"

namespace mamori::ingest {
namespace {

using net::Request;
using net::Response;

// Clients of 7.x to 9.x go on when they read this; a major they do not know makes some of them stop.
constexpr std::string_view kVersion = "8.15.0";
constexpr std::string_view kNodeId = "mamori-0000000000000000";

/// The N of "application/vnd.elasticsearch+json; compatible-with=N"; "" if the header does not ask for it.
std::string_view compatible_with(std::string_view header) {
  if (header.find("application/vnd.elasticsearch+") == std::string_view::npos) return {};
  constexpr std::string_view kKey = "compatible-with=";
  const std::size_t at = header.find(kKey);
  return at == std::string_view::npos ? std::string_view{} : header.substr(at + kKey.size(), 1);
}

/// JSON in the media type that the client speaks.
Response reply(const Request& request, int status, std::string body) {
  Response response = Response::json(status, std::move(body));
  std::string_view version = compatible_with(request.headers.get("Accept"));
  if (version.empty()) version = compatible_with(request.headers.get("Content-Type"));
  if (version == "7" || version == "8" || version == "9") {
    response.headers.set("Content-Type", "application/vnd.elasticsearch+json;compatible-with=" + std::string(version));
  }
  response.headers.set("X-elastic-product", "Elasticsearch");
  return response;
}

Response acknowledged(const Request& request) { return reply(request, 200, R"({"acknowledged":true})"); }

Response not_found(const Request& request, std::string_view what) {
  return reply(request, 404, elasticsearch_error(404, "resource_not_found_exception", what));
}

/// A page of another site can post forms and plain text to a server on this machine, but nothing that says JSON: what
/// it can send is refused, as Elasticsearch does.
bool is_media_type_refused(std::string_view content_type) {
  const std::string type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
  if (type.empty()) return false;
  return type != "application/json" && type != "application/x-ndjson" && type != "application/ndjson" &&
         type != "application/vnd.elasticsearch+json" && type != "application/vnd.elasticsearch+x-ndjson";
}

Response refused_media_type(const Request& request) {
  JsonWriter json;
  json.begin_object();
  json.field("error", "Content-Type header [" + std::string(request.headers.get("Content-Type")) +
                          "] is not supported; send application/x-ndjson");
  json.field("status", 406).end_object();
  return reply(request, 406, std::move(json).take());
}

Response take_bulk(const Request& request, BulkIngest& bulk) {
  if (is_media_type_refused(request.headers.get("Content-Type"))) return refused_media_type(request);
  const std::string index = request.path_params.empty() ? "" : request.path_params[0];
  auto answer = bulk.ingest(request.body, index, request.query.get_or("filter_path", ""));
  return reply(request, answer.status, std::move(answer.body));
}

Response take_document(const Request& request, BulkIngest& bulk) {
  if (is_media_type_refused(request.headers.get("Content-Type"))) return refused_media_type(request);
  const std::string id = request.path_params.size() > 1 ? request.path_params[1] : "";
  auto answer = bulk.ingest_document(request.path_params[0], id, request.body);
  return reply(request, answer.status, std::move(answer.body));
}

Response license(const Request& request) {
  return reply(request, 200,
               R"({"license":{"status":"active","uid":"00000000-0000-0000-0000-000000000000","type":"basic",)"
               R"("issue_date":"2026-01-01T00:00:00.000Z","issue_date_in_millis":1767225600000,"max_nodes":1000,)"
               R"("issued_to":"mamori","issuer":"mamori","start_date_in_millis":-1}})");
}

Response cluster_health(const Request& request) {
  return reply(request, 200,
               R"({"cluster_name":"mamori","status":"green","timed_out":false,"number_of_nodes":1,)"
               R"("number_of_data_nodes":1,"active_primary_shards":1,"active_shards":1,"relocating_shards":0,)"
               R"("initializing_shards":0,"unassigned_shards":0,"delayed_unassigned_shards":0,)"
               R"("number_of_pending_tasks":0,"number_of_in_flight_fetch":0,"task_max_waiting_in_queue_millis":0,)"
               R"("active_shards_percent_as_number":100.0})");
}

Response cat_health(const Request& request, const Clock& clock) {
  const std::string now = format_rfc3339(clock.now());
  const std::string epoch = std::to_string(to_millis(clock.now()) / 1000);
  const std::string time = now.substr(11, 8);
  const bool as_json = request.query.get_or("format", "") == "json" ||
                       request.headers.get("Accept").find("json") != std::string_view::npos;
  if (as_json) {
    return reply(request, 200,
                 R"([{"epoch":")" + epoch + R"(","timestamp":")" + time +
                     R"(","cluster":"mamori","status":"green","node.total":"1","node.data":"1","shards":"1","pri":"1",)"
                     R"("relo":"0","init":"0","unassign":"0","pending_tasks":"0","max_task_wait_time":"-",)"
                     R"("active_shards_percent":"100.0%"}])");
  }
  Response response = Response::text(200, epoch + " " + time + " mamori green 1 1 1 1 0 0 0 0 - 100.0%\n");
  response.headers.set("X-elastic-product", "Elasticsearch");
  return response;
}

Response nodes(const Request& request) {
  return reply(request, 200,
               R"({"_nodes":{"total":1,"successful":1,"failed":0},"cluster_name":"mamori","nodes":{")" +
                   std::string(kNodeId) + R"(":{"name":"mamori","version":")" + std::string(kVersion) +
                   R"(","roles":["data","ingest","master"]}}})");
}

/// GET and HEAD find nothing, so a client goes on to PUT, which is acknowledged: no stream needs any of it.
void add_setup_routes(net::Router& router) {
  for (const auto* path : {"/_index_template/{name}", "/_template/{name}", "/_component_template/{name}",
                           "/_ilm/policy/{name}", "/_ingest/pipeline/{name}", "/_data_stream/{name}"}) {
    router.add("GET|HEAD", path, [](const Request& request) {
      return not_found(request, "no template, policy, pipeline or data stream is needed here, so none is kept");
    });
    router.add("PUT|POST", path, acknowledged);
  }
}

}  // namespace

Response elasticsearch_greeting(const Request& request) {
  JsonWriter json;
  json.begin_object().field("name", "mamori").field("cluster_name", "mamori").field("cluster_uuid", kNodeId);
  json.key("version").begin_object().field("number", kVersion).field("build_flavor", "default");
  json.field("build_type", "deb").field("build_hash", "unknown").field("build_date", "2026-01-01T00:00:00.000Z");
  json.field("build_snapshot", false).field("lucene_version", "9.11.1");
  json.field("minimum_wire_compatibility_version", "7.17.0");
  json.field("minimum_index_compatibility_version", "7.0.0").end_object();
  json.field("tagline", "You Know, for Search").end_object();
  return reply(request, 200, std::move(json).take());
}

void add_elasticsearch_routes(net::Router& router, BulkIngest& bulk, const Clock& clock) {
  const auto on_bulk = [&bulk](const Request& request) { return take_bulk(request, bulk); };
  router.add("POST|PUT", "/_bulk", on_bulk);
  router.add("POST|PUT", "/{index}/_bulk", on_bulk);
  const auto on_document = [&bulk](const Request& request) { return take_document(request, bulk); };
  router.add("POST", "/{index}/_doc", on_document);
  router.add("POST|PUT", "/{index}/_doc/{id}", on_document);
  router.add("POST|PUT", "/{index}/_create/{id}", on_document);

  // A line is searchable when it is acknowledged, so there is nothing to refresh.
  const auto on_refresh = [](const Request& request) {
    return reply(request, 200, R"({"_shards":{"total":1,"successful":1,"failed":0}})");
  };
  router.add("GET|POST", "/_refresh", on_refresh);
  router.add("GET|POST", "/{index}/_refresh", on_refresh);

  router.add("GET", "/_license", license);
  router.add("GET", "/_xpack", license);
  router.add("GET", "/_cluster/health", cluster_health);
  router.add("GET", "/_cluster/health/{index}", cluster_health);
  router.add("GET", "/_cat/health", [&clock](const Request& request) { return cat_health(request, clock); });
  router.add("GET", "/_nodes", nodes);
  router.add("GET", "/_nodes/{what}", nodes);
  add_setup_routes(router);
}

}  // namespace mamori::ingest
