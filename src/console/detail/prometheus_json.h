// console/detail/prometheus_json.h: the envelope and the numbers of Prometheus' HTTP API, byte for byte.
// Source: Prometheus documentation, "HTTP API".
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/labels.h"
#include "metrics/store.h"
#include "net/http.h"

namespace mamori::console {

/// {"status":"success","data":…}; with "warnings" and "infos" when there are any, the first ten of each.
net::Response prometheus_success(std::string_view data, const std::vector<std::string>& warnings = {},
                                 const std::vector<std::string>& infos = {});

/// The same in two halves, for data that are too large to be copied: append them to the text between the halves.
std::string begin_prometheus_success();
net::Response end_prometheus_success(std::string body, const std::vector<std::string>& warnings = {},
                                     const std::vector<std::string>& infos = {});

/// {"status":"error","errorType":…,"error":…} with the status that belongs to the type: bad_data 400, not_found 404,
/// not_acceptable 406, execution 422, canceled 499, timeout and unavailable 503, anything else 500.
net::Response prometheus_error(std::string_view type, std::string_view message);

/// 1435781451.781: seconds, with three decimals unless they are zero.
void append_api_time(std::string& out, std::int64_t time_ms);

/// As strconv.FormatFloat writes it: shortest digits; an exponent below 1e-6 and from 1e21; NaN, +Inf, -Inf.
void append_api_value(std::string& out, double value);

/// ["a","b"]
std::string api_texts(const std::vector<std::string>& texts);

/// {"__name__":"up","job":"node"}
void append_api_labels(std::string& out, const metrics::Labels& labels);

/// [1435781451.781,"1"]
void append_api_sample(std::string& out, const metrics::Sample& sample);

/// [1435781451.781,{"count":"3","sum":"4","buckets":[[0,"1","2","3"]]}]. A bucket is how its bounds belong to it, the
/// bounds, the count: 0 (lower, upper], 1 [lower, upper), 2 (lower, upper), 3 [lower, upper]. Empty ones are left out.
void append_api_histogram(std::string& out, const metrics::HistogramPoint& point);

}  // namespace mamori::console
