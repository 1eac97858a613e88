// What a log line costs on its way in: finding card numbers in it, and the whole of _bulk down to the write-ahead log.
// docs/performance.md has the figures and the command.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/pan.h"
#include "base/time.h"
#include "ingest/bulk.h"
#include "logs/store.h"

namespace {

using namespace mamori;

constexpr int kLinesPerRequest = 500;  // shippers send some hundreds to some thousands

/// One payment line as the demo's shop writes it, about 400 bytes; every line differs.
std::string payment_line(int number, Timestamp time) {
  return R"({"@timestamp":")" + format_rfc3339(time) + R"(","event":"payment","payment_id":"pay_)" +
         std::to_string(1'000'000 + number) + R"(","user_id":"user_)" + std::to_string(number % 5000) +
         R"(","session_id":"sess_8d7f2c)" + std::to_string(number) + R"(","amount":)" +
         std::to_string(500 + number % 9000) + R"(,"currency":"JPY","status":")" +
         (number % 9 == 0 ? "failed" : "succeeded") + R"(","payment_method":"card","processing_time":)" +
         std::to_string(300 + number % 700) +
         R"(,"user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","ip_address":"203.0.113.)" +
         std::to_string(number % 250) + R"(","provider":"example-pay","country":"JP","brand":"visa"})";
}

/// A folder of its own, gone at the end.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "mamori-bench-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

void count_lines(benchmark::State& state, std::size_t lines, std::size_t bytes) {
  const auto iterations = static_cast<std::size_t>(state.iterations());
  state.SetItemsProcessed(static_cast<std::int64_t>(iterations * lines));
  state.SetBytesProcessed(static_cast<std::int64_t>(iterations * bytes));
}

void mask_a_line_without_card_numbers(benchmark::State& state) {
  std::string line = payment_line(1, SystemClock().now());
  for (auto _ : state) benchmark::DoNotOptimize(mask_pans_in_json(line));
  count_lines(state, 1, line.size());
}
BENCHMARK(mask_a_line_without_card_numbers);

void mask_a_line_with_a_card_number(benchmark::State& state) {
  const std::string line = R"({"message":"charge of 4242 4242 4242 4242 declined",)" + payment_line(1, {}).substr(1);
  for (auto _ : state) {
    std::string copy = line;
    benchmark::DoNotOptimize(mask_pans_in_json(copy));
  }
  count_lines(state, 1, line.size());
}
BENCHMARK(mask_a_line_with_a_card_number);

void take_a_bulk_request(benchmark::State& state) {
  const Folder folder;
  const SystemClock clock;
  std::vector<std::string> warnings;
  auto store = logs::Store::open(folder.path, {}, clock, warnings);
  if (!store) {
    state.SkipWithError(store.error().message.c_str());
    return;
  }
  std::uint64_t judged = 0;
  ingest::BulkIngest bulk(**store, clock, /*id_seed=*/1, {}, [&](auto lines) { judged += lines.size(); });
  std::string body;
  for (int i = 0; i < kLinesPerRequest; ++i) {
    body += "{\"index\":{\"_index\":\"payment_logs\"}}\n" + payment_line(i, clock.now()) + "\n";
  }
  for (auto _ : state) {
    if (bulk.ingest(body, "", "").status != 200) state.SkipWithError("refused");
  }
  if (judged != static_cast<std::uint64_t>(state.iterations()) * kLinesPerRequest)
    state.SkipWithError("lines are missing");
  count_lines(state, kLinesPerRequest, body.size());
}
BENCHMARK(take_a_bulk_request)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
