// kill -9 at any moment, and a full disk: nothing acknowledged is lost, and it goes on by itself.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "base/log.h"
#include "metrics/store_fixture.h"

namespace mamori::metrics {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kSeries = 20;

Labels series(int number) { return Labels({{"__name__", "steps"}, {"n", std::to_string(number)}}); }

/// Step n writes sample n of each series, and a histogram; each fifth step deletes all of series 0 so far. Tells each
/// step that is done, until it is killed.
[[noreturn]] void write_until_killed(const std::string& dir, int report, std::int64_t step) {
  set_log_level(LogLevel::Error);
  const SystemClock clock;
  StoreOptions options{.head_samples_max = 500};
  options.settle_after = std::chrono::milliseconds{5};
  options.disk_free_min = 0;
  options.wal.fsync = Fsync::Never;  // what the kernel has survives the process
  std::vector<std::string> warnings;
  const auto store = Store::open(dir, options, clock, warnings);
  if (!store || !warnings.empty()) _exit(1);
  const auto first = *Matcher::make("n", MatchOp::Equal, "0");
  for (;; ++step) {
    WriteBatch batch;
    for (int i = 0; i < kSeries; ++i) {
      const auto ref = (*store)->find_or_create(series(i));
      if (!ref) _exit(2);
      batch.samples.push_back({*ref, step, static_cast<double>(step)});
    }
    auto histogram = std::make_shared<Histogram>();
    histogram->count = static_cast<double>(step);
    batch.histograms.push_back({*(*store)->find_or_create(series(kSeries)), step, histogram});
    const auto outcome = (*store)->write(batch);
    if (!outcome || outcome->written + outcome->duplicate != batch.samples.size() + 1) _exit(3);
    if (step % 5 == 0 && !(*store)->delete_series(std::span(&first, 1), kFirstMs, step)) _exit(4);
    if (::write(report, &step, sizeof step) != sizeof step) _exit(5);
  }
}

TEST(StoreKilled, HasAllThatWasAcknowledged) {
  const TestFolder folder;
  const SystemClock clock;
  std::mt19937 random(std::random_device{}());
  std::int64_t acknowledged = 0;
  std::uint64_t parts = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{3};
  int rounds = 0;
  for (; std::chrono::steady_clock::now() < until || rounds < 5; ++rounds) {
    int report[2];
    ASSERT_EQ(::pipe(report), 0);
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(report[0]);
      write_until_killed(folder.path(), report[1], acknowledged + 1);
    }
    ::close(report[1]);
    std::thread killer([&, after = std::chrono::microseconds{random() % 60'000}] {
      std::this_thread::sleep_for(after);
      ::kill(child, SIGKILL);
    });
    std::int64_t step = 0;
    while (::read(report[0], &step, sizeof step) == sizeof step) acknowledged = step;
    killer.join();
    ::close(report[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself with " << WEXITSTATUS(status);

    StoreOptions options;
    options.background = false;
    std::vector<std::string> warnings;
    const auto store = Store::open(folder.path(), options, clock, warnings);
    ASSERT_TRUE(store) << store.error().message;
    // A write that was under way when it was killed may be cut short: that is said, and was not acknowledged.
    for (const auto& warning : warnings) EXPECT_THAT(warning, HasSubstr("cut short"));
    std::size_t seen = 0;
    for (const auto& one : (*store)->select({}, kFirstMs, kLastMs)) {
      const auto number = std::stoi(std::string(one.labels.get("n")));
      auto expected = number == 0 ? acknowledged / 5 * 5 + 1 : 1;
      const auto check = [&](std::int64_t time_ms, double value) {
        ASSERT_EQ(time_ms, expected) << "series " << number << ", round " << rounds;
        ASSERT_EQ(value, static_cast<double>(time_ms));
        ++expected;
      };
      if (number == 0 && !one.samples.empty() && one.samples[0].time_ms > expected) expected += 5;  // one more deletion
      for (const auto& sample : one.samples) check(sample.time_ms, sample.value);
      for (const auto& point : one.histograms) check(point.time_ms, point.value->count);
      EXPECT_GE(expected, acknowledged + 1);
      EXPECT_LE(expected, acknowledged + 2) << "at most one that was not acknowledged";
      ++seen;
    }
    if (acknowledged > 0) EXPECT_GE(seen, static_cast<std::size_t>(kSeries));
    // The step that was not acknowledged may be there: the next child writes it again, as a sender would.
    parts = (*store)->stats().parts;
  }
  EXPECT_GT(acknowledged, 100);
  EXPECT_GT(parts, 0u);
  std::printf("killed %d times, %lld steps acknowledged\n", rounds, static_cast<long long>(acknowledged));
}

/// Writes until it is refused, makes room, and goes on. `make_room` is called once it is full.
void fill_and_go_on(const std::string& dir, std::size_t head_samples_max, const std::function<void()>& make_room) {
  const SystemClock clock;
  StoreOptions options{.head_samples_max = head_samples_max};
  options.disk_free_min = 0;
  options.background = false;
  options.wal.fsync = Fsync::Never;
  std::vector<std::string> warnings;
  std::int64_t step = 0, refused_at = 0;
  const auto check = [&](const Store& store) {
    const auto all = store.select({}, kFirstMs, kLastMs);
    ASSERT_EQ(all.size(), static_cast<std::size_t>(kSeries));
    for (const auto& one : all) ASSERT_EQ(one.samples.size(), static_cast<std::size_t>(step));
  };
  {
    const auto store = open_file_store(dir, options, clock, warnings);
    ASSERT_TRUE(store) << store.error().message;
    const auto write = [&] {
      std::vector<SeriesSample> batch;
      for (int i = 0; i < kSeries; ++i)
        batch.push_back({series(i), {step + 1, static_cast<double>(step) * 1.2345678 + i}});
      auto outcome = (*store)->append(batch);
      if (outcome) ++step;
      return outcome;
    };
    auto outcome = write();
    for (int i = 0; i < 200'000 && outcome; ++i) outcome = write();
    ASSERT_FALSE(outcome) << "it is never full";
    EXPECT_EQ(outcome.error().code, Code::Unavailable) << outcome.error().message;
    refused_at = step;
    check(**store);
    (void)(*store)->flush();  // with a part that is small enough it may be able to
    check(**store);
    make_room();
    outcome = write();
    ASSERT_TRUE(outcome) << outcome.error().message;
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(write());
    check(**store);
    ASSERT_TRUE((*store)->flush());
    check(**store);
  }
  EXPECT_EQ(step, refused_at + 101);
  const auto store = open_file_store(dir, options, clock, warnings);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_THAT(warnings, IsEmpty());
  check(**store);
}

TEST(StoreOnAFullDisk, RefusesWritesAnswersAndGoesOnWhenThereIsRoom) {
  const TestFolder folder;
  const auto dir = folder.path() + "/disk";
  fs::create_directories(dir);
  if (::mount("tmpfs", dir.c_str(), "tmpfs", 0, "size=2m") != 0)
    GTEST_SKIP() << "a small file system cannot be mounted here; the test below stands in for it";
  // What fills the disk beside us, and goes again.
  const auto ballast = dir + "/ballast";
  {
    File file(::open(ballast.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(write_all(file.fd(), std::string(1'500'000, 'x'), ballast));
  }
  fill_and_go_on(dir + "/metrics", 20'000, [&] { fs::remove(ballast); });
  ASSERT_EQ(::umount2(dir.c_str(), MNT_DETACH), 0);
}

TEST(StoreOnAFullDisk, DoesSoTooWhenFilesMayNotGrow) {
  const TestFolder folder;
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 300'000, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  fill_and_go_on(folder.path(), 10'000'000, [&] { ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
}

}  // namespace
}  // namespace mamori::metrics
