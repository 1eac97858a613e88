#include "alerts/notifier.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>

#include "alerts/test_dir.h"

namespace mamori::alerts {
namespace {

Notification notification(int n) {
  Alert alert;
  alert.labels = {{"alertname", "A" + std::to_string(n)}};
  alert.fingerprint = fingerprint(alert.labels);
  alert.state = AlertState::Firing;
  alert.starts_at = Timestamp{Seconds{1'800'000'000}};
  return {alert};
}

/// A network in memory: remembers the posts, answers what it was told to.
class FakeNetwork {
 public:
  Transport transport() {
    return [this](const std::string& url, const std::string& body, Millis /*deadline*/) -> Result<PostReply> {
      std::unique_lock lock(mutex_);
      if (url == slow_url) changed_.wait(lock, [this] { return slow_url.empty(); });
      ++posts_[url];
      changed_.notify_all();
      if (url == dead_url) return Error{Code::Unavailable, "connection refused"};
      bodies_.push_back(body);
      changed_.notify_all();
      return PostReply{.status = 200};
    };
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, Seconds{10}, [&] { return bodies_.size() >= count; });
  }
  bool wait_for_post(const std::string& url) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, Seconds{10}, [&] { return posts_[url] > 0; });
  }
  std::size_t delivered() {
    const std::lock_guard lock(mutex_);
    return bodies_.size();
  }
  void release_slow() {
    const std::lock_guard lock(mutex_);
    slow_url.clear();
    changed_.notify_all();
  }

  std::string dead_url, slow_url;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> posts_;
  std::vector<std::string> bodies_;
};

class Notifying : public testing::Test {
 protected:
  std::unique_ptr<Notifier> open(const std::vector<spec::NotifySpec>& receivers, bool threads = true) {
    NotifierOptions options;
    options.dir = dir_.path();
    options.threads = threads;
    options.backoff_first = Millis{1};
    options.backoff_max = Millis{5};
    auto notifier = Notifier::open(options, receivers, network_.transport(), clock_, warnings_);
    EXPECT_TRUE(notifier);
    return *std::move(notifier);
  }

  test::TestDir dir_;
  SystemClock clock_;
  FakeNetwork network_;
  std::vector<std::string> warnings_;
};

TEST_F(Notifying, BringsEachNotificationToEachReceiver) {
  const auto notifier = open({{"http://a/x"}, {"http://b/x"}, {"http://a/x"}});
  notifier->enqueue(notification(1));
  notifier->enqueue(notification(2));
  EXPECT_TRUE(network_.wait_for(4));
  notifier->stop(Seconds{10});
  EXPECT_EQ(network_.delivered(), 4u);
  EXPECT_EQ(notifier->counters().delivered, 4u);
}

TEST_F(Notifying, ADeadOrSlowReceiverDelaysNoOther) {
  network_.dead_url = "http://dead/";
  network_.slow_url = "http://slow/";
  const auto notifier = open({{"http://dead/"}, {"http://slow/"}, {"http://good/"}});
  notifier->enqueue(notification(1));
  EXPECT_TRUE(network_.wait_for(1));
  EXPECT_EQ(network_.delivered(), 1u);
  network_.release_slow();
  EXPECT_TRUE(network_.wait_for(2));
  EXPECT_TRUE(network_.wait_for_post(network_.dead_url));
  notifier->stop(Seconds{1});  // what is under way ends; the dead one's stays queued
  EXPECT_EQ(notifier->counters().queued, 1u);
  EXPECT_GT(notifier->counters().attempts_failed, 0u);
}

TEST_F(Notifying, DeliversAfterARestartWhatWasLeft) {
  network_.dead_url = "http://r/";
  {
    const auto notifier = open({{"http://r/"}});
    notifier->enqueue(notification(1));
  }
  network_.dead_url.clear();
  const auto notifier = open({{"http://r/"}});
  EXPECT_TRUE(network_.wait_for(1));
  notifier->stop(Seconds{10});
  EXPECT_EQ(network_.delivered(), 1u);
}

TEST_F(Notifying, AReceiverThatStaysKeepsItsQueueOverAReload) {
  const auto notifier = open({{"http://a/"}, {"http://b/"}}, false);
  notifier->enqueue(notification(1));
  EXPECT_EQ(notifier->counters().queued, 2u);
  notifier->reconfigure({{"http://b/"}, {"http://c/"}});
  EXPECT_EQ(notifier->counters().queued, 1u);
  EXPECT_FALSE(notifier->run_due());
  EXPECT_EQ(notifier->counters().delivered, 1u);
}

TEST_F(Notifying, TheFilesOnDiskDoNotHoldTheUrl) {
  const auto notifier = open({{"http://a/secret-token"}}, false);
  notifier->enqueue(notification(1));
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(dir_.path())) {
    std::ifstream in(file.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(text.find("secret-token"), std::string::npos);
    EXPECT_EQ(file.path().string().find("secret-token"), std::string::npos);
    ++files;
  }
  EXPECT_EQ(files, 1);
}

TEST_F(Notifying, ADamagedQueueIsSetAsideAndSaid) {
  {
    const auto notifier = open({{"http://a/"}}, false);
    notifier->enqueue(notification(1));
  }
  for (const auto& file : std::filesystem::directory_iterator(dir_.path())) std::ofstream(file.path()) << "{";
  const auto notifier = open({{"http://a/"}}, false);
  EXPECT_EQ(warnings_.size(), 1u);
  EXPECT_EQ(notifier->counters().queued, 0u);
}

}  // namespace
}  // namespace mamori::alerts
