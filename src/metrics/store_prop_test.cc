#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <filesystem>
#include <limits>
#include <map>

#include "metrics/store.h"

namespace mamori::metrics {
namespace {

namespace fs = std::filesystem;

class TempDir {
 public:
  TempDir() {
    std::string pattern = (fs::temp_directory_path() / "mamori-metrics-prop-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDir() { fs::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The obvious store: a map. Values as bits, so that NaNs compare.
using Model = std::map<Labels, std::map<std::int64_t, std::uint64_t>>;

Labels labels_of(int number) {
  return Labels({{"__name__", "m" + std::to_string(number % 2)}, {"n", std::to_string(number)}});
}

Model contents(const Store& store, std::int64_t start_ms, std::int64_t end_ms) {
  Model found;
  for (const auto& series : store.select({}, start_ms, end_ms)) {
    for (const auto& sample : series.samples)
      found[series.labels][sample.time_ms] = std::bit_cast<std::uint64_t>(sample.value);
  }
  return found;
}

Model within(const Model& model, std::int64_t start_ms, std::int64_t end_ms) {
  Model kept;
  for (const auto& [labels, samples] : model) {
    for (const auto& [time_ms, bits] : samples) {
      if (time_ms >= start_ms && time_ms <= end_ms) kept[labels][time_ms] = bits;
    }
  }
  return kept;
}

class Run {
 public:
  Run() { reopen(); }

  void append() {
    const auto count = *rc::gen::inRange(1, 40);
    std::vector<SeriesSample> batch;
    for (int i = 0; i < count; ++i) {
      const auto time_ms = to_millis(clock_.now()) + *rc::gen::inRange(-1000, 1000);
      const auto bits = *rc::gen::arbitrary<std::uint64_t>();
      batch.push_back({labels_of(*rc::gen::inRange(0, 5)), {time_ms, std::bit_cast<double>(bits)}});
    }
    std::size_t written = 0;
    for (const auto& [labels, sample] : batch) {
      auto& samples = model_[labels];
      if (!samples.empty() && sample.time_ms <= samples.rbegin()->first) continue;
      samples[sample.time_ms] = std::bit_cast<std::uint64_t>(sample.value);
      ++written;
    }
    const auto outcome = store_->append(batch);
    RC_ASSERT(outcome.has_value());
    RC_ASSERT(outcome->written == written);
  }

  /// Long enough, now and then, that the head becomes a part.
  void pass_time() { clock_.advance(Seconds{*rc::gen::element(1, 15, 600, 9000)}); }

  void reopen() {
    store_.reset();
    std::vector<std::string> warnings;
    auto store = Store::open(dir_.path(), {.wal = {.fsync = Fsync::Never}}, clock_, warnings);
    RC_ASSERT(store.has_value());
    RC_ASSERT(warnings.empty());
    store_ = *std::move(store);
  }

  void compare() const {
    const auto now_ms = to_millis(clock_.now());
    const auto start_ms = now_ms - *rc::gen::inRange<std::int64_t>(0, 20'000'000);
    const auto end_ms = start_ms + *rc::gen::inRange<std::int64_t>(0, 20'000'000);
    RC_ASSERT(contents(*store_, start_ms, end_ms) == within(model_, start_ms, end_ms));
    const auto everything = std::numeric_limits<std::int64_t>::max();
    RC_ASSERT(contents(*store_, 0, everything) == within(model_, 0, everything));
  }

 private:
  TempDir dir_;
  FakeClock clock_{Timestamp{Seconds{1'700'000'000}}};
  std::unique_ptr<Store> store_;
  Model model_;
};

RC_GTEST_PROP(MetricsStore, HoldsWhatAMapWouldHoldAcrossPartsAndRestarts, ()) {
  Run run;
  for (int step = *rc::gen::inRange(1, 30); step > 0; --step) {
    const auto choice = *rc::gen::inRange(0, 10);
    if (choice < 6) {
      run.append();
    } else if (choice < 9) {
      run.pass_time();
    } else {
      run.reopen();
    }
  }
  run.compare();
  run.reopen();
  run.compare();
}

}  // namespace
}  // namespace mamori::metrics
