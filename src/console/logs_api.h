// console/logs_api.h: reads stored log lines over HTTP: GET|POST /api/mamori/v1/logs/query (docs/log-queries.md).
#pragma once
#include "base/clock.h"
#include "logs/store.h"
#include "net/router.h"

namespace mamori::console {

struct LogsApiOptions {
  std::size_t lines_max = 10'000;           // the largest `limit`
  std::size_t reply_bytes_max = 32u << 20;  // of lines; what does not fit is cut off and said so
  Seconds time_max{10};                     // a query that takes longer answers with what it has, and says so
};

/// Parameters, of the query string, a form body or a JSON body: `query`, `start`, `end` (RFC 3339 or epoch), `limit`
/// (default 100), `stream` (a glob). Without `end`: now, and a minute more for clocks that run ahead; without `start`:
/// an hour before `end`. Lines come newest first. 400 for what cannot be understood.
/// `store` and `clock` must outlive the router.
void add_logs_routes(net::Router& router, const logs::Store& store, const Clock& clock, LogsApiOptions options = {});

}  // namespace mamori::console
