// metrics/store_fixture.h: a store in a folder of its own, for tests.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <bit>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/detail/file_store.h"

namespace mamori::metrics {

inline constexpr auto kFirstMs = std::numeric_limits<std::int64_t>::min();
inline constexpr auto kLastMs = std::numeric_limits<std::int64_t>::max();

/// A folder that is gone when this is; in memory where there is /dev/shm, for what a disk does with a sync is not
/// tested.
class TestFolder {
 public:
  TestFolder() {
    path_ = "/dev/shm/mamori-metrics-XXXXXX";
    if (::mkdtemp(path_.data()) != nullptr) return;
    path_ = (std::filesystem::temp_directory_path() / "mamori-metrics-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline Result<std::unique_ptr<detail::FileStore>> open_file_store(const std::string& dir, StoreOptions options,
                                                                  const Clock& clock,
                                                                  std::vector<std::string>& warnings) {
  auto store = std::make_unique<detail::FileStore>(dir, std::move(options), clock);
  MAMORI_TRY_VOID(store->recover(warnings));
  return store;
}

/// Nothing happens behind its back: flush() and merge() are called.
class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    options_.background = false;
    options_.wal.fsync = Fsync::Never;
    options_.disk_free_min = 0;
  }
  void SetUp() override { open(); }

  void open() {
    store_.reset();
    warnings_.clear();
    auto store = open_file_store(folder_.path(), options_, clock_, warnings_);
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
  }
  /// In a folder that must not open: why.
  std::string why_not_open() {
    store_.reset();
    const auto store = open_file_store(folder_.path(), options_, clock_, warnings_);
    return store ? "it opens" : store.error().message;
  }

  static Labels up(const std::string& instance) { return Labels({{"__name__", "up"}, {"instance", instance}}); }
  static Matcher matcher(const char* name, MatchOp op, const std::string& value) {
    return *Matcher::make(name, op, value);
  }

  AppendOutcome append(const std::string& instance, std::int64_t time_ms, double value) {
    const SeriesSample one{up(instance), {time_ms, value}};
    const auto outcome = store_->append(std::span(&one, 1));
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(AppendOutcome{});
  }

  static std::shared_ptr<const Histogram> histogram(double count) {
    Histogram value;
    value.schema = 3;
    value.count = count;
    value.sum = count * 2;
    value.positive_spans = {{0, 2}, {3, 1}};
    value.positive = {count / 2, count / 4, count / 4};
    return std::make_shared<const Histogram>(value);
  }
  AppendOutcome append(const std::string& instance, std::int64_t time_ms, std::shared_ptr<const Histogram> value) {
    const auto series = store_->find_or_create(up(instance));
    EXPECT_TRUE(series);
    const auto outcome = store_->write({.samples = {}, .histograms = {{*series, time_ms, std::move(value)}}});
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(AppendOutcome{});
  }

  std::vector<SeriesData> select(const std::vector<Matcher>& matchers = {}, std::int64_t start_ms = kFirstMs,
                                 std::int64_t end_ms = kLastMs) {
    return store_->select(matchers, start_ms, end_ms);
  }
  /// "1=10 2=20": the only series' samples, or all of the named instance's.
  std::string samples(const std::string& instance = "a", std::int64_t start_ms = kFirstMs,
                      std::int64_t end_ms = kLastMs) {
    std::string text;
    for (const auto& series : select({matcher("instance", MatchOp::Equal, instance)}, start_ms, end_ms)) {
      for (const auto& [time_ms, value] : series.samples)
        text += (text.empty() ? "" : " ") + std::to_string(time_ms) + "=" + std::to_string(static_cast<int>(value));
      for (const auto& [time_ms, value] : series.histograms)
        text +=
            (text.empty() ? "" : " ") + std::to_string(time_ms) + "=h" + std::to_string(static_cast<int>(value->count));
    }
    return text;
  }

  std::vector<std::string> part_files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() + "/parts"))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  TestFolder folder_;
  FakeClock clock_{Timestamp{Seconds{1'700'000'000}}};
  StoreOptions options_;
  std::vector<std::string> warnings_;
  std::unique_ptr<detail::FileStore> store_;
};

}  // namespace mamori::metrics
