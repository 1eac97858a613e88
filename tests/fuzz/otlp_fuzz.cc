// Fuzzes OTLP metrics, protobuf and JSON: any body is taken, partly taken or refused, and an answer of the same
// encoding says so. The first byte chooses the encoding.
#include <simdjson.h>

#include <cstdint>
#include <string>

#include "check_series.h"
#include "ingest/fake_metrics_store.h"
#include "ingest/otlp_metrics.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mamori;
  if (size == 0) return 0;
  const bool json = (data[0] & 1) != 0;
  ingest::FakeMetricsStore store;
  metrics::ExemplarRing exemplars(8);
  ingest::MetadataTable metadata(8);
  ingest::OtlpMetrics otlp(store, exemplars, metadata, {.samples_max = 1000});
  net::Router router;
  ingest::add_otlp_routes(router, otlp);
  net::Request request{.method = "POST", .target = "/v1/metrics", .path = "/v1/metrics"};
  request.headers.set("Content-Type", json ? "application/json" : "application/x-protobuf");
  request.body.assign(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto response = router.handle(request);
  MAMORI_ASSERT(response.status == 200 || response.status == 400 || response.status == 413);
  if (response.status != 200) MAMORI_ASSERT(store.writes == 0);
  simdjson::dom::parser parser;
  if (json) MAMORI_ASSERT(parser.parse(response.body).error() == simdjson::SUCCESS);
  for (const auto& series : store.data) {
    check_series(series);
    for (const auto& point : series.histograms) MAMORI_ASSERT(point.value->schema >= -4);
  }
  return 0;
}
