#include "ingest/remote_write_routes.h"

#include "base/text.h"

namespace mamori::ingest {
namespace {

using net::Request;
using net::Response;

// A full disk or a restart takes at least this long; senders back off further by themselves.
constexpr std::string_view kRetryAfterSeconds = "5";

Response unsupported(std::string message) { return Response::text(415, std::move(message) + "\n"); }

Response answer(WriteVersion version, RemoteWriteReply reply) {
  Response response{.status = reply.status, .headers = {}, .body = std::move(reply.body)};
  if (!response.body.empty()) response.headers.add("Content-Type", "text/plain; charset=utf-8");
  if (reply.status >= 500) response.headers.add("Retry-After", kRetryAfterSeconds);
  if (version == WriteVersion::V2) {
    response.headers.add("X-Prometheus-Remote-Write-Samples-Written", std::to_string(reply.samples));
    response.headers.add("X-Prometheus-Remote-Write-Histograms-Written", std::to_string(reply.histograms));
    response.headers.add("X-Prometheus-Remote-Write-Exemplars-Written", std::to_string(reply.exemplars));
  }
  return response;
}

Response take_write(const Request& request, RemoteWrite& remote_write) {
  const auto version = write_version(request.headers.get("Content-Type"));
  if (!version) return unsupported(version.error().message);
  const auto encoding = trim(request.headers.get("Content-Encoding"));
  if (!encoding.empty() && !equals_ignore_case(encoding, "snappy")) {
    return unsupported("Content-Encoding: " + std::string(encoding) + " is not remote write's; send snappy");
  }
  return answer(*version, remote_write.write(*version, request.body));
}

}  // namespace

Result<WriteVersion> write_version(std::string_view content_type) {
  const auto parts = split(content_type, ';');
  const auto refuse = [&](std::string_view what) {
    return invalid_argument("Content-Type: " + std::string(content_type) + ": " + std::string(what) +
                            "; send application/x-protobuf with proto=prometheus.WriteRequest or "
                            "proto=io.prometheus.write.v2.Request");
  };
  const auto media_type = trim(parts[0]);
  if (media_type.empty() && parts.size() == 1) return WriteVersion::V1;
  if (!equals_ignore_case(media_type, "application/x-protobuf")) return refuse("not remote write's media type");
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto equals = parts[i].find('=');
    if (equals == std::string_view::npos) return refuse("a parameter needs a value");
    if (!equals_ignore_case(trim(parts[i].substr(0, equals)), "proto")) continue;
    auto proto = trim(parts[i].substr(equals + 1));
    // RFC 9110 section 5.6.6: a parameter's value may be quoted.
    if (proto.size() >= 2 && proto.front() == '"' && proto.back() == '"') proto = proto.substr(1, proto.size() - 2);
    if (proto == "prometheus.WriteRequest") return WriteVersion::V1;
    if (proto == "io.prometheus.write.v2.Request") return WriteVersion::V2;
    return refuse("not a known message");
  }
  return WriteVersion::V1;
}

void add_remote_write_routes(net::Router& router, RemoteWrite& remote_write) {
  router.add("POST", "/api/v1/write",
             [&remote_write](const Request& request) { return take_write(request, remote_write); });
}

}  // namespace mamori::ingest
