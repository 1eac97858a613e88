// What a scraped sample costs after its page has arrived: reading the page of 50,000 series, recognising them, and the
// write to the store. "by labels" is the way without a cache of the page before: labels built and looked up per line.
// docs/performance.md has the figures and the command.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "ingest/exposition.h"
#include "ingest/sample_labels.h"
#include "ingest/scrape_cache.h"
#include "metrics/write_only_store.h"
#include "net/http.h"

namespace {

using namespace mamori;

constexpr int kSeries = 50'000;
constexpr int kPages = 8;  // with other values each, so that no branch predictor learns a page by heart

/// A payment service's page: counters by method, status and endpoint, latency buckets, gauges; 127 bytes a line.
std::string make_page(int round) {
  std::string page;
  std::uint64_t random = 88172645463325252ull + static_cast<std::uint64_t>(round);
  const auto next = [&] {
    random ^= random << 13;
    random ^= random >> 7;
    return random ^= random << 17;
  };
  for (int i = 0; i < kSeries; ++i) {
    const auto kind = i / 2500 % 3;
    const char* const name = kind == 0   ? "payment_requests_total"
                             : kind == 1 ? "payment_duration_seconds_bucket"
                                         : "payment_connections_open";
    if (i % 2500 == 0) {
      const std::string family = std::string(name) + std::to_string(i / 2500);
      page += "# HELP " + family + " What the payment service says of itself\n# TYPE " + family + " untyped\n";
    }
    page += std::string(name) + std::to_string(i / 2500) +
            "{endpoint=\"/api/v2/checkout/sessions\",method=\"POST\",le=\"" + std::to_string(i % 100) + "\",shard=\"" +
            std::to_string(i % 2500) + "\",region=\"eu-central-1\"} ";
    if (kind == 2) {
      page += std::to_string(next() % 1'000'000) + "." + std::to_string(next() % 1'000'000) + "\n";
    } else {
      page += std::to_string(next() % 10'000'000) + "\n";
    }
  }
  return page;
}

const std::string& page(int round) {
  static const auto pages = [] {
    std::vector<std::string> all;
    for (int i = 0; i < kPages; ++i) all.push_back(make_page(i));
    return all;
  }();
  return pages[static_cast<std::size_t>(round % kPages)];
}

/// Takes everything and keeps nothing but names.
class NullStore final : public metrics::WriteOnlyStore {
 public:
  Result<metrics::SeriesRef> find_or_create(const metrics::Labels& labels) override {
    return refs_.try_emplace(labels, static_cast<metrics::SeriesRef>(refs_.size())).first->second;
  }
  Result<metrics::AppendOutcome> write(const metrics::WriteBatch& batch) override {
    return metrics::AppendOutcome{.written = batch.samples.size()};
  }

 private:
  struct Hash {
    std::size_t operator()(const metrics::Labels& labels) const { return labels.hash(); }
  };
  std::unordered_map<metrics::Labels, metrics::SeriesRef, Hash> refs_;
};

/// A real store in a folder of its own, gone at the end.
struct DiskStore {
  DiskStore() {
    std::string name = (std::filesystem::temp_directory_path() / "mamori-bench-XXXXXX").string();
    path = ::mkdtemp(name.data());
    std::vector<std::string> warnings;
    store = *metrics::Store::open(path, {}, clock, warnings);
  }
  ~DiskStore() {
    store.reset();
    std::filesystem::remove_all(path);
  }
  std::string path;
  FakeClock clock{Timestamp{Seconds{1'700'000'000}}};
  std::unique_ptr<metrics::Store> store;
};

const spec::LabelPairs kTarget{{"instance", "10.0.0.1:9100"}, {"job", "payment"}};

void count(benchmark::State& state) {
  const auto samples = static_cast<double>(state.iterations()) * kSeries;
  state.counters["CPU-s/Msample"] =
      benchmark::Counter(samples / 1e6, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(page(0).size()));
}

void read_page_by_labels(benchmark::State& state, metrics::Store& store, FakeClock& clock) {
  int round = 0;
  for (auto _ : state) {
    clock.advance(Seconds{15});
    const auto read = ingest::parse_exposition(page(round++), ingest::ExpositionFormat::PrometheusText);
    std::vector<metrics::SeriesSample> samples;
    for (const auto& sample : read->samples) {
      ingest::LabelViewPairs own(sample.labels.begin(), sample.labels.end());
      auto labels = *ingest::stored_labels(own, kTarget, false, {}, {});
      samples.push_back({*std::move(labels), {to_millis(clock.now()), sample.value}});
    }
    if (!store.append(samples)) state.SkipWithError("refused");
  }
  count(state);
}

void read_page_by_cache(benchmark::State& state, metrics::Store& store, FakeClock& clock) {
  int round = 0;
  ingest::ScrapeCache cache(kTarget, store);
  metrics::WriteBatch batch;
  for (auto _ : state) {
    clock.advance(Seconds{15});
    batch.samples.clear();
    const auto outcome =
        cache.read_page(page(round++), ingest::ExpositionFormat::PrometheusText, {}, to_millis(clock.now()), batch);
    if (outcome.error || !store.write(batch)) state.SkipWithError("refused");
  }
  count(state);
}

void by_labels(benchmark::State& state) {
  NullStore store;
  FakeClock clock{Timestamp{Seconds{1'700'000'000}}};
  read_page_by_labels(state, store, clock);
}
BENCHMARK(by_labels)->Unit(benchmark::kMillisecond);

void by_cache(benchmark::State& state) {
  NullStore store;
  FakeClock clock{Timestamp{Seconds{1'700'000'000}}};
  read_page_by_cache(state, store, clock);
}
BENCHMARK(by_cache)->Unit(benchmark::kMillisecond);

void by_labels_to_disk(benchmark::State& state) {
  DiskStore disk;
  read_page_by_labels(state, *disk.store, disk.clock);
}
BENCHMARK(by_labels_to_disk)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

void by_cache_to_disk(benchmark::State& state) {
  DiskStore disk;
  read_page_by_cache(state, *disk.store, disk.clock);
}
BENCHMARK(by_cache_to_disk)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

void first_page(benchmark::State& state) {
  for (auto _ : state) {
    NullStore store;
    ingest::ScrapeCache cache(kTarget, store);
    metrics::WriteBatch batch;
    cache.read_page(page(0), ingest::ExpositionFormat::PrometheusText, {}, 1, batch);
  }
  count(state);
}
BENCHMARK(first_page)->Unit(benchmark::kMillisecond);

void gunzip_page(benchmark::State& state) {
  const auto packed = net::gzip(page(0));
  for (auto _ : state) benchmark::DoNotOptimize(net::gunzip(packed, 64u << 20));
  count(state);
}
BENCHMARK(gunzip_page)->Unit(benchmark::kMillisecond);

}  // namespace
