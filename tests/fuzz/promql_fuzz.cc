// Any bytes as a query: no crash, no hang; what parses prints to something that parses to the same text, and evaluates
// within its budgets on a small store.
#include <cstdlib>
#include <string>

#include "metrics/promql/engine.h"
#include "metrics/promql/memory_store.h"

using mamori::metrics::Labels;
using mamori::metrics::SeriesSample;
namespace promql = mamori::metrics::promql;

namespace {

promql::MemoryStore& small_store() {
  static promql::MemoryStore store;
  static const bool filled = [] {
    for (const auto* name : {"a", "b_total", "h_bucket"}) {
      for (const auto* le : {"1", "+Inf"}) {
        for (int i = 0; i < 10; ++i) {
          const SeriesSample sample{Labels({{"__name__", name}, {"le", le}}), {i * 15'000, i * 1.5}};
          (void)store.append({&sample, 1});
        }
      }
    }
    return true;
  }();
  (void)filled;
  return store;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string query(reinterpret_cast<const char*>(data), size);
  promql::EngineOptions options{.timeout = mamori::Millis{500}, .samples_max = 20'000};
  options.features = promql::Features::all();
  const promql::Engine engine(small_store(), options);
  const auto expr = engine.parse(query);
  if (!expr) return 0;
  const auto text = promql::print(**expr);
  const auto again = engine.parse(text);
  if (!again || promql::print(**again) != text) std::abort();
  (void)engine.instant(query, **expr, 120'000);
  (void)engine.range(query, **expr, 0, 150'000, 30'000);
  return 0;
}
