// app/front_door.h: what is refused before any route is chosen. The server listens on loopback without a login, so the
// danger is a web page in the operator's own browser that talks to it.
#pragma once
#include <optional>

#include "net/http.h"

namespace mamori::app {

/// 421 when Host is a name other than localhost (a DNS name that was pointed at 127.0.0.1: "DNS rebinding"), 403 when a
/// browser says that a page of another origin sends something that changes state (Fetch Metadata,
/// w3.org/TR/fetch-metadata; else by Origin).
std::optional<net::Response> refuse_at_the_door(const net::Request& request);

}  // namespace mamori::app
