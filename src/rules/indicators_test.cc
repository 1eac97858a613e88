#include "rules/indicators.h"

#include <gtest/gtest.h>

#include "rules/test_events.h"

namespace mamori::rules {
namespace {

using logs::PaymentStatus;
using test::indicator;

constexpr SecondIndex kNow = 1'800'000'000;
const Timestamp kTime{Seconds{kNow}};

void add_payments(Windows& windows, int count, PaymentStatus status, const std::string& code = "") {
  static int next_id = 0;
  for (int i = 0; i < count; ++i) {
    windows.add(test::payment("p" + std::to_string(next_id++), status, code), kTime - Seconds{i % 60});
  }
}

IndicatorState success(const Windows& windows, std::string statistic = "Average", double threshold = 99.5) {
  return measure(indicator("payment_success_rate", threshold, Seconds{300}, std::move(statistic), "immediate_alert"),
                 windows, kNow);
}

TEST(SuccessRate, HasNoDataRatherThanZeroOrAHundred) {
  const Windows none;
  const IndicatorState state = success(none);
  EXPECT_EQ(state.state, State::NoData);
  EXPECT_FALSE(state.value);
}

TEST(SuccessRate, LeavesIssuersDeclinesAndPendingOut) {
  Windows windows;
  add_payments(windows, 80, PaymentStatus::Succeeded);
  add_payments(windows, 20, PaymentStatus::Failed, "insufficient_funds");
  add_payments(windows, 50, PaymentStatus::Pending);
  const IndicatorState state = success(windows);
  EXPECT_EQ(state.value, 100);
  EXPECT_EQ(state.events, 100u);
  EXPECT_EQ(state.state, State::Ok);
  const Acceptance accepted = acceptance(windows, kNow, 300);
  EXPECT_EQ(accepted.value, 80);
  EXPECT_EQ(accepted.events, 100u);
}

TEST(SuccessRate, CountsTechnicalFailuresOverAllThatEnded) {
  Windows windows;
  add_payments(windows, 70, PaymentStatus::Succeeded);
  add_payments(windows, 10, PaymentStatus::Canceled);
  add_payments(windows, 20, PaymentStatus::Failed, "processing_error");
  const IndicatorState state = success(windows);
  EXPECT_EQ(state.value, 80);
  EXPECT_EQ(state.bad, 20u);
  EXPECT_EQ(state.state, State::Breached);
  EXPECT_EQ(acceptance(windows, kNow, 300).value, 100);
}

TEST(SuccessRate, OneFailureOfTwoIsNoBreach) {
  Windows windows;
  add_payments(windows, 1, PaymentStatus::Succeeded);
  add_payments(windows, 1, PaymentStatus::Failed, "timeout");
  const IndicatorState state = success(windows);
  EXPECT_EQ(state.value, 50);
  EXPECT_EQ(state.state, State::Ok);
}

// The table "Measured 1" of the alert statistics: the fewest failures that breach, by number of payments.
TEST(SuccessRate, BreachesFromTheFailuresThatChanceDoesNotExplain) {
  const auto fewest = [](int payments) {
    for (int failures = 0; failures <= payments; ++failures) {
      Windows windows;
      add_payments(windows, payments - failures, PaymentStatus::Succeeded);
      add_payments(windows, failures, PaymentStatus::Failed, "api_error");
      if (success(windows).state == State::Breached) return failures;
    }
    return -1;
  };
  EXPECT_EQ(fewest(2), -1);
  EXPECT_EQ(fewest(3), 3);
  EXPECT_EQ(fewest(5), 4);
  EXPECT_EQ(fewest(20), 5);
  EXPECT_EQ(fewest(200), 9);
}

TEST(SuccessRate, AnObjectiveOfAHundredPercentForgivesASingleFailure) {
  Windows windows;
  add_payments(windows, 1, PaymentStatus::Failed, "api_error");
  EXPECT_EQ(success(windows, "Average", 100).state, State::Ok);
  add_payments(windows, 1, PaymentStatus::Failed, "api_error");
  EXPECT_EQ(success(windows, "Average", 100).state, State::Breached);
}

TEST(Ratios, HonourCloudWatchsStatistics) {
  Windows windows;
  for (int i = 0; i < 200; ++i) windows.add(test::checkout(i < 3), kTime);
  const auto value = [&](std::string statistic) {
    return measure(
        indicator("checkout_session_creation_errors", 1, Seconds{300}, std::move(statistic), "critical_alert"), windows,
        kNow);
  };
  EXPECT_EQ(value("Average").value, 1.5);
  EXPECT_EQ(value("Average").unit, "percent");
  EXPECT_EQ(value("Average").state, State::Ok);  // 3 of 200 at 1 %: chance
  EXPECT_EQ(value("Sum").value, 3);
  EXPECT_EQ(value("Sum").unit, "count");
  EXPECT_EQ(value("Sum").state, State::Breached);  // as written: more than one error
  EXPECT_EQ(value("SampleCount").value, 200);
  EXPECT_EQ(value("Minimum").value, 0);
  EXPECT_EQ(value("Maximum").value, 100);
  EXPECT_EQ(value("p98").value, 0);
  EXPECT_EQ(value("p99").value, 100);
}

TEST(CheckoutErrors, BreachWhenChanceDoesNotExplainThem) {
  Windows windows;
  for (int i = 0; i < 200; ++i) windows.add(test::checkout(i < 14), kTime);
  const auto state = measure(
      indicator("checkout_session_creation_errors", 1, Seconds{300}, "Average", "immediate_alert"), windows, kNow);
  EXPECT_EQ(state.value, 7);
  EXPECT_EQ(state.state, State::Breached);
  EXPECT_EQ(state.severity, "critical");
}

TEST(Latency, NeedsTwentyPaymentsBeforeAPercentileBreaches) {
  Windows windows;
  const auto p99 = indicator("payment_latency_p99", 3000, Seconds{300}, "p99", "warning_alert");
  for (int i = 0; i < 19; ++i) windows.add(test::payment("", PaymentStatus::Succeeded, "", 9000), kTime);
  EXPECT_EQ(measure(p99, windows, kNow).value, 9000);
  EXPECT_EQ(measure(p99, windows, kNow).state, State::Ok);
  windows.add(test::payment("", PaymentStatus::Failed, "timeout", 9000), kTime);
  EXPECT_EQ(measure(p99, windows, kNow).state, State::Breached);
  EXPECT_EQ(measure(p99, windows, kNow).bad, 20u);
  EXPECT_EQ(measure(p99, windows, kNow).severity, "warning");
}

TEST(Latency, TakesSucceededAndFailedAttemptsOnly) {
  Windows windows;
  windows.add(test::payment("a", PaymentStatus::Pending, "", 1), kTime);
  windows.add(test::payment("a", PaymentStatus::Canceled, "", 1), kTime);
  windows.add(test::payment("a", PaymentStatus::Failed, "timeout", 200), kTime);
  windows.add(test::payment("a", PaymentStatus::Succeeded, "", 100), kTime);
  const auto state =
      measure(indicator("payment_latency_p99", 3000, Seconds{300}, "Average", "warning_alert"), windows, kNow);
  EXPECT_EQ(state.events, 2u);
  EXPECT_EQ(state.value, 150);
}

TEST(Webhooks, MaximumIsHonouredAsWritten) {
  Windows windows;
  windows.add(test::webhook(5000), kTime);
  const auto maximum = indicator("stripe_webhook_processing_time", 5000, Seconds{60}, "Maximum", "critical_alert");
  EXPECT_EQ(measure(maximum, windows, kNow).state, State::Ok);
  windows.add(test::webhook(5001), kTime);
  EXPECT_EQ(measure(maximum, windows, kNow).state, State::Breached);
  EXPECT_EQ(measure(maximum, windows, kNow + 60).state, State::NoData);
}

TEST(FastDown, NeedsFivePaymentsAndHalfOfThemFailing) {
  PaymentWindow payments;
  const auto add = [&](Outcome outcome) { payments.add("", kTime, outcome); };
  for (int i = 0; i < 4; ++i) add(Outcome::Technical);
  EXPECT_FALSE(fast_down(payments, kNow).active);  // 1e-8 is not below 1e-8
  add(Outcome::Technical);
  EXPECT_TRUE(fast_down(payments, kNow).active);
  for (int i = 0; i < 3; ++i) add(Outcome::Succeeded);
  EXPECT_TRUE(fast_down(payments, kNow).active);  // 5 of 8: 5.4e-9
  add(Outcome::Succeeded);
  EXPECT_FALSE(fast_down(payments, kNow).active);  // 5 of 9: 1.2e-8
  for (int i = 0; i < 6; ++i) add(Outcome::Technical);
  EXPECT_TRUE(fast_down(payments, kNow).active);  // 11 of 15
  for (int i = 0; i < 8; ++i) add(Outcome::Succeeded);
  EXPECT_FALSE(fast_down(payments, kNow).active);  // 8 of the last 20: fewer than half
}

TEST(FastDown, LooksAtTheLastTwentyWithinTheHour) {
  PaymentWindow payments;
  for (int i = 0; i < 1000; ++i) payments.add("", kTime - Seconds{30}, Outcome::Succeeded);
  for (int i = 0; i < 10; ++i) payments.add("", kTime, Outcome::Technical);
  EXPECT_TRUE(fast_down(payments, kNow).active);
  EXPECT_EQ(fast_down(payments, kNow).payments, 20u);
  EXPECT_FALSE(fast_down(payments, kNow + 3600).active);
}

TEST(FastDown, IssuersDeclinesAreNoOutage) {
  PaymentWindow payments;
  for (int i = 0; i < 20; ++i) payments.add("", kTime, Outcome::Declined);
  EXPECT_FALSE(fast_down(payments, kNow).active);
}

TEST(WindowOf, LiesBetweenASecondAndAnHour) {
  const auto check = [](Nanos period, SecondIndex want) {
    EXPECT_EQ(window_of(indicator("payment_success_rate", 99.5, period, "Average", "immediate_alert")), want);
  };
  check(Nanos{0}, 1);
  check(Millis{1500}, 2);
  check(Seconds{300}, 300);
  check(std::chrono::hours{24}, 3600);
}

}  // namespace
}  // namespace mamori::rules
