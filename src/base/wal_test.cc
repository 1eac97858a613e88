#include "base/wal.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

namespace mamori {
namespace {

namespace fs = std::filesystem;

class WalTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-wal-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }

  std::unique_ptr<Wal> open(WalOptions options = {}) {
    replayed_.clear();
    warnings_.clear();
    auto wal = Wal::open(
        dir_, options, [&](std::uint32_t, std::string_view payload) { replayed_.emplace_back(payload); }, warnings_);
    EXPECT_TRUE(wal) << wal.error().message;
    return *std::move(wal);
  }

  std::string file(std::uint32_t number) const {
    char name[32];
    std::snprintf(name, sizeof name, "/%08x.wal", number);
    return dir_ + name;
  }

  std::string dir_;
  std::vector<std::string> replayed_, warnings_;
};

using Strings = std::vector<std::string>;

TEST(Crc32c, GivesTheValuesOfRfc3720) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c("56789", crc32c("1234")), 0xE3069283u);
}

TEST_F(WalTest, ReplaysWhatWasAppendedInOrder) {
  for (const auto fsync : {Fsync::Always, Fsync::Interval, Fsync::Never}) {
    fs::remove_all(dir_);
    {
      const auto wal = open({.fsync = fsync});
      for (const auto* text : {"one", "two", "three"}) ASSERT_TRUE(wal->append(text));
    }
    open();
    EXPECT_EQ(replayed_, (Strings{"one", "two", "three"}));
    EXPECT_TRUE(warnings_.empty());
  }
}

TEST_F(WalTest, GoesOnWhereItStopped) {
  ASSERT_TRUE(open()->append("one"));
  ASSERT_TRUE(open()->append("two"));
  open();
  EXPECT_EQ(replayed_, (Strings{"one", "two"}));
}

TEST_F(WalTest, CutsATornTailAtEveryByteAndKeepsTheRecordsBefore) {
  ASSERT_TRUE(open()->append("first"));
  const auto whole = fs::file_size(file(1));
  ASSERT_TRUE(open()->append("second record"));
  const auto both = fs::file_size(file(1));
  std::ifstream in(file(1), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  for (auto length = whole; length < both; ++length) {
    std::ofstream(file(1), std::ios::binary | std::ios::trunc) << bytes.substr(0, length);
    const auto wal = open();
    EXPECT_EQ(replayed_, (Strings{"first"})) << length;
    EXPECT_EQ(warnings_.size(), length == whole ? 0u : 1u);
    EXPECT_EQ(fs::file_size(file(1)), whole);
  }
}

TEST_F(WalTest, SetsDamageAsideAndReplaysLaterSegments) {
  {
    const auto wal = open({.segment_bytes_max = 40});
    for (const auto* text : {"record one is here", "record two is here", "record three"})
      ASSERT_TRUE(wal->append(text));
    ASSERT_EQ(wal->segments().size(), 3u);
  }
  std::fstream damage(file(2), std::ios::in | std::ios::out | std::ios::binary);
  damage.seekp(20);
  damage.put('X');
  damage.close();
  open({.segment_bytes_max = 40});
  EXPECT_EQ(replayed_, (Strings{"record one is here", "record three"}));
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("set aside"), std::string::npos);
  EXPECT_TRUE(fs::exists(file(2) + ".damaged-8"));
  open({.segment_bytes_max = 40});
  EXPECT_TRUE(warnings_.empty()) << "said once, not at each start";
}

TEST_F(WalTest, StartsOverAnEmptyOrForeignFile) {
  std::ofstream(file(1), std::ios::binary) << "not a log at all";
  const auto wal = open();
  EXPECT_TRUE(replayed_.empty());
  EXPECT_EQ(warnings_.size(), 1u);
  EXPECT_TRUE(wal->append("fine"));
  EXPECT_EQ(fs::file_size(file(1) + ".damaged-0"), 16u) << "what was there is kept";
}

TEST_F(WalTest, KeepsTheBytesBehindADamagedLengthOrMagic) {
  for (const std::streamoff at :
       {std::streamoff{7}, std::streamoff{11}}) {  // the magic's last byte, a length's top byte
    fs::remove_all(dir_);
    {
      const auto wal = open();
      for (const auto* text : {"one", "two", "three"}) ASSERT_TRUE(wal->append(text));
    }
    const auto size = fs::file_size(file(1));
    std::fstream damage(file(1), std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(at);
    damage.put('\x7f');
    damage.close();
    const auto wal = open();
    ASSERT_EQ(warnings_.size(), 1u);
    const auto good = at == 7 ? 0u : 8u;
    EXPECT_EQ(fs::file_size(file(1) + ".damaged-" + std::to_string(good)), size - good) << at;
    EXPECT_TRUE(wal->append("more"));
  }
}

TEST_F(WalTest, LeavesANewerVersionsFileAlone) {
  std::ofstream(file(1), std::ios::binary) << "MAMOWAL2 and more";
  std::vector<std::string> warnings;
  const auto wal = Wal::open(dir_, {}, [](std::uint32_t, std::string_view) {}, warnings);
  ASSERT_FALSE(wal);
  EXPECT_NE(wal.error().message.find("newer version"), std::string::npos);
  EXPECT_EQ(fs::file_size(file(1)), 17u);
}

TEST_F(WalTest, GoesOnAfterASegmentCouldNotBeOpened) {
  bool failing = false;
  const auto wal = open({.fsync = Fsync::Always, .fdatasync = [&](int) {
                           errno = EIO;
                           return failing ? -1 : 0;
                         }});
  ASSERT_TRUE(wal->append("before"));
  failing = true;  // of the new segment's folder: nothing is left to be synced in the old one
  EXPECT_FALSE(wal->rotate());
  failing = false;
  EXPECT_TRUE(wal->rotate());
  EXPECT_TRUE(wal->append("after"));
}

TEST_F(WalTest, AFailedFsyncIsNeverBelievedToBeMended) {
  bool fail = false;
  const auto wal = open({.fsync = Fsync::Always, .fdatasync = [&](int) {
                           errno = EIO;
                           return std::exchange(fail, false) ? -1 : 0;
                         }});
  ASSERT_TRUE(wal->append("durable"));
  fail = true;
  const auto lost = wal->append("lost");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::Unavailable);
  EXPECT_NE(lost.error().message.find("00000001.wal"), std::string::npos) << lost.error().message;
  EXPECT_EQ(wal->sync_failures(), 1u);
  // What comes after goes to a file that has lost nothing.
  const auto next = wal->append("after");
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, 2u);
}

TEST_F(WalTest, SyncTellsThatSomethingSinceTheLastOneWasLost) {
  bool fail = false;
  const auto wal = open({.fsync = Fsync::Interval, .fsync_interval = std::chrono::hours{1}, .fdatasync = [&](int) {
                           errno = EIO;
                           return std::exchange(fail, false) ? -1 : 0;
                         }});
  ASSERT_TRUE(wal->append("lost"));
  fail = true;
  EXPECT_FALSE(wal->sync());
  EXPECT_TRUE(wal->sync());
  ASSERT_TRUE(wal->append("kept"));
  EXPECT_TRUE(wal->sync());
  EXPECT_EQ(wal->sync_failures(), 1u);
}

TEST_F(WalTest, RotatingCountsAFailedFsyncAndGoesOn) {
  bool fail = false;
  const auto wal = open({.fsync = Fsync::Interval, .fsync_interval = std::chrono::hours{1}, .fdatasync = [&](int) {
                           errno = EIO;
                           return std::exchange(fail, false) ? -1 : 0;
                         }});
  ASSERT_TRUE(wal->append("lost"));
  fail = true;
  EXPECT_TRUE(wal->rotate());
  EXPECT_EQ(wal->sync_failures(), 1u);
  EXPECT_FALSE(wal->sync());
}

TEST_F(WalTest, ATailOfZerosIsNoRecord) {
  ASSERT_TRUE(open()->append("one"));
  std::ofstream(file(1), std::ios::binary | std::ios::app) << std::string(100, '\0');
  open();
  EXPECT_EQ(replayed_, (Strings{"one"}));
}

TEST_F(WalTest, DropsOldSegmentsButNeverTheCurrent) {
  const auto wal = open();
  ASSERT_TRUE(wal->append("old"));
  const auto next = wal->rotate();
  ASSERT_TRUE(next);
  ASSERT_TRUE(wal->append("new"));
  ASSERT_TRUE(wal->drop_before(*next + 100));
  EXPECT_EQ(wal->segments().size(), 1u);
  EXPECT_FALSE(fs::exists(file(1)));
  EXPECT_TRUE(wal->append("still writable"));
}

TEST_F(WalTest, RefusesASecondProcessOrHandle) {
  const auto wal = open();
  std::vector<std::string> warnings;
  const auto second = Wal::open(dir_, {}, [](std::uint32_t, std::string_view) {}, warnings);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::Unavailable);
}

TEST_F(WalTest, KeepsEveryRecordOfConcurrentAppenders) {
  constexpr int kThreads = 4, kEach = 200;
  {
    const auto wal = open({.segment_bytes_max = 4096, .fsync = Fsync::Always});
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) EXPECT_TRUE(wal->append(std::to_string(t) + ":" + std::to_string(i)));
      });
    }
    for (auto& thread : threads) thread.join();
  }
  open();
  std::sort(replayed_.begin(), replayed_.end());
  EXPECT_EQ(std::unique(replayed_.begin(), replayed_.end()), replayed_.end());
  EXPECT_EQ(replayed_.size(), static_cast<std::size_t>(kThreads * kEach));
}

TEST_F(WalTest, AFullDiskRefusesTheRecordAndHarmsNoOther) {
  {
    const auto wal = open();
    ASSERT_TRUE(wal->append("before"));
    // The file size limit stands in for a full disk: a write stops in the middle of the record.
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    getrlimit(RLIMIT_FSIZE, &old);
    const rlimit tight{100, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tight);
    const auto refused = wal->append(std::string(500, 'x'));
    setrlimit(RLIMIT_FSIZE, &old);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::Unavailable);
    ASSERT_TRUE(wal->append("after"));
  }
  open();
  EXPECT_EQ(replayed_, (Strings{"before", "after"}));
  EXPECT_TRUE(warnings_.empty());
}

}  // namespace
}  // namespace mamori
