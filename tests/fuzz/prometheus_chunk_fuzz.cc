// Any bytes as a chunk of Prometheus' storage: read or refused, never more samples than its head can count.
#include <cstdint>
#include <string_view>

#include "ingest/prometheus_chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mamori::ingest::PrometheusChunk;
  if (size < 1) return 0;
  mamori::metrics::SeriesData out;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)mamori::ingest::read_prometheus_chunk(static_cast<PrometheusChunk>(data[0] % 5), bytes, out);
  MAMORI_ASSERT(out.samples.size() + out.histograms.size() <= 65'535);
  return 0;
}
