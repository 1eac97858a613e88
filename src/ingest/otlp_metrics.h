// ingest/otlp_metrics.h: takes metrics that OpenTelemetry's libraries and collectors send: OTLP/HTTP, protobuf or JSON.
// What always holds: a request is read whole or refused; what its answer does not count as rejected is durable as
// --fsync says; what the store could not keep is answered with 503, so that the sender tries again.
// Source: OTLP specification 1.x, "OTLP/HTTP".
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/metadata_table.h"
#include "ingest/otlp_convert.h"
#include "metrics/exemplars.h"
#include "metrics/store.h"
#include "net/router.h"

namespace mamori::ingest {

struct OtlpOptions {
  std::size_t body_bytes_max = 16u << 20;  // JSON takes several times its size to read
  std::size_t samples_max = 200'000;       // that a request becomes; a histogram becomes as many as it has buckets
};

/// How many, since the start. Thread-safe to read at any time.
struct OtlpCounters {
  std::atomic<std::uint64_t> requests_protobuf{0}, requests_json{0};
  std::atomic<std::uint64_t> points{0}, samples{0}, exemplars{0};  // kept, or kept before
  std::atomic<std::uint64_t> refused_temporality{0}, refused_invalid{0}, refused_limit{0}, refused_store{0};  // points
  std::atomic<std::uint64_t> malformed{0}, unavailable{0};  // requests
};

enum class OtlpFormat { Protobuf, Json };

struct OtlpReply {
  int status = 200;                   // 200, 400, 413, 500 or 503
  std::uint64_t rejected_points = 0;  // with 200
  std::string message;                // what was rejected and why, or the error
};

/// Thread-safe.
class OtlpMetrics {
 public:
  /// All must outlive it.
  OtlpMetrics(metrics::Store& store, metrics::ExemplarRing& exemplars, MetadataTable& metadata, OtlpOptions options)
      : store_(store), exemplars_(exemplars), metadata_(metadata), options_(options) {}

  /// `body`: an ExportMetricsServiceRequest, not compressed.
  OtlpReply write(OtlpFormat format, std::string_view body);

  const OtlpCounters& counters() const { return counters_; }

 private:
  struct Batches;
  Result<Batches> resolve(OtlpConverter& converted);
  Result<std::uint64_t> store(Batches& batches);
  void keep_exemplars(const OtlpConverter& converted);

  metrics::Store& store_;
  metrics::ExemplarRing& exemplars_;
  MetadataTable& metadata_;
  const OtlpOptions options_;
  OtlpCounters counters_;
};

/// POST /v1/metrics (OTLP's own path) and /api/v1/otlp/v1/metrics (Prometheus'). 415 for a Content-Type that is neither
/// application/x-protobuf nor application/json. `otlp` must outlive the router.
void add_otlp_routes(net::Router& router, OtlpMetrics& otlp);

}  // namespace mamori::ingest
