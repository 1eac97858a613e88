// console/technical_report.h: the widgets of the technical dashboard: response times and errors by endpoint from access
// log lines (security_* streams with request_path and response_code), resource use from the node exporter's metrics.
// What cannot be computed is null, and the page shows no widget for it.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "console/buckets.h"
#include "logs/store.h"

namespace mamori::console {

/// One line of a chart: a value or nothing per bucket.
struct ChartSeries {
  std::string instance;
  std::vector<std::optional<double>> values;
};

/// Evaluates a PromQL expression at the buckets' ends; series without an `instance` label have instance "".
using RangeQuery =
    std::function<Result<std::vector<ChartSeries>>(const std::string& expression, const TimeRange& range)>;

/// The JSON object of GET /api/mamori/v1/technical.
Result<std::string> technical_report_json(const logs::Store& store, const RangeQuery& query, const TimeRange& range);

}  // namespace mamori::console
