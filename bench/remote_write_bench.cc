// What a sample costs on its way in by remote write: the layer alone (snappy, the walk over the message, finding the
// series), on a store that only counts, and with the real store below it.
// Bodies are as a Prometheus server sends them: 2,000 series of one sample, about 190 bytes a series before snappy.
// docs/performance.md has the figures and the command.
#include <benchmark/benchmark.h>
#include <snappy.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "ingest/protobuf_reader.h"
#include "ingest/remote_write.h"
#include "ingest/write_messages.h"
#include "metrics/write_only_store.h"

namespace {

using namespace mamori;
using namespace mamori::ingest;

constexpr int kSeries = 20'000, kPerRequest = 2000;
constexpr std::int64_t kStartMs = 1'790'000'000'000, kStepMs = 15'000;

SentLabels labels_of(int series) {
  static const char* const kMethods[] = {"card", "konbini", "paypay", "bank_transfer", "link"};
  static const char* const kStatuses[] = {"succeeded", "failed", "pending", "canceled"};
  const int kind = series % 500;
  SentLabels labels = {{"__name__", kind < 300 ? "payment_request_duration_seconds_bucket" : "payment_requests_total"}};
  labels.emplace_back("endpoint", "/v1/payments/" + std::to_string(kind % 7));
  labels.emplace_back("instance", "10.0.0." + std::to_string(series / 500) + ":9102");
  labels.emplace_back("job", "payment-api");
  if (kind < 300) labels.emplace_back("le", std::to_string(0.005 * (1 << (kind % 12))));
  labels.emplace_back("method", kMethods[kind / 12 % 5]);
  labels.emplace_back("status", kStatuses[kind / 60 % 4]);
  labels.emplace_back("unit", std::to_string(kind));
  return labels;
}

/// Requests for all series, step after step.
class Sender {
 public:
  explicit Sender(WriteVersion version) : version_(version) {}

  std::string body(int request, std::int64_t step) {
    std::vector<SentSeries> series;
    for (int i = request * kPerRequest; i < (request + 1) * kPerRequest; ++i) {
      counters_[static_cast<std::size_t>(i)] += static_cast<double>(random_.bits() % 50);
      series.push_back({labels_of(i), {{kStartMs + step * kStepMs, counters_[static_cast<std::size_t>(i)]}}});
    }
    return snappy_block(version_ == WriteVersion::V1 ? write_request_v1(series) : write_request_v2(series));
  }
  /// Of one scrape of all series.
  std::vector<std::string> step(std::int64_t number) {
    std::vector<std::string> bodies;
    for (int request = 0; request < kSeries / kPerRequest; ++request) bodies.push_back(body(request, number));
    return bodies;
  }

 private:
  const WriteVersion version_;
  Random random_{1};
  std::vector<double> counters_ = std::vector<double>(kSeries, 1e6);
};

/// Resolves series as a store does and drops samples.
class CountingStore final : public metrics::WriteOnlyStore {
 public:
  Result<metrics::SeriesRef> find_or_create(const metrics::Labels&) override { return next_++; }
  Result<metrics::AppendOutcome> write(const metrics::WriteBatch& batch) override {
    benchmark::DoNotOptimize(batch.samples.data());
    return metrics::AppendOutcome{.written = batch.samples.size()};
  }

 private:
  metrics::SeriesRef next_ = 0;
};

/// items_per_second is samples; 1e6 / it is the CPU time of a million.
void count_samples(benchmark::State& state, const std::vector<std::string>& bodies) {
  std::size_t bytes = 0, raw = 0;
  for (const auto& body : bodies) {
    bytes += body.size();
    std::size_t unpacked = 0;
    snappy::GetUncompressedLength(body.data(), body.size(), &unpacked);
    raw += unpacked;
  }
  state.counters["raw_per_sample"] = static_cast<double>(raw) / static_cast<double>(bodies.size() * kPerRequest);
  state.SetItemsProcessed(state.iterations() * kPerRequest);
  state.counters["body_bytes"] = static_cast<double>(bytes) / static_cast<double>(bodies.size());
  state.counters["cpu_s_per_million"] = benchmark::Counter(static_cast<double>(state.iterations()) * kPerRequest / 1e6,
                                                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void layer_alone(benchmark::State& state, WriteVersion version) {
  CountingStore store;
  metrics::ExemplarRing exemplars(0);
  MetadataTable metadata;
  RemoteWrite remote_write(store, exemplars, metadata, 42, {});
  const auto bodies = Sender(version).step(0);
  for (const auto& body : bodies) remote_write.write(version, body);
  std::size_t next = 0;
  for (auto _ : state) {
    const auto reply = remote_write.write(version, bodies[next++ % bodies.size()]);
    if (reply.status != 204) state.SkipWithError(reply.body.c_str());
  }
  count_samples(state, bodies);
}
BENCHMARK_CAPTURE(layer_alone, version_1, WriteVersion::V1);
BENCHMARK_CAPTURE(layer_alone, version_2, WriteVersion::V2);

void first_sight_of_every_series(benchmark::State& state) {
  const auto bodies = Sender(WriteVersion::V1).step(0);
  for (auto _ : state) {
    state.PauseTiming();
    auto store = std::make_unique<CountingStore>();
    metrics::ExemplarRing exemplars(0);
    MetadataTable metadata;
    auto remote_write = std::make_unique<RemoteWrite>(*store, exemplars, metadata, 42, RemoteWriteOptions{});
    state.ResumeTiming();
    remote_write->write(WriteVersion::V1, bodies[0]);
  }
  count_samples(state, bodies);
}
BENCHMARK(first_sight_of_every_series);

void snappy_only(benchmark::State& state) {
  const auto bodies = Sender(WriteVersion::V1).step(0);
  std::string out(1 << 20, '\0');
  std::size_t next = 0;
  for (auto _ : state) {
    const auto& body = bodies[next++ % bodies.size()];
    benchmark::DoNotOptimize(snappy::RawUncompress(body.data(), body.size(), out.data()));
  }
  count_samples(state, bodies);
}
BENCHMARK(snappy_only);

void message_only(benchmark::State& state, WriteVersion version) {
  std::vector<std::string> bodies = Sender(version).step(0), messages;
  for (const auto& body : bodies) snappy::Uncompress(body.data(), body.size(), &messages.emplace_back());
  const SeriesHash hash(42);
  WriteRequest request;
  std::size_t next = 0;
  for (auto _ : state) {
    const auto read = request.decode(version, messages[next++ % messages.size()], hash);
    if (!read) state.SkipWithError(read.error().message.c_str());
  }
  count_samples(state, bodies);
}
BENCHMARK_CAPTURE(message_only, version_1, WriteVersion::V1);
BENCHMARK_CAPTURE(message_only, version_2, WriteVersion::V2);

/// A folder of its own, gone at the end.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "mamori-bench-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

void with_the_store(benchmark::State& state) {
  const Folder folder;
  const FakeClock clock(timestamp_from_millis(kStartMs + 7LL * 24 * 3600 * 1000));
  std::vector<std::string> warnings;
  auto store = *metrics::Store::open(folder.path, {}, clock, warnings);
  metrics::ExemplarRing exemplars(0);
  MetadataTable metadata;
  RemoteWrite remote_write(*store, exemplars, metadata, 42, {});
  Sender sender(WriteVersion::V1);
  std::vector<std::string> bodies;
  std::size_t next = 0;
  std::int64_t step = 0;
  for (auto _ : state) {
    if (next == bodies.size()) {
      state.PauseTiming();
      bodies = sender.step(step++);
      next = 0;
      state.ResumeTiming();
    }
    const auto reply = remote_write.write(WriteVersion::V1, bodies[next++]);
    if (reply.status != 204) state.SkipWithError(reply.body.c_str());
  }
  count_samples(state, bodies);
}
BENCHMARK(with_the_store)->Iterations(2000)->MeasureProcessCPUTime();

}  // namespace
