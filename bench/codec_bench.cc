// What a part costs on payment-shaped series (bench/metrics/workload.h): bytes a sample on disk, all sections included,
// the time to write one, to read all of it, to read the end of many series, and one series.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "metrics/part.h"
#include "metrics/workload.h"

namespace {

using namespace mamori;           // NOLINT(google-build-using-namespace)
using namespace mamori::metrics;  // NOLINT(google-build-using-namespace)

const std::vector<SeriesData>& series(int steps) {
  static std::vector<SeriesData> all;
  static int made = 0;
  if (made == steps) return all;
  all.clear();
  for (const auto& plain : bench::plain_series(bench::kInstances, steps)) {
    SeriesData data{.labels = Labels(plain.labels), .samples = {}, .histograms = {}};
    for (const auto& [time_ms, value] : plain.samples) data.samples.push_back({time_ms, value});
    all.push_back(std::move(data));
  }
  made = steps;
  return all;
}

std::string path() { return std::filesystem::temp_directory_path() / ("mamori-codec-" + std::to_string(::getpid())); }

void write(const std::vector<SeriesData>& all) {
  auto writer = *PartWriter::create(path());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!writer->add(static_cast<SeriesRef>(i), all[i])) std::abort();
  }
  if (!writer->finish()) std::abort();
}

/// Range: samples per series.
void BM_WritePart(benchmark::State& state) {
  const auto& all = series(static_cast<int>(state.range(0)));
  for (auto _ : state) write(all);
  const auto part = *Part::open(path());
  const auto samples = static_cast<double>(part->info().samples);
  state.counters["bytes_per_sample"] = static_cast<double>(part->info().bytes) / samples;
  state.counters["ns_per_sample"] =
      benchmark::Counter(samples / 1e9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  std::filesystem::remove(path());
}
BENCHMARK(BM_WritePart)->Arg(75)->Arg(1440)->Unit(benchmark::kMillisecond);

void BM_OpenPart(benchmark::State& state) {
  write(series(1440));
  for (auto _ : state) benchmark::DoNotOptimize(Part::open(path()));
  std::filesystem::remove(path());
}
BENCHMARK(BM_OpenPart)->Unit(benchmark::kMillisecond);

void BM_ReadAll(benchmark::State& state) {
  write(series(1440));
  const auto part = *Part::open(path());
  SeriesData out;
  for (auto _ : state) {
    const auto cursor = part->cursor();
    for (std::size_t i = 0; i < part->series().size(); ++i) {
      out.samples.clear();
      if (!cursor->read(i, INT64_MIN, INT64_MAX, out)) std::abort();
      benchmark::DoNotOptimize(out.samples.data());
    }
  }
  state.counters["M_samples_per_s"] = benchmark::Counter(static_cast<double>(part->info().samples) / 1e6,
                                                         benchmark::Counter::kIsIterationInvariantRate);
  std::filesystem::remove(path());
}
BENCHMARK(BM_ReadAll)->Unit(benchmark::kMillisecond);

/// Where an instant query's five minutes end: in the middle of a part, for its last blocks may be nearly empty.
std::int64_t instant(const Part& part) { return part.info().end_ms - 3'800'000; }

/// Five minutes of the 11,520 series of histogram buckets.
void BM_ReadInstantOfBuckets(benchmark::State& state) {
  const auto& all = series(1440);
  write(all);
  const auto part = *Part::open(path());
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].labels.get("__name__") == "payment_request_duration_seconds_bucket") wanted.push_back(i);
  }
  const auto end_ms = instant(*part);
  SeriesData out;
  for (auto _ : state) {
    const auto cursor = part->cursor();
    for (const auto i : wanted) {
      out.samples.clear();
      if (!cursor->read(i, end_ms - 300'000, end_ms, out)) std::abort();
      benchmark::DoNotOptimize(out.samples.data());
    }
  }
  state.counters["series"] = static_cast<double>(wanted.size());
  std::filesystem::remove(path());
}
BENCHMARK(BM_ReadInstantOfBuckets)->Unit(benchmark::kMillisecond);

void BM_ReadInstantOfOne(benchmark::State& state) {
  write(series(1440));
  const auto part = *Part::open(path());
  SeriesData out;
  for (auto _ : state) {
    out.samples.clear();
    const auto cursor = part->cursor();
    if (!cursor->read(9'876, instant(*part) - 300'000, instant(*part), out)) std::abort();
    benchmark::DoNotOptimize(out.samples.data());
  }
  std::filesystem::remove(path());
}
BENCHMARK(BM_ReadInstantOfOne)->Unit(benchmark::kMicrosecond);

}  // namespace
