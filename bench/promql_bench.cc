// What a PromQL query costs over 20,000 payment-shaped series with a sample every 15 s for 6 h, without storage: the
// samples lie in plain memory, so this is the engine alone. docs/performance.md has the figures and the command.
#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <memory>
#include <random>
#include <string>

#include "metrics/promql/engine.h"
#include "metrics/promql/memory_store.h"

namespace {

using namespace mamori;
using namespace mamori::metrics;

constexpr std::int64_t kStart = 1'700'000'000'000, kStepMs = 15'000, kEnd = kStart + 6 * 3'600'000;
constexpr int kSamples = 1440, kInstances = 40;

struct Made {
  Labels labels;
  double level = 0, growth = 0;  // growth 0: a gauge that wanders around its level
};

/// In [0, 1).
double unit(std::mt19937& random) { return static_cast<double>(random()) * 0x1p-32; }

/// 500 series of one instance: 160 counters, 24 histograms of 12 buckets with sum and count, 4 gauges.
std::vector<Made> series_of(int instance, std::mt19937& random) {
  const std::string host = "10.0.0." + std::to_string(instance) + ":8080";
  std::vector<Made> made;
  const auto add = [&](std::vector<std::pair<std::string, std::string>> pairs, double growth) {
    pairs.emplace_back("instance", host);
    pairs.emplace_back("job", "payments");
    made.push_back({Labels(pairs), growth == 0 ? 100 + 50 * unit(random) : 1000 * unit(random), growth});
  };
  for (const auto* method : {"card", "wallet", "bank", "points"}) {
    for (const auto* status : {"ok", "declined", "timeout", "error", "fraud"}) {
      for (int endpoint = 0; endpoint < 8; ++endpoint) {
        add({{"__name__", "payments_total"},
             {"method", method},
             {"status", status},
             {"endpoint", "/pay/" + std::to_string(endpoint)}},
            1 + 20 * unit(random));
      }
    }
  }
  constexpr std::array kBounds{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"};
  for (int endpoint = 0; endpoint < 8; ++endpoint) {
    for (const auto* provider : {"a", "b", "c"}) {
      const std::string path = "/pay/" + std::to_string(endpoint);
      double growth = 1;
      for (const auto* bound : kBounds) {
        growth += 3 * unit(random);
        add({{"__name__", "payment_seconds_bucket"}, {"endpoint", path}, {"provider", provider}, {"le", bound}},
            growth);
      }
      add({{"__name__", "payment_seconds_count"}, {"endpoint", path}, {"provider", provider}}, growth);
      add({{"__name__", "payment_seconds_sum"}, {"endpoint", path}, {"provider", provider}}, growth * 0.173);
    }
  }
  for (const auto* name : {"queue_length", "connections_open", "memory_bytes", "temperature_celsius"}) {
    add({{"__name__", name}}, 0);
  }
  return made;
}

const promql::MemoryStore& store() {
  static const auto filled = [] {
    auto made = std::make_unique<promql::MemoryStore>();
    std::mt19937 random(1);
    for (int instance = 0; instance < kInstances; ++instance) {
      auto all = series_of(instance, random);
      std::vector<SeriesRef> refs;
      for (const auto& one : all) refs.push_back(*made->find_or_create(one.labels));
      const std::int64_t phase = 1 + static_cast<std::int64_t>(14'000 * unit(random));
      for (int i = 0; i < kSamples; ++i) {
        // One scrape in fifty comes late.
        const auto late = unit(random) < 0.02 ? static_cast<std::int64_t>(900 * unit(random)) : 0;
        WriteBatch batch;
        for (std::size_t k = 0; k < all.size(); ++k) {
          auto& one = all[k];
          one.level += one.growth == 0 ? std::round(10 * (unit(random) - 0.5)) : std::floor(one.growth * unit(random));
          if (one.growth != 0 && unit(random) < 1e-5) one.level = 0;  // the process was started anew
          batch.samples.push_back({refs[k], kStart + phase + i * kStepMs + late, one.level});
        }
        if (!made->write(batch)) std::abort();
      }
    }
    return made;
  }();
  return *filled;
}

void instant(benchmark::State& state, const char* query) {
  const promql::Engine engine(store());
  for (auto _ : state) {
    const auto result = engine.instant(query, kEnd - 60'000);
    if (!result || result->vector.empty()) state.SkipWithError(result ? "empty" : result.error().message.c_str());
    benchmark::DoNotOptimize(result);
  }
}

void range(benchmark::State& state, const char* query, std::int64_t length_ms, std::int64_t step_ms) {
  const promql::Engine engine(store());
  for (auto _ : state) {
    const auto result = engine.range(query, kEnd - length_ms, kEnd - step_ms, step_ms);
    if (!result || result->matrix.empty()) state.SkipWithError(result ? "empty" : result.error().message.c_str());
    benchmark::DoNotOptimize(result);
  }
}

constexpr std::int64_t kHour = 3'600'000, kMinute = 60'000;

void add_benchmarks() {
  const auto add = [](const char* name, auto run) {
    benchmark::RegisterBenchmark(name, run)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
  };
  const auto at_once = [&](const char* name, const char* query) {
    add(name, [query](benchmark::State& state) { instant(state, query); });
  };
  const auto over = [&](const char* name, const char* query, std::int64_t length, std::int64_t step) {
    add(name, [=](benchmark::State& state) { range(state, query, length, step); });
  };
  at_once("i-selector", R"(queue_length{instance="10.0.0.7:8080"})");
  at_once("i-sum-exact", R"(sum(payments_total{method="card"}))");
  at_once("i-sum-rate", "sum by (method, status) (rate(payments_total[5m]))");
  at_once("i-hq99", "histogram_quantile(0.99, sum by (le, endpoint) (rate(payment_seconds_bucket[5m])))");
  at_once("i-topk", "topk(10, rate(payments_total[5m]))");
  at_once("i-count-all", R"(count({__name__=~".+"}))");
  at_once("i-regex", R"(sum by (status) (rate(payments_total{instance=~"10.0.0.1.:8080"}[5m])))");
  at_once("i-err-ratio", R"(sum(rate(payments_total{status!="ok"}[5m])) / sum(rate(payments_total[5m])))");
  over("r1h-dashboard", "sum by (endpoint, status) (rate(payments_total[5m]))", kHour, 15'000);
  over("r6h-sum-rate", "sum by (method) (rate(payments_total[5m]))", 6 * kHour, kMinute);
  over("r6h-hq95", "histogram_quantile(0.95, sum by (le) (rate(payment_seconds_bucket[5m])))", 6 * kHour, kMinute);
  over("r6h-count-all", R"(count({__name__=~".+"}))", 6 * kHour, kMinute);
  over("r6h-avgot", "avg by (instance) (avg_over_time(queue_length[10m]))", 6 * kHour, kMinute);
  over("r6h-gauge-sum", "sum(connections_open)", 6 * kHour, kMinute);
  over("r6h-rate-rows", R"(rate(payments_total{status="ok"}[5m]))", 6 * kHour, kMinute);
}

}  // namespace

int main(int argc, char** argv) {
  add_benchmarks();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
