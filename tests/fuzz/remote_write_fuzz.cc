// Fuzzes remote write, 1.0 and 2.0: any body is kept, partly kept or refused, and the counts say how much was kept.
// The first byte chooses the version and whether the rest is compressed already.
#include <cstdint>
#include <string>

#include "check_series.h"
#include "ingest/fake_metrics_store.h"
#include "ingest/remote_write.h"
#include "ingest/write_messages.h"

namespace {

using namespace mamori;

std::size_t samples_in(const ingest::FakeMetricsStore& store) {
  std::size_t samples = 0;
  for (const auto& series : store.data) samples += series.samples.size() + series.histograms.size();
  return samples;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto version = (data[0] & 1) == 0 ? ingest::WriteVersion::V1 : ingest::WriteVersion::V2;
  const bool compressed = (data[0] & 2) != 0;
  const std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string body = compressed ? rest : ingest::snappy_block(rest);
  ingest::FakeMetricsStore store;
  metrics::ExemplarRing exemplars(8);
  ingest::MetadataTable metadata(8);
  ingest::RemoteWrite remote_write(store, exemplars, metadata, 1,
                                   {.decoded_bytes_max = 1 << 20, .cache_entries_max = 8});
  const auto reply = remote_write.write(version, body);
  MAMORI_ASSERT(reply.status == 204 || reply.status == 400 || reply.status == 413);
  MAMORI_ASSERT((reply.status == 204) == reply.body.empty());
  const auto kept = samples_in(store);
  MAMORI_ASSERT(kept + remote_write.counters().duplicate == reply.samples + reply.histograms);
  for (const auto& series : store.data) check_series(series);
  // Sent again, nothing is kept twice.
  remote_write.write(version, body);
  MAMORI_ASSERT(samples_in(store) == kept);
  return 0;
}
