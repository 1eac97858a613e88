#include "rules/payment_window.h"

#include <gtest/gtest.h>

#include "rules/sample_window.h"

namespace mamori::rules {
namespace {

constexpr SecondIndex kNow = 1'800'000'000;

Timestamp at(SecondIndex seconds_before_now, int millis = 0) {
  return Timestamp{Seconds{kNow - seconds_before_now}} + Millis{millis};
}

TEST(PaymentWindow, CountsAPaymentOnceByItsLastOutcome) {
  PaymentWindow window;
  window.add("a", at(3), Outcome::Technical);
  window.add("a", at(2), Outcome::Succeeded);
  window.add("b", at(2), Outcome::Technical);
  EXPECT_EQ(window.counts(kNow, 60), (OutcomeCounts{.succeeded = 1, .technical = 1}));
}

TEST(PaymentWindow, TheLaterOutcomeWinsWhateverArrivesFirst) {
  PaymentWindow window;
  window.add("a", at(2, 500), Outcome::Succeeded);
  window.add("a", at(2, 100), Outcome::Technical);
  EXPECT_EQ(window.counts(kNow, 60), (OutcomeCounts{.succeeded = 1}));
  window.add("a", at(2, 500), Outcome::Canceled);
  EXPECT_EQ(window.counts(kNow, 60), (OutcomeCounts{.canceled = 1}));
}

TEST(PaymentWindow, LinesWithoutAnIdCountAlone) {
  PaymentWindow window;
  for (int i = 0; i < 3; ++i) window.add("", at(1), Outcome::Declined);
  EXPECT_EQ(window.counts(kNow, 60).declined, 3u);
}

TEST(PaymentWindow, HoldsTheRunningSecondAndThoseBefore) {
  PaymentWindow window;
  window.add("a", at(0), Outcome::Succeeded);
  window.add("b", at(59), Outcome::Succeeded);
  window.add("c", at(60), Outcome::Succeeded);
  EXPECT_EQ(window.counts(kNow, 60).total(), 2u);
  EXPECT_EQ(window.counts(kNow + 1, 60).total(), 1u);
  EXPECT_EQ(window.counts(kNow + 60, 60).total(), 0u);
}

TEST(PaymentWindow, ALateLineLandsInItsPlace) {
  PaymentWindow window;
  window.add("new", at(0), Outcome::Succeeded);
  window.add("late", at(3599), Outcome::Technical);
  EXPECT_EQ(window.counts(kNow, 3600).technical, 1u);
  EXPECT_EQ(window.counts(kNow, 3599).technical, 0u);
}

TEST(PaymentWindow, ForgetsASecondWhenItsPlaceIsTakenAnHourLater) {
  PaymentWindow window;
  window.add("a", at(kSecondsKept), Outcome::Technical);
  window.add("b", at(0), Outcome::Succeeded);
  window.add("too old", at(kSecondsKept), Outcome::Technical);
  EXPECT_EQ(window.counts(kNow, kSecondsKept).total(), 1u);
}

TEST(PaymentWindow, GivesTheLatestPaymentsNewestFirst) {
  PaymentWindow window;
  window.add("a", at(100), Outcome::Technical);
  window.add("b", at(5, 300), Outcome::Declined);
  window.add("c", at(5, 200), Outcome::Canceled);
  window.add("a", at(1), Outcome::Succeeded);
  using enum Outcome;
  EXPECT_EQ(window.latest(20, kNow, 3600), (std::vector{Succeeded, Declined, Canceled}));
  EXPECT_EQ(window.latest(2, kNow, 3600), (std::vector{Succeeded, Declined}));
  EXPECT_EQ(window.latest(20, kNow, 3), (std::vector{Succeeded}));
}

TEST(PaymentWindow, StaysBoundedAndKeepsTheCounts) {
  PaymentWindow window(100);
  for (int i = 0; i < 1000; ++i) window.add("p" + std::to_string(i), at(1000 - i), Outcome::Succeeded);
  EXPECT_EQ(window.counts(kNow, 3600).total(), 1000u);
  EXPECT_GT(window.ids_forgotten(), 800u);
  EXPECT_EQ(window.latest(20, kNow, 3600).size(), 20u);
}

TEST(SampleWindow, KeepsExactSumsAndExtremesBeyondTheSampleBound) {
  SampleWindow window;
  constexpr int kValues = 3 * static_cast<int>(kSamplesPerSecond);
  for (int i = 1; i <= kValues; ++i) window.add(at(1), i);
  const SampleSummary summary = window.summary(kNow, 60);
  EXPECT_EQ(summary.count, static_cast<std::uint64_t>(kValues));
  EXPECT_EQ(summary.minimum, 1);
  EXPECT_EQ(summary.maximum, kValues);
  EXPECT_EQ(summary.sum, kValues * (kValues + 1.0) / 2);
  EXPECT_NEAR(window.percentile(kNow, 60, 50), kValues / 2.0, kValues * 0.05);
  EXPECT_NEAR(static_cast<double>(window.count_above(kNow, 60, kValues / 2.0)), kValues / 2.0, kValues * 0.05);
  EXPECT_EQ(window.thinned(), 2 * kSamplesPerSecond);
}

TEST(SampleWindow, AnEmptyWindowHasNoSamples) {
  const SampleWindow window;
  EXPECT_EQ(window.summary(kNow, 60).count, 0u);
  EXPECT_EQ(window.percentile(kNow, 60, 99), 0);
}

}  // namespace
}  // namespace mamori::rules
