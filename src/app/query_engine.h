// app/query_engine.h: hands PromQL to the console, which knows nothing of the engine.
#pragma once
#include "console/prometheus_api.h"
#include "console/technical_report.h"
#include "metrics/promql/engine.h"
#include "metrics/promql/query_gate.h"

namespace mamori::app {

/// Queries pass the gate. `engine` and `gate` must outlive what is returned.
console::QueryEngine query_engine_for_console(const metrics::promql::Engine& engine, metrics::promql::QueryGate& gate);
console::RangeQuery range_query_for_console(const metrics::promql::Engine& engine, metrics::promql::QueryGate& gate);

}  // namespace mamori::app
