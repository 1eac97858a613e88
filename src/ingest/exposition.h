// ingest/exposition.h: reads what exporters say: the Prometheus text format 0.0.4, as lax as Prometheus reads it, and
// OpenMetrics 1.0 text. No sockets, no storage.
// Sources: prometheus.io/docs/instrumenting/exposition_formats, the OpenMetrics 1.0 specification.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"

namespace mamori::ingest {

struct ExposedSample {
  metrics::Labels labels;  // __name__ among them
  std::optional<std::int64_t> time_ms;
  double value = 0;
};

struct MetricMetadata {
  std::string type;  // counter, gauge, histogram, summary, untyped, …
  std::string help, unit;
};

struct Exposition {
  std::vector<ExposedSample> samples;
  std::map<std::string, MetricMetadata> metadata;  // by metric family
};

enum class ExpositionFormat { PrometheusText, OpenMetrics };

/// By a Content-Type header; anything that is not OpenMetrics is read as Prometheus text.
ExpositionFormat exposition_format(std::string_view content_type);

/// Errors: InvalidArgument with line and column: "line 3, column 12: …". A page is read whole or refused whole, as
/// Prometheus does. OpenMetrics must end with "# EOF".
Result<Exposition> parse_exposition(std::string_view text, ExpositionFormat format);

}  // namespace mamori::ingest
