#include "logs/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace mamori::logs {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Timestamp at(int second) { return Timestamp{Seconds{1'800'000'000 + second}}; }

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    std::string name = (fs::temp_directory_path() / "mamori_store_XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    reopen();
  }
  ~StoreTest() override {
    store_.reset();
    fs::remove_all(dir_);
  }

  void reopen(StoreOptions options = {}) {
    store_.reset();
    warnings_.clear();
    auto store = Store::open(dir_, std::move(options), clock_, warnings_);
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
  }
  Result<void> add(std::string_view stream, int second, std::string_view json) {
    const Line line{stream, at(second), json};
    return store_->append({&line, 1});
  }
  std::vector<std::string> read(ScanRange range = {}) {
    if (range.end == Timestamp{}) range.end = at(1'000'000);
    std::vector<std::string> out;
    const auto cost = store_->scan(range, [&](const Line& line) {
      out.push_back(std::string(line.stream) + " " + std::string(line.json));
      return true;
    });
    EXPECT_TRUE(cost);
    EXPECT_EQ(cost->lines, out.size());
    return out;
  }
  std::vector<std::string> files(const std::string& sub) {
    std::vector<std::string> out;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(dir_ + "/" + sub, none)) out.push_back(entry.path().string());
    std::ranges::sort(out);
    return out;
  }

  std::string dir_;
  FakeClock clock_{at(0)};
  std::vector<std::string> warnings_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, FindsALineAsSoonAsItIsAppended) {
  ASSERT_TRUE(add("payment_logs", 1, R"({"a":1})"));
  EXPECT_THAT(read(), ElementsAre(R"(payment_logs {"a":1})"));
}

TEST_F(StoreTest, OrdersByEventTimeSoThatLateLinesStandWhereTheyBelong) {
  ASSERT_TRUE(add("payment_logs", 3, "three"));
  ASSERT_TRUE(store_->seal());
  ASSERT_TRUE(add("payment_logs", 1, "one"));
  ASSERT_TRUE(add("security_logs", 2, "two"));
  ASSERT_TRUE(add("payment_logs", 3, "three again"));
  EXPECT_THAT(read({.newest_first = false}),
              ElementsAre("payment_logs one", "security_logs two", "payment_logs three", "payment_logs three again"));
  EXPECT_THAT(read({.newest_first = true}),
              ElementsAre("payment_logs three again", "payment_logs three", "security_logs two", "payment_logs one"));
}

TEST_F(StoreTest, TakesStartAndLeavesEndOut) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(add("payment_logs", i, std::to_string(i)));
  EXPECT_THAT(read({.start = at(1), .end = at(3), .newest_first = false}),
              ElementsAre("payment_logs 1", "payment_logs 2"));
  ASSERT_TRUE(store_->seal());
  EXPECT_THAT(read({.start = at(1), .end = at(3), .newest_first = false}),
              ElementsAre("payment_logs 1", "payment_logs 2"));
}

TEST_F(StoreTest, ReadsOnlyTheStreamsAskedFor) {
  ASSERT_TRUE(add("payment_logs", 1, "p"));
  ASSERT_TRUE(add("security_logs", 1, "s"));
  EXPECT_THAT(read({.stream_pattern = "security_*"}), ElementsAre("security_logs s"));
  ASSERT_TRUE(store_->seal());
  EXPECT_THAT(read({.stream_pattern = "security_*"}), ElementsAre("security_logs s"));
}

TEST_F(StoreTest, StopsWhenTheVisitorHasEnough) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(add("payment_logs", i, std::to_string(i)));
  int seen = 0;
  const auto cost = store_->scan({.end = at(100)}, [&](const Line&) { return ++seen < 3; });
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(cost->lines, 3u);
}

TEST_F(StoreTest, KeepsEverythingOverARestartSealedOrNot) {
  ASSERT_TRUE(add("payment_logs", 1, "sealed"));
  ASSERT_TRUE(store_->seal());
  ASSERT_TRUE(add("payment_logs", 2, "open"));
  for (int i = 0; i < 3; ++i) {
    reopen();
    EXPECT_THAT(warnings_, IsEmpty());
    EXPECT_THAT(read(), ElementsAre("payment_logs open", "payment_logs sealed"));
  }
}

TEST_F(StoreTest, DropsTheWriteAheadLogOfWhatIsSealed) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(add("payment_logs", i, std::string(1000, 'x')));
    ASSERT_TRUE(store_->seal());
  }
  std::size_t segments = 0;
  for (const auto& file : files("wal")) segments += file.ends_with(".wal") ? 1 : 0;
  EXPECT_EQ(segments, 1u);
  EXPECT_EQ(files("parts").size(), 5u);
}

TEST_F(StoreTest, CountsALineOnceThatACrashLeftInBothLogAndPart) {
  ASSERT_TRUE(add("payment_logs", 1, "p"));
  ASSERT_TRUE(add("security_logs", 1, "s"));
  const auto wal = files("wal");
  std::map<std::string, std::string> saved;
  for (const auto& file : wal) {
    std::ifstream in(file, std::ios::binary);
    saved[file] = {std::istreambuf_iterator<char>(in), {}};
  }
  ASSERT_TRUE(store_->seal());
  store_.reset();
  // As if the process had died after the first stream's part, before the second's and before dropping the log.
  for (const auto& [file, bytes] : saved) std::ofstream(file, std::ios::binary) << bytes;
  const auto parts = files("parts");
  ASSERT_EQ(parts.size(), 2u);
  fs::remove(parts[1]);
  reopen();
  EXPECT_THAT(read({.newest_first = false}), ElementsAre("payment_logs p", "security_logs s"));
}

TEST_F(StoreTest, SetsADamagedPartAsideAndStartsWithTheRest) {
  ASSERT_TRUE(add("payment_logs", 1, "lost"));
  ASSERT_TRUE(store_->seal());
  ASSERT_TRUE(add("payment_logs", 2, "kept"));
  ASSERT_TRUE(store_->seal());
  store_.reset();
  const auto parts = files("parts");
  fs::resize_file(parts[0], fs::file_size(parts[0]) - 3);
  reopen();
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("set aside as " + dir_ + "/damaged/"));
  EXPECT_THAT(read(), ElementsAre("payment_logs kept"));
  reopen();
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(StoreTest, LeavesADamagedBlockOutAndSaysSo) {
  ASSERT_TRUE(add("payment_logs", 1, std::string(500, 'x')));
  ASSERT_TRUE(store_->seal());
  ASSERT_TRUE(add("payment_logs", 2, "kept"));
  std::fstream part(files("parts")[0], std::ios::in | std::ios::out | std::ios::binary);
  part.seekp(12);
  part.put('?');
  part.close();
  std::vector<std::string> seen;
  const auto cost = store_->scan({.end = at(100)}, [&](const Line& line) {
    seen.emplace_back(line.json);
    return true;
  });
  ASSERT_TRUE(cost);
  EXPECT_EQ(cost->damaged_blocks, 1u);
  EXPECT_THAT(seen, ElementsAre("kept"));
}

TEST_F(StoreTest, RemovesTheDraftOfAPartThatWasNeverFinished) {
  store_.reset();
  std::ofstream(dir_ + "/parts/0000000000000001.part.tmp") << "half";
  reopen();
  EXPECT_THAT(files("parts"), IsEmpty());
}

TEST_F(StoreTest, SealsByItselfWhenMemoryFillsAndLosesNothing) {
  reopen({.head_bytes_max = 20'000, .block_bytes_max = 1'000});
  std::vector<std::string> want;
  for (int i = 0; i < 1000; ++i) {
    want.push_back("payment_logs " + std::to_string(i) + std::string(100, '.'));
    ASSERT_TRUE(add("payment_logs", i, want.back().substr(13)));
  }
  EXPECT_EQ(read({.newest_first = false}), want);
  EXPECT_FALSE(files("parts").empty());
  reopen();
  EXPECT_EQ(read({.newest_first = false}), want);
}

TEST_F(StoreTest, RefusesWhatTheDiskRefusesAndKeepsTheRest) {
  ASSERT_TRUE(add("payment_logs", 1, "before"));
  // A file size limit fails a write half-way, as a full disk does.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit small = old;
  small.rlim_cur = 200;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto refused = add("payment_logs", 2, std::string(1000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Unavailable);
  ASSERT_TRUE(add("payment_logs", 3, "after"));
  EXPECT_THAT(read(), ElementsAre("payment_logs after", "payment_logs before"));
  reopen();
  EXPECT_THAT(read(), ElementsAre("payment_logs after", "payment_logs before"));
}

TEST_F(StoreTest, TriesAgainToSealWhenTheDiskHasRoomAgain) {
  ASSERT_TRUE(add("payment_logs", 1, std::string(3000, 'x') + "1"));
  ASSERT_TRUE(add("security_logs", 2, "2"));
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit small = old;
  small.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto refused = store_->seal();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_FALSE(refused);
  EXPECT_EQ(read().size(), 2u) << "what is not sealed is still read";
  ASSERT_TRUE(store_->seal());
  EXPECT_EQ(read().size(), 2u);
  EXPECT_EQ(files("parts").size(), 2u);
  reopen();
  EXPECT_EQ(read().size(), 2u);
}

TEST_F(StoreTest, KeepsLinesWhenTheLogCannotGoOnToItsNextSegment) {
  ASSERT_TRUE(add("payment_logs", 1, "kept"));
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit small = old;
  small.rlim_cur = 4;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto refused = store_->seal();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_FALSE(refused);
  ASSERT_TRUE(add("payment_logs", 2, "after"));
  ASSERT_TRUE(store_->seal());
  EXPECT_THAT(read(), ElementsAre("payment_logs after", "payment_logs kept"));
  reopen();
  EXPECT_THAT(read(), ElementsAre("payment_logs after", "payment_logs kept"));
}

TEST_F(StoreTest, KeepsEachStreamForItsOwnTime) {
  StoreOptions options;
  options.retention = {{"payment_*", std::chrono::days{1}}, {"*", std::chrono::days{3}}};
  reopen(options);
  ASSERT_TRUE(add("payment_logs", 0, "p"));
  ASSERT_TRUE(add("security_logs", 0, "s"));
  ASSERT_TRUE(store_->seal());
  clock_.advance(std::chrono::days{2});
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_THAT(read(), ElementsAre("security_logs s"));
  store_->set_retention({{"security_*", Seconds{1}}});
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_THAT(files("parts"), IsEmpty());
}

TEST_F(StoreTest, DoesNotKeepALineLongerForAWrongDate) {
  StoreOptions options;
  options.retention = {{"*", std::chrono::days{1}}};
  reopen(options);
  const std::int64_t year_2200 = 7'258'118'400, year_1700 = -8'520'336'000;
  for (const auto seconds : {year_2200, year_1700}) {
    const Line line{.stream = "payment_logs", .time = Timestamp{Seconds{seconds}}, .json = "{}"};
    ASSERT_TRUE(store_->append({&line, 1}));
    ASSERT_TRUE(store_->seal());
  }
  clock_.advance(std::chrono::days{2});
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_THAT(files("parts"), IsEmpty());
}

TEST_F(StoreTest, SealsAnOldHeadSoThatRetentionCanTakeIt) {
  ASSERT_TRUE(add("payment_logs", 0, "p"));
  clock_.advance(std::chrono::days{2});
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_EQ(files("parts").size(), 1u);
  clock_.advance(std::chrono::days{90});
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(StoreTest, TellsWhatItHoldsOfEachStream) {
  ASSERT_TRUE(add("payment_logs", 5, "x"));
  ASSERT_TRUE(store_->seal());
  ASSERT_TRUE(add("payment_logs", 2, "x"));
  ASSERT_TRUE(add("security_logs", 9, "x"));
  const auto stats = store_->streams();
  ASSERT_EQ(stats.size(), 2u);
  EXPECT_EQ(stats[0].stream, "payment_logs");
  EXPECT_EQ(stats[0].lines, 2u);
  EXPECT_EQ(stats[0].first, at(2));
  EXPECT_EQ(stats[0].last, at(5));
  EXPECT_EQ(stats[1].lines, 1u);
}

TEST_F(StoreTest, LetsWritersReadersAndTheSealerWorkAtOnce) {
  reopen({.head_bytes_max = 5'000, .block_bytes_max = 500});
  std::vector<std::thread> threads;
  for (int w = 0; w < 3; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(add("payment_" + std::to_string(w), i, std::string(50, 'x')));
    });
  }
  threads.emplace_back([&] {
    std::uint64_t before = 0;
    for (int i = 0; i < 50; ++i) {
      const auto cost = store_->scan({.end = at(1000)}, [](const Line&) { return true; });
      EXPECT_TRUE(cost);
      EXPECT_GE(cost->lines, before) << "a line that was there must not vanish while it is sealed";
      before = cost->lines;
    }
  });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(read().size(), 600u);
}

TEST_F(StoreTest, RefusesADirectoryThatAnotherProcessUses) {
  std::vector<std::string> warnings;
  EXPECT_FALSE(Store::open(dir_, {}, clock_, warnings));
}

}  // namespace
}  // namespace mamori::logs
