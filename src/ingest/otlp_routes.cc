#include "base/json.h"
#include "base/text.h"
#include "ingest/otlp_metrics.h"
#include "ingest/protobuf_writer.h"

namespace mamori::ingest {
namespace {

using net::Request;
using net::Response;

// A full disk or a restart takes at least this long; senders back off further by themselves.
constexpr std::string_view kRetryAfterSeconds = "5";
constexpr std::string_view kProtobufType = "application/x-protobuf", kJsonType = "application/json";

/// gRPC's code of a status, which OTLP's errors carry.
int grpc_code(int status) {
  switch (status) {
    case 413:
      return 8;  // RESOURCE_EXHAUSTED
    case 503:
      return 14;  // UNAVAILABLE
    case 500:
      return 13;  // INTERNAL
    default:
      return 3;  // INVALID_ARGUMENT
  }
}

/// ExportMetricsServiceResponse with 200, google.rpc.Status with any other.
std::string protobuf_body(const OtlpReply& reply) {
  ProtobufWriter body;
  if (reply.status != 200) {
    body.varint(1, static_cast<std::uint64_t>(grpc_code(reply.status))).bytes(2, reply.message);
  } else if (reply.rejected_points > 0) {
    ProtobufWriter partial;
    partial.varint(1, reply.rejected_points).bytes(2, reply.message);
    body.message(1, partial);
  }
  return body.text();
}

std::string json_body(const OtlpReply& reply) {
  JsonWriter json;
  json.begin_object();
  if (reply.status != 200) {
    json.field("code", grpc_code(reply.status)).field("message", reply.message);
  } else if (reply.rejected_points > 0) {
    // 64-bit numbers are strings in protobuf's JSON.
    json.key("partialSuccess").begin_object().field("rejectedDataPoints", std::to_string(reply.rejected_points));
    json.field("errorMessage", reply.message).end_object();
  }
  json.end_object();
  return std::move(json).take();
}

Response take_metrics(const Request& request, OtlpMetrics& otlp) {
  const auto header = request.headers.get("Content-Type");
  const auto type = to_lower(trim(header.substr(0, header.find(';'))));
  if (type != kProtobufType && type != kJsonType) {
    return Response::text(415, "Content-Type: " + std::string(header) + " is not OTLP's; send " +
                                   std::string(kProtobufType) + " or " + std::string(kJsonType) + "\n");
  }
  const bool json = type == kJsonType;
  const auto reply = otlp.write(json ? OtlpFormat::Json : OtlpFormat::Protobuf, request.body);
  Response response{.status = reply.status, .headers = {}, .body = json ? json_body(reply) : protobuf_body(reply)};
  response.headers.set("Content-Type", type);
  if (reply.status >= 500) response.headers.set("Retry-After", kRetryAfterSeconds);
  return response;
}

}  // namespace

void add_otlp_routes(net::Router& router, OtlpMetrics& otlp) {
  for (const auto* path : {"/v1/metrics", "/api/v1/otlp/v1/metrics"})
    router.add("POST", path, [&otlp](const Request& request) { return take_metrics(request, otlp); });
}

}  // namespace mamori::ingest
