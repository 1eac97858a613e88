// console/detail/query_bounds.h: what a client asks of one query's budgets, by parameter and header, and who it is.
#pragma once
#include "console/prometheus_api.h"

namespace mamori::console {

/// "timeout" and "lookback_delta"; X-Mamori-Max-Memory (bytes, or 64MiB) and X-Mamori-Max-Samples.
/// Errors: InvalidArgument naming the parameter or header and its value.
Result<QueryBounds> query_bounds(const net::Request& request, const net::Params& params, Millis timeout_max);

/// Whose queries wait in one line: X-Mamori-Client; else where the request comes from (the first address of
/// X-Forwarded-For, which a proxy in front sets; else the peer's) and its User-Agent, so that a script on the machine
/// of a dashboard has a line of its own.
std::string query_client(const net::Request& request);

}  // namespace mamori::console
