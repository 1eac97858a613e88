#include "alerts/delivery.h"

#include <gtest/gtest.h>

#include "alerts/test_dir.h"

namespace mamori::alerts {
namespace {

const Timestamp kStart{Seconds{1'800'000'000}};

Notification notification(int n) {
  Alert alert;
  alert.labels = {{"alertname", "A" + std::to_string(n)}};
  alert.fingerprint = fingerprint(alert.labels);
  alert.state = AlertState::Firing;
  alert.starts_at = kStart;
  return {alert};
}

class DeliveryQueue : public testing::Test {
 protected:
  DeliveryQueue() { open(); }
  void open() {
    delivery_ = std::make_unique<Delivery>("http://h/secret", dir_.path() + "/q.json", options_);
    ASSERT_TRUE(delivery_->load());
  }
  static Result<PostReply> status(int code) { return PostReply{.status = code}; }

  test::TestDir dir_;
  NotifierOptions options_;
  std::unique_ptr<Delivery> delivery_;
};

TEST_F(DeliveryQueue, WhatAnAnswerMeans) {
  using enum Delivery::Verdict;
  int n = 0;
  const auto check = [&](const Result<PostReply>& reply, Delivery::Verdict want) {
    delivery_->enqueue(notification(++n));
    const std::string id = notification(n).id();
    EXPECT_EQ(delivery_->answered(id, reply, kStart), want);
    if (want == Retry) delivery_->answered(id, status(200), kStart);
    EXPECT_EQ(delivery_->size(), 0u);
  };
  check(status(200), Delivered);
  check(status(204), Delivered);
  check(status(302), Refused);
  check(status(400), Refused);
  check(status(404), Refused);
  check(status(408), Retry);
  check(status(429), Retry);
  check(status(500), Retry);
  check(status(503), Retry);
  check(Error{Code::Unavailable, "connection refused"}, Retry);
  check(Error{Code::DeadlineExceeded, "10 s"}, Retry);
  check(Error{Code::InvalidArgument, "no URL"}, Refused);
}

TEST_F(DeliveryQueue, KeepsTheOrderAndWaitsBetweenAttempts) {
  delivery_->enqueue(notification(1));
  delivery_->enqueue(notification(2));
  Timestamp now = kStart;
  Nanos longest{0};
  for (int i = 0; i < 50; ++i) {
    ASSERT_NE(delivery_->next(now), nullptr);
    EXPECT_EQ(delivery_->next(now)->id, notification(1).id());
    delivery_->answered(notification(1).id(), status(500), now);
    const Nanos wait = *delivery_->due() - now;
    EXPECT_GE(wait, Nanos{0});
    EXPECT_LT(wait, options_.backoff_max);
    longest = std::max(longest, wait);
    now += wait;
  }
  EXPECT_GT(longest, options_.backoff_max / 2);
  delivery_->answered(notification(1).id(), status(200), now);
  EXPECT_EQ(delivery_->next(now)->id, notification(2).id());
}

TEST_F(DeliveryQueue, HonoursRetryAfterUpToAMinute) {
  delivery_->enqueue(notification(1));
  delivery_->answered(notification(1).id(), PostReply{.status = 429, .retry_after = Seconds{20}}, kStart);
  EXPECT_EQ(*delivery_->due(), kStart + Seconds{20});
  delivery_->answered(notification(1).id(), PostReply{.status = 429, .retry_after = Seconds{86'400}}, kStart);
  EXPECT_EQ(*delivery_->due(), kStart + Seconds{60});
}

TEST_F(DeliveryQueue, SurvivesARestart) {
  delivery_->enqueue(notification(1));
  delivery_->enqueue(notification(2));
  delivery_->answered(notification(1).id(), status(200), kStart);
  open();
  ASSERT_EQ(delivery_->size(), 1u);
  EXPECT_EQ(delivery_->next(kStart)->id, notification(2).id());
  EXPECT_TRUE(delivery_->enqueue(notification(1))) << "answered for already";
  EXPECT_TRUE(delivery_->enqueue(notification(2))) << "waiting already";
  EXPECT_EQ(delivery_->size(), 1u);
}

TEST_F(DeliveryQueue, IsBoundedAndDropsTheOldest) {
  options_.queue_max = 3;
  for (int n = 1; n <= 5; ++n) delivery_->enqueue(notification(n));
  EXPECT_EQ(delivery_->size(), 3u);
  EXPECT_EQ(delivery_->dropped(), 2u);
  EXPECT_EQ(delivery_->next(kStart)->id, notification(3).id());
}

TEST_F(DeliveryQueue, AnAnswerForADroppedItemChangesNothing) {
  options_.queue_max = 1;
  delivery_->enqueue(notification(1));
  delivery_->enqueue(notification(2));  // while 1 is being sent
  delivery_->answered(notification(1).id(), status(200), kStart);
  EXPECT_EQ(delivery_->size(), 1u);
}

TEST_F(DeliveryQueue, SaysWhenItsFileCannotBeWritten) {
  std::filesystem::remove_all(dir_.path());
  EXPECT_FALSE(delivery_->enqueue(notification(1)));
  EXPECT_EQ(delivery_->size(), 1u) << "it is sent all the same";
  EXPECT_EQ(delivery_->write_failures(), 1u);
}

TEST(HostOf, IsAllThatIsSaidOfAUrl) {
  const auto check = [](const std::string& url, const std::string& want) { EXPECT_EQ(host_of(url), want); };
  check("https://hooks.example.org/services/T000/secret", "hooks.example.org");
  check("https://user:secret@hooks.example.org:8443/x?token=secret", "hooks.example.org");
  check("http://127.0.0.1:9093", "127.0.0.1");
  check("http://[::1]:9093/x", "[::1]");
  check("nonsense", "nonsense");
}

}  // namespace
}  // namespace mamori::alerts
