// console/detail/query_response.h: a query's answer as Prometheus' HTTP API writes it, with what it has cost.
#pragma once
#include <cstddef>

#include "console/prometheus_api.h"

namespace mamori::console {

/// The parameter "stats": absent, given, or "all".
enum class ShowCost { No, Yes, PerStep };
ShowCost cost_parameter(const net::Params& params);

/// `limit`: of series, 0: none.
net::Response query_response(QueryAnswer answer, std::size_t limit, ShowCost cost);

}  // namespace mamori::console
