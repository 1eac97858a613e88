#include "app/front_door.h"

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

bool changes_state(const net::Request& request) { return request.method != "GET" && request.method != "HEAD"; }

}  // namespace

std::optional<net::Response> refuse_at_the_door(const net::Request& request) {
  if (!is_local_host(request.headers.get("Host"))) {
    return net::Response::text(421,
                               "this server answers to its IP address or localhost only; use http://127.0.0.1:PORT\n");
  }
  if (changes_state(request) && request.headers.get("Sec-Fetch-Site") == "cross-site") {
    return net::Response::text(403, "a page of another site may not change anything here\n");
  }
  return std::nullopt;
}

}  // namespace mamori::app
