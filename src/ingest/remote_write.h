// ingest/remote_write.h: takes Prometheus' remote write: snappy-compressed protobuf, answered by counts.
// What always holds: a 2xx answer means that every sample is durable as --fsync says; of a partly bad request the good
// rest is kept and the answer is 400; what the store could not keep is answered with 503, so that the sender tries
// again, and a sample that comes twice is kept once.
// Sources: Prometheus Remote-Write 1.0 and 2.0 specifications; where they leave it open, Prometheus' own receiver.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "ingest/metadata_table.h"
#include "ingest/series_cache.h"
#include "ingest/write_request.h"
#include "metrics/exemplars.h"
#include "metrics/store.h"

namespace mamori::ingest {

struct RemoteWriteOptions {
  std::size_t decoded_bytes_max = 32u << 20;  // of a body after snappy
  std::size_t cache_entries_max = 2'000'000;  // series recognised without reading their labels; 16 to 51 bytes each
};

/// How many, since the start. Thread-safe to read at any time.
struct RemoteWriteCounters {
  std::atomic<std::uint64_t> requests_v1{0}, requests_v2{0};
  std::atomic<std::uint64_t> samples{0}, histograms{0}, exemplars{0};  // kept, or kept before
  std::atomic<std::uint64_t> duplicate{0};                             // of those: kept before
  std::atomic<std::uint64_t> refused_labels{0}, refused_limit{0}, refused_histogram{0};
  std::atomic<std::uint64_t> refused_exemplars{0};
  std::atomic<std::uint64_t> refused_conflicting{0}, refused_out_of_order{0}, refused_too_far_ahead{0};
  std::atomic<std::uint64_t> malformed{0}, unavailable{0};  // requests
};

struct RemoteWriteReply {
  int status = 204;                                          // 204, 400, 413 or 503
  std::string body;                                          // what was refused and why; "" with 204
  std::uint64_t samples = 0, histograms = 0, exemplars = 0;  // kept, or kept before
};

/// Thread-safe.
class RemoteWrite {
 public:
  /// `seed`: of the series hash's secret. The others must outlive it.
  RemoteWrite(metrics::Store& store, metrics::ExemplarRing& exemplars, MetadataTable& metadata, std::uint64_t seed,
              RemoteWriteOptions options);
  ~RemoteWrite();

  /// `body`: one message, compressed as a snappy block.
  RemoteWriteReply write(WriteVersion version, std::string_view body);

  const RemoteWriteCounters& counters() const { return counters_; }
  SeriesCacheStats cache_stats() const { return cache_.stats(); }

 private:
  struct Scratch;
  struct Lease;
  struct Tally;
  Result<void> unpack(std::string_view body, Scratch& scratch) const;
  RemoteWriteReply write(Scratch& scratch);
  Result<void> resolve(Scratch& scratch, Tally& tally);
  Result<void> resolve_anew(std::size_t index, Scratch& scratch, Tally& tally);
  Result<void> store(Scratch& scratch, Tally& tally);
  Result<void> store_forgotten(Scratch& scratch, Tally& tally);
  template <typename Keep>
  Result<std::size_t> write_batches(Scratch& scratch, Tally& tally, Keep keep);
  void keep_exemplars(const Scratch& scratch, Tally& tally);
  void count(const Tally& tally);
  RemoteWriteReply malformed(const Error& error);
  RemoteWriteReply unavailable(const Error& error);

  metrics::Store& store_;
  metrics::ExemplarRing& exemplars_;
  MetadataTable& metadata_;
  const RemoteWriteOptions options_;
  const SeriesHash hash_;
  SeriesCache cache_;
  RemoteWriteCounters counters_;
  std::mutex mutex_;                               // guards what follows
  std::vector<std::unique_ptr<Scratch>> scratch_;  // free ones; the last used is taken first, while it is in the cache
};

}  // namespace mamori::ingest
