// ingest/otlp.h: what an OTLP metrics request says, whether it came as protobuf or as JSON. Handed over piece by piece,
// so that a large request is never held in memory a second time.
// Sources: the OpenTelemetry protocol specification (OTLP 1.x) and its metrics.proto.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mamori::ingest {

/// A key and its value as text: numbers in decimal, bytes in base64, lists and maps as JSON.
struct OtlpAttribute {
  std::string key, value;
};
using OtlpAttributes = std::vector<OtlpAttribute>;

struct OtlpExemplar {
  OtlpAttributes attributes;
  std::string trace_id, span_id;  // hexadecimal, or ""
  std::uint64_t time_ns = 0;
  double value = 0;
};

/// Dense counts; the first is of bucket `offset`, which reaches from base^offset to base^(offset + 1).
struct OtlpBuckets {
  std::int32_t offset = 0;
  std::vector<std::uint64_t> counts;
};

/// A data point of any kind; of the members after `exemplars`, those of its metric's kind count.
struct OtlpPoint {
  OtlpAttributes attributes;
  std::uint64_t time_ns = 0;
  std::uint32_t flags = 0;
  std::vector<OtlpExemplar> exemplars;

  std::optional<double> value;  // Gauge, Sum
  // Histogram, ExponentialHistogram, Summary
  std::uint64_t count = 0;
  std::optional<double> sum;
  std::vector<std::uint64_t> bucket_counts;                // Histogram
  std::vector<double> bounds;                              // Histogram
  std::int32_t scale = 0;                                  // ExponentialHistogram
  std::uint64_t zero_count = 0;                            // ExponentialHistogram
  double zero_threshold = 0;                               // ExponentialHistogram
  OtlpBuckets positive, negative;                          // ExponentialHistogram
  std::vector<std::pair<double, double>> quantile_values;  // Summary: quantile, value

  bool has_no_value() const { return (flags & 1) != 0; }  // NO_RECORDED_VALUE: the series ends here
};

struct OtlpMetric {
  enum class Kind { None, Gauge, Sum, Histogram, ExponentialHistogram, Summary };
  enum class Temporality { Unspecified, Delta, Cumulative };
  std::string name, description, unit;
  Kind kind = Kind::None;
  Temporality temporality = Temporality::Unspecified;  // Sum, Histogram, ExponentialHistogram
  bool is_monotonic = false;                           // Sum
};

/// Gets a request in order: a resource, its metrics, each metric's points.
class OtlpSink {
 public:
  virtual ~OtlpSink() = default;
  virtual void begin_resource(OtlpAttributes attributes) = 0;
  virtual void begin_metric(OtlpMetric metric) = 0;
  /// False to stop: the request is too large.
  virtual bool take_point(const OtlpPoint& point) = 0;
  virtual void end_resource() = 0;
};

/// An ExportMetricsServiceRequest. What was handed over before an error is of no account.
/// Errors: InvalidArgument saying what is malformed; TooLarge if the sink stopped.
Result<void> read_otlp_protobuf(std::string_view message, OtlpSink& sink);
Result<void> read_otlp_json(std::string_view text, OtlpSink& sink);

/// As the OpenTelemetry libraries write a number in an attribute: the shortest decimal that reads back as it.
std::string otlp_number(double value);

/// RFC 4648 section 4.
std::string base64(std::string_view bytes);
std::string hexadecimal(std::string_view bytes);

/// How deep lists and maps may lie in an attribute.
inline constexpr int kOtlpDepthMax = 16;
/// Of one list of counts, bounds, quantiles, attributes or exemplars; packed in few bytes, each costs many here.
inline constexpr std::size_t kOtlpListMax = 1u << 16;

}  // namespace mamori::ingest
