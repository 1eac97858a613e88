#include "demo/charge_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace mamori::demo {
namespace {

constexpr int kDraws = 40'000;
// Families of payments.md that count against the technical objective, and what the shop writes for the provider's own
// failures.
const std::set<std::string> kTechnical{"processing_error", "issuer_not_available", "reenter_transaction", "api_error",
                                       "timeout"};

struct Tally {
  double declined = 0, technical = 0, canceled = 0, succeeded = 0;  // shares
  double median_ms = 0, p99_ms = 0;
};

Tally tally(const Charge& charge, const Faults& faults) {
  Random random(7);
  Tally result;
  std::vector<double> latencies;
  for (int i = 0; i < kDraws; ++i) {
    const auto outcome = draw_outcome(charge, faults, random);
    latencies.push_back(outcome.latency_ms);
    double& share = outcome.status == "succeeded"             ? result.succeeded
                    : outcome.status == "canceled"            ? result.canceled
                    : kTechnical.contains(outcome.error_code) ? result.technical
                                                              : result.declined;
    share += 1.0 / kDraws;
  }
  std::ranges::sort(latencies);
  result.median_ms = latencies[kDraws / 2];
  result.p99_ms = latencies[kDraws * 99 / 100];
  return result;
}

const Charge kCard{.payment_method = "card", .card_token = "tok_ordinary"};

TEST(ChargeModel, DeclinesAsManyCardsAsIssuersUsuallyDo) {
  const auto normal = tally(kCard, {});
  EXPECT_GT(normal.declined, 0.08);
  EXPECT_LT(normal.declined, 0.10);
}

TEST(ChargeModel, StaysAboveTheTechnicalObjectiveInNormalTimes) {
  const auto normal = tally(kCard, {});
  EXPECT_GT(normal.technical, 0.0005);
  EXPECT_LT(normal.technical, 0.0030);
}

TEST(ChargeModel, AnswersWithinTheLatencyObjectiveInNormalTimes) {
  const auto normal = tally(kCard, {});
  EXPECT_NEAR(normal.median_ms, 350, 15);
  EXPECT_LT(normal.p99_ms, 2000);
}

TEST(ChargeModel, FailsMostChargesWhenTheProviderIsBroken) {
  const auto broken = tally(kCard, {.provider_errors = true});
  EXPECT_GT(broken.technical, 0.8);
  EXPECT_GT(broken.succeeded, 0.05);
}

TEST(ChargeModel, PassesThreeSecondsWhenTheProviderIsSlow) {
  EXPECT_GT(tally(kCard, {.slow_provider = true}).p99_ms, 3000);
}

TEST(ChargeModel, DeclinesStolenCardsWithoutTouchingTechnicalSuccess) {
  const auto stolen = tally({.payment_method = "card", .card_token = "tok_stolen"}, {.card_testing = true});
  EXPECT_GT(stolen.declined, 0.9);
  EXPECT_LT(stolen.technical, 0.0030);
}

TEST(ChargeModel, LeavesKonbiniPaymentsPendingAndEndsThemLater) {
  Random random(3);
  int pending = 0;
  for (int i = 0; i < 1000; ++i) {
    pending += draw_outcome({.payment_method = "konbini", .card_token = ""}, {}, random).status == "pending";
    EXPECT_NE(draw_late_outcome(random).status, "pending");
  }
  EXPECT_GT(pending, 980);
}

TEST(ChargeModel, GivesACodeToEveryFailureAndToNothingElse) {
  Random random(5);
  for (int i = 0; i < kDraws; ++i) {
    const auto outcome = draw_outcome(kCard, {.provider_errors = i % 2 == 0}, random);
    EXPECT_EQ(outcome.status == "failed", !outcome.error_code.empty());
    EXPECT_EQ(outcome.status == "failed", outcome.http_status >= 400);
  }
}

TEST(ChargeModel, DelaysWebhooksPastFiveSecondsOnlyUnderWebhookLag) {
  Random random(11);
  for (int i = 0; i < kDraws; ++i) {
    EXPECT_GT(draw_webhook_delay_ms({.webhook_lag = true}, random), 5000);
    EXPECT_LT(draw_webhook_delay_ms({}, random), 3000);
  }
}

TEST(ChargeModel, RepeatsItselfFromASeed) {
  Random first(42), second(42);
  for (int i = 0; i < 100; ++i) {
    const auto a = draw_outcome(kCard, {}, first), b = draw_outcome(kCard, {}, second);
    EXPECT_EQ(a.status, b.status);
    EXPECT_EQ(a.latency_ms, b.latency_ms);
  }
}

}  // namespace
}  // namespace mamori::demo
