#include "console/assets.h"

#include <string>

#include "base/text.h"
#include "console/detail/embedded.h"
#include "net/http.h"

namespace mamori::console {
namespace {

// Everything comes from this server and nothing is inline: a log line that smuggles markup in finds nothing to run.
constexpr std::string_view kPolicy =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// Calls `visit` with each element of a comma-separated header until it returns true.
template <typename Visit>
bool any_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (visit(trim(list.substr(0, comma)))) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

/// RFC 9110 section 12.5.3, as far as it matters here: "gzip" or "*", unless its weight is zero.
bool accepts_gzip(std::string_view accept_encoding) {
  return any_element(accept_encoding, [](std::string_view element) {
    const auto semicolon = element.find(';');
    const auto coding = trim(element.substr(0, semicolon));
    if (coding != "gzip" && coding != "*") return false;
    if (semicolon == std::string_view::npos) return true;
    auto weight = trim(element.substr(semicolon + 1));
    if (!weight.starts_with("q=")) return true;
    weight.remove_prefix(2);
    return weight.find_first_not_of("0.") != std::string_view::npos;
  });
}

/// RFC 9110 section 13.1.2: weak comparison, so W/"x" matches "x".
bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  return any_element(if_none_match, [&](std::string_view element) {
    if (element.starts_with("W/")) element.remove_prefix(2);
    return element == "*" || element == etag;
  });
}

bool looks_like_page(std::string_view path) {
  const auto slash = path.rfind('/');
  const auto last = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return last.find('.') == std::string_view::npos;
}

void set_common_headers(net::Headers& headers, const Asset& asset) {
  headers.set("ETag", asset.etag);
  headers.set("Vary", "Accept-Encoding");
  headers.set("Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  headers.set("Content-Security-Policy", kPolicy);
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("X-Frame-Options", "DENY");
  headers.set("Referrer-Policy", "no-referrer");
}

net::Response serve(const Asset& asset, const net::Request& request) {
  net::Response response;
  set_common_headers(response.headers, asset);
  if (matches_etag(request.headers.get("If-None-Match"), asset.etag)) {
    response.status = 304;
    return response;
  }
  response.headers.set("Content-Type", asset.content_type);
  if (accepts_gzip(request.headers.get("Accept-Encoding"))) {
    response.headers.set("Content-Encoding", "gzip");
    response.body = std::string(asset.gzip);
    return response;
  }
  auto unpacked = net::gunzip(asset.gzip, asset.bytes);
  if (!unpacked) return net::Response::text(500, "the embedded page is damaged: build mamori again\n");
  response.body = std::move(*unpacked);
  return response;
}

net::Response serve_path(std::string_view path, const net::Request& request) {
  auto asset = find_asset(path);
  if (!asset && looks_like_page(path)) asset = find_asset("index.html");
  if (!asset) return net::Response::text(404, "no such file below /ui/\n");
  return serve(*asset, request);
}

}  // namespace

std::optional<Asset> find_asset(std::string_view path) {
  for (unsigned i = 0; i < detail::kEmbeddedCount; ++i) {
    const auto& file = detail::kEmbedded[i];
    if (path != file.path) continue;
    const auto packed = static_cast<std::size_t>(file.gzip_end - file.gzip_begin);
    return Asset{.content_type = file.content_type,
                 .etag = file.etag,
                 .gzip = {file.gzip_begin, packed},
                 .bytes = file.bytes,
                 .immutable = file.content_in_its_name};
  }
  return std::nullopt;
}

void add_ui_routes(net::Router& router) {
  router.add("GET", "/ui", [](const net::Request&) { return net::Response::redirect(302, "/ui/"); });
  router.add("GET", "/ui/{rest...}", [](const net::Request& request) {
    constexpr std::string_view kPrefix = "/ui/";
    const std::string_view path = request.path;
    return serve_path(path.starts_with(kPrefix) ? path.substr(kPrefix.size()) : std::string_view(), request);
  });
}

}  // namespace mamori::console
