// console/assets.h: serves the web page's files, which are part of the program. Reads no disk.
// Always holds: a file whose name carries its content's hash may be cached for ever; index.html is asked for each time.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include "net/router.h"

namespace mamori::console {

struct Asset {
  std::string_view content_type;
  std::string_view etag;  // quoted
  std::string_view gzip;  // the bytes, packed; they live as long as the program
  std::size_t bytes = 0;  // unpacked
  bool immutable = false;
};

/// `path`: below /ui/, such as "index.html" or "assets/index-1a2b3c.js".
std::optional<Asset> find_asset(std::string_view path);

/// GET /ui (redirects to /ui/), /ui/ and all below. A path that looks like a page (no dot in its last segment) is
/// index.html, so that the page may have addresses of its own; any other unknown path is a 404.
void add_ui_routes(net::Router& router);

}  // namespace mamori::console
