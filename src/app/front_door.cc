#include "app/front_door.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace mamori::app {
namespace {

/// An IP address or localhost, with or without a port; absent is fine (HTTP/1.0, scripts).
bool is_local_host(std::string_view host) {
  if (host.empty() || host.starts_with('[')) return true;
  const auto name = host.substr(0, host.find(':'));
  if (equals_ignore_case(name, "localhost")) return true;
  return name.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// Prometheus' questions that may come as a form; they change nothing, and pages of other origins may ask them (CORS).
constexpr std::array<std::string_view, 7> kQuestions = {
    "/api/v1/query",       "/api/v1/query_range", "/api/v1/query_exemplars", "/api/v1/format_query",
    "/api/v1/parse_query", "/api/v1/series",      "/api/v1/labels"};

bool changes_state(const net::Request& request) {
  if (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS") return false;
  return request.method != "POST" || std::ranges::find(kQuestions, request.path) == kQuestions.end();
}

/// Whether a browser says that a page of another origin sends this. Another port of this machine is another origin.
bool is_of_another_origin(const net::Request& request) {
  // A browser sets it itself, and a page cannot forge it; "none" is the address bar.
  if (const auto site = request.headers.get("Sec-Fetch-Site"); !site.empty())
    return site != "same-origin" && site != "none";
  const auto origin = request.headers.get("Origin");  // older browsers; curl and shippers send neither
  if (origin.empty()) return false;
  const auto slashes = origin.find("://");
  return slashes == std::string_view::npos ||
         !equals_ignore_case(origin.substr(slashes + 3), request.headers.get("Host"));
}

}  // namespace

std::optional<net::Response> refuse_at_the_door(const net::Request& request) {
  if (!is_local_host(request.headers.get("Host"))) {
    return net::Response::text(421,
                               "this server answers to its IP address or localhost only; use http://127.0.0.1:PORT\n");
  }
  if (changes_state(request) && is_of_another_origin(request)) {
    return net::Response::text(403, "a page of another origin may not change anything here\n");
  }
  return std::nullopt;
}

}  // namespace mamori::app
