#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "logs/store.h"

namespace mamori::logs {
namespace {

Timestamp at(int second) { return Timestamp{Seconds{1'800'000'000 + second}}; }

struct Kept {
  std::string stream;
  int second = 0;
  std::string json;
};

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "mamori_store_prop_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<std::string> naive(std::vector<Kept> all, const std::string& pattern, int start, int end, bool newest) {
  std::erase_if(all,
                [&](const Kept& k) { return k.second < start || k.second >= end || !glob_matches(pattern, k.stream); });
  std::ranges::stable_sort(all, {}, &Kept::second);
  if (newest) std::ranges::reverse(all);
  std::vector<std::string> out;
  for (const auto& k : all) out.push_back(k.stream + k.json);
  return out;
}

std::vector<std::string> scanned(const Store& store, const std::string& pattern, int start, int end, bool newest) {
  std::vector<std::string> out;
  const auto cost = store.scan({.stream_pattern = pattern, .start = at(start), .end = at(end), .newest_first = newest},
                               [&](const Line& line) {
                                 out.push_back(std::string(line.stream) + std::string(line.json));
                                 return true;
                               });
  RC_ASSERT(cost.has_value());
  return out;
}

// Appends, seals and reopens in any order; every scan gives what a plain vector gives.
RC_GTEST_PROP(Store, ScansAsAPlainVectorWould, ()) {
  const TempDir dir;
  const FakeClock clock{at(0)};
  std::vector<std::string> warnings;
  const StoreOptions options{.block_bytes_max = 64};
  auto store = *Store::open(dir.path(), options, clock, warnings);
  std::vector<Kept> all;
  const int steps = *rc::gen::inRange(1, 12);
  for (int step = 0; step < steps; ++step) {
    const int what = *rc::gen::inRange(0, 6);
    if (what == 0) {
      RC_ASSERT(store->seal().has_value());
    } else if (what == 1) {
      store.reset();
      store = *Store::open(dir.path(), options, clock, warnings);
      RC_ASSERT(warnings.empty());
    } else {
      std::vector<Kept> batch;
      const int count = *rc::gen::inRange(1, 6);
      for (int i = 0; i < count; ++i) {
        batch.push_back({*rc::gen::element<std::string>("payment_a", "payment_b", "security_c"),
                         *rc::gen::inRange(0, 20), "{\"n\":" + std::to_string(all.size() + batch.size()) + "}"});
      }
      std::vector<Line> lines;
      for (const auto& kept : batch) lines.push_back({kept.stream, at(kept.second), kept.json});
      RC_ASSERT(store->append(lines).has_value());
      all.insert(all.end(), batch.begin(), batch.end());
    }
    const auto pattern = *rc::gen::element<std::string>("*", "payment_*", "security_c");
    const int start = *rc::gen::inRange(0, 20), end = *rc::gen::inRange(0, 22);
    for (const bool newest : {true, false}) {
      RC_ASSERT(scanned(*store, pattern, start, end, newest) == naive(all, pattern, start, end, newest));
    }
  }
}

}  // namespace
}  // namespace mamori::logs
