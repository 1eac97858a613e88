// ingest/otlp_names.h: what OTLP's metrics and attributes are called in Prometheus. As Prometheus 3 does by default
// (translation strategy UnderscoreEscapingWithSuffixes): letters, digits and underscores only, the unit and _total as
// suffixes.
// Sources: OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"; Prometheus documentation, "Using
// Prometheus as your OpenTelemetry backend".
#pragma once
#include <string>
#include <string_view>

#include "ingest/otlp.h"

namespace mamori::ingest {

/// "http.server.duration" in "ms" -> http_server_duration_milliseconds; a monotonic sum ends in _total, a gauge of unit
/// "1" in _ratio. "" if the name holds no letter or digit.
std::string prometheus_metric_name(const OtlpMetric& metric);

/// "http.method" -> http_method; "1st" -> key_1st; "_x" -> key_x; names that begin with "__" keep that.
std::string prometheus_label_name(std::string_view attribute);

}  // namespace mamori::ingest
