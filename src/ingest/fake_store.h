// ingest/fake_store.h: a log store in memory for this room's tests; refuses when told to.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "logs/store.h"

namespace mamori::ingest {

class FakeStore final : public logs::Store {
 public:
  Result<void> append(std::span<const logs::Line> lines) override {
    if (full) return Error{Code::Unavailable, "write 00000001.wal: No space left on device"};
    ++appends;
    for (const auto& line : lines) {
      streams_of.emplace_back(line.stream);
      times.push_back(line.time);
      docs.emplace_back(line.json);
    }
    return {};
  }
  Result<logs::ScanCost> scan(const logs::ScanRange&, const std::function<bool(const logs::Line&)>&) const override {
    return logs::ScanCost{};
  }
  std::vector<logs::StreamStats> streams() const override { return {}; }
  Result<void> seal() override { return {}; }
  Result<void> enforce_retention() override { return {}; }
  void set_retention(std::vector<std::pair<std::string, Nanos>>) override {}
  Result<void> sync() override { return {}; }

  bool full = false;
  int appends = 0;
  std::vector<std::string> streams_of, docs;
  std::vector<Timestamp> times;
};

}  // namespace mamori::ingest
