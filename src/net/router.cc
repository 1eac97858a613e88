#include "net/router.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace mamori::net {
namespace {

bool is_parameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }
bool is_rest(std::string_view segment) { return is_parameter(segment) && segment.ends_with("...}"); }

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (const auto part : split(path, '/')) segments.emplace_back(part);
  return segments;
}

/// What the {parameters} of `pattern` stand for in `path`, or nothing if it does not fit.
std::optional<std::vector<std::string>> match(const std::vector<std::string>& pattern,
                                              const std::vector<std::string>& path) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_rest(pattern[i])) {
      std::string rest;
      for (std::size_t j = i; j < path.size(); ++j) rest += (j > i ? "/" : "") + path[j];
      values.push_back(std::move(rest));
      return values;
    }
    if (i >= path.size()) return std::nullopt;
    if (is_parameter(pattern[i])) {
      if (path[i].empty()) return std::nullopt;
      values.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  if (path.size() != pattern.size()) return std::nullopt;
  return values;
}

/// Order of preference between two patterns that both fit: the first differing segment decides; exact before
/// parameter before rest.
int rank(std::string_view segment) { return is_rest(segment) ? 2 : is_parameter(segment) ? 1 : 0; }

bool more_exact(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::lexicographical_compare(a, b, {}, rank, rank);
}

}  // namespace

void Router::add(std::string_view methods, std::string_view pattern, Handler handler) {
  Route route{.methods = {}, .segments = segments_of(pattern), .handler = std::move(handler)};
  for (const auto method : split(methods, '|')) route.methods.emplace_back(method);
  const auto at = std::ranges::upper_bound(
      routes_, route, [](const Route& a, const Route& b) { return more_exact(a.segments, b.segments); });
  routes_.insert(at, std::move(route));
}

Response Router::handle(Request& request) const {
  // Segments are split before decoding, so that %2F stays inside its segment.
  const auto raw_path = std::string_view(request.target).substr(0, request.target.find('?'));
  auto path = segments_of(raw_path);
  for (auto& segment : path) segment = percent_decode(segment, false);
  std::string allowed;
  for (const auto& route : routes_) {
    auto values = match(route.segments, path);
    if (!values) continue;
    const auto offers = [&](std::string_view method) {
      return std::ranges::find(route.methods, method) != route.methods.end();
    };
    if (!offers(request.method) && !(request.method == "HEAD" && offers("GET"))) {
      for (const auto& method : route.methods) allowed += (allowed.empty() ? "" : ", ") + method;
      continue;
    }
    request.path_params = std::move(*values);
    return route.handler(request);
  }
  if (!allowed.empty()) {
    Response response = Response::text(405, request.method + " is not offered here; allowed: " + allowed + "\n");
    response.headers.set("Allow", allowed);
    return response;
  }
  return Response::text(404, "nothing is at " + std::string(raw_path) + "\n");
}

}  // namespace mamori::net
