// metrics/write_only_store.h: what tests, fuzzers and benchmarks of writers derive their store from: it answers
// nothing.
#pragma once
#include <memory>
#include <vector>

#include "metrics/store.h"

namespace mamori::metrics {

class WriteOnlyStore : public Store {
 public:
  std::unique_ptr<Selection> open_selection(std::span<const Matcher>, std::int64_t, std::int64_t) const override {
    return nullptr;
  }
  std::vector<Labels> series(std::span<const Matcher>, std::int64_t, std::int64_t) const override { return {}; }
  StoreStats stats() const override { return {}; }
  Result<void> enforce_retention() override { return {}; }
  Result<void> sync() override { return {}; }
};

}  // namespace mamori::metrics
