#include "rules/judge.h"

#include <gtest/gtest.h>

#include "rules/test_events.h"

namespace mamori::rules {
namespace {

using logs::PaymentStatus;
using namespace test;  // NOLINT(google-build-using-namespace)

const Timestamp kStart{Seconds{1'800'000'000}};

/// `per_second` payments in each of `seconds` seconds from `from`, all alike.
Timestamp traffic(Judge& judge, Timestamp from, int seconds, int per_second, PaymentStatus status,
                  const std::string& code = "") {
  static int next_id = 0;
  for (int s = 0; s < seconds; ++s) {
    for (int i = 0; i < per_second; ++i) {
      show(judge, payment("j" + std::to_string(next_id++), status, code, 120), from + Seconds{s} + Millis{i});
    }
  }
  return from + Seconds{seconds};
}

TEST(Judge, SaysUnknownWithoutPaymentsAndWithoutASpec) {
  Judge judge(design_spec());
  const Evaluation evaluation = judge.evaluate(kStart);
  EXPECT_EQ(evaluation.verdict.state, VerdictState::Unknown);
  ASSERT_EQ(evaluation.verdict.reasons.size(), 1u);
  EXPECT_EQ(evaluation.verdict.reasons[0].code, "no_payments");
  EXPECT_FALSE(evaluation.acceptance.value);

  Judge idle{spec::Spec{}};
  EXPECT_EQ(idle.evaluate(kStart).verdict.state, VerdictState::Unknown);
  EXPECT_TRUE(idle.evaluate(kStart).findings.empty());
}

TEST(Judge, HealthyTrafficWithDeclinesIsOk) {
  Judge judge(design_spec());
  traffic(judge, kStart, 60, 2, PaymentStatus::Succeeded);
  const Timestamp now = traffic(judge, kStart, 60, 1, PaymentStatus::Failed, "do_not_honor");
  const Evaluation evaluation = judge.evaluate(now);
  EXPECT_EQ(evaluation.verdict.state, VerdictState::Ok);
  EXPECT_TRUE(evaluation.verdict.reasons.empty());
  EXPECT_NEAR(evaluation.acceptance.value.value_or(0), 66.67, 0.01);
  for (const Finding& finding : evaluation.findings) EXPECT_FALSE(finding.active) << finding.labels.at("alertname");
}

TEST(Judge, SeesAgainAtOnceWhenAClockThatWasHoursAheadIsSetRight) {
  Judge judge(design_spec());
  Timestamp now = traffic(judge, kStart, 120, 2, PaymentStatus::Succeeded);
  const Timestamp wrong = now + std::chrono::hours{5};
  judge.evaluate(wrong);
  traffic(judge, wrong, 5, 2, PaymentStatus::Succeeded);
  judge.evaluate(wrong + Seconds{5});

  now = traffic(judge, now + Seconds{10}, 6, 2, PaymentStatus::Failed, "timeout");
  judge.evaluate(now);  // the clock is right again
  now = traffic(judge, now, 6, 2, PaymentStatus::Failed, "timeout");
  const Evaluation evaluation = judge.evaluate(now);
  EXPECT_TRUE(active(evaluation, "PaymentsDown"));
  EXPECT_EQ(evaluation.verdict.state, VerdictState::Down);
  EXPECT_EQ(judge.counters().clock_set_back, 1u);
}

TEST(Judge, AnOutageIsDownWithinSecondsAndOverHalfAMinuteAfterItEnds) {
  Judge judge(design_spec());
  Timestamp now = traffic(judge, kStart, 120, 2, PaymentStatus::Succeeded);
  EXPECT_EQ(judge.evaluate(now).verdict.state, VerdictState::Ok);

  now = traffic(judge, now, 6, 2, PaymentStatus::Failed, "timeout");
  Evaluation evaluation = judge.evaluate(now);
  EXPECT_TRUE(active(evaluation, "PaymentsDown"));
  EXPECT_EQ(evaluation.verdict.state, VerdictState::Down);
  ASSERT_FALSE(evaluation.verdict.reasons.empty());
  EXPECT_EQ(evaluation.verdict.reasons[0].code, "fast_down");
  const Timestamp since = evaluation.verdict.since;
  EXPECT_EQ(since, now);

  now = traffic(judge, now, 8, 2, PaymentStatus::Succeeded);
  evaluation = judge.evaluate(now);
  EXPECT_FALSE(active(evaluation, "PaymentsDown"));
  EXPECT_EQ(evaluation.verdict.state, VerdictState::Down) << "30 s of calm come first";
  EXPECT_EQ(evaluation.verdict.since, since);

  now = traffic(judge, now, 31, 2, PaymentStatus::Succeeded);
  EXPECT_NE(judge.evaluate(now).verdict.state, VerdictState::Down);
}

TEST(Judge, OneFailedOfTwoAtNightIsNoFinding) {
  Judge judge(design_spec());
  show(judge, payment("a", PaymentStatus::Succeeded, "", 100), kStart);
  show(judge, payment("b", PaymentStatus::Failed, "timeout", 100), kStart + Seconds{60});
  const Evaluation evaluation = judge.evaluate(kStart + Seconds{61});
  EXPECT_EQ(state(evaluation, "payment_success_rate").value, 50);
  for (const Finding& finding : evaluation.findings) EXPECT_FALSE(finding.active);
  EXPECT_EQ(evaluation.verdict.state, VerdictState::Ok);
}

TEST(Judge, RetriesOfOnePaymentAreOnePayment) {
  Judge judge(design_spec());
  for (int i = 0; i < 50; ++i) show(judge, payment("same", PaymentStatus::Failed, "timeout"), kStart + Seconds{i});
  const Evaluation evaluation = judge.evaluate(kStart + Seconds{50});
  EXPECT_EQ(state(evaluation, "payment_success_rate").events, 1u);
  EXPECT_FALSE(active(evaluation, "PaymentsDown"));
}

TEST(Judge, AWarningDegradesButDoesNotPage) {
  Judge judge(design_spec());
  for (int i = 0; i < 30; ++i) show(judge, payment("", PaymentStatus::Succeeded, "", 4000), kStart);
  const Evaluation evaluation = judge.evaluate(kStart);
  EXPECT_EQ(evaluation.verdict.state, VerdictState::Degraded);
  const Finding* finding = find(evaluation, "PaymentLatencyP99High");
  ASSERT_NE(finding, nullptr);
  EXPECT_TRUE(finding->active);
  EXPECT_EQ(finding->labels.at("severity"), "warning");
  EXPECT_EQ(finding->labels.at("page"), "false");
  EXPECT_EQ(finding->annotations.at("summary"), "Payment latency is 4000 ms (objective <= 3000 ms, last 5m)");
  EXPECT_EQ(finding->annotations.at("summary_ja"),
            "決済の処理時間が 4000 ms です(目標 3000 ms 以下、直近5分の決済30件中上限超過 30件)");
}

TEST(Judge, IgnoresLinesOlderThanAnHourAndCountsThem) {
  Judge judge(design_spec());
  show(judge, payment("old", PaymentStatus::Failed, "timeout"), kStart - Seconds{3601}, kStart);
  show(judge, payment("late", PaymentStatus::Succeeded), kStart - Seconds{200}, kStart);
  const Evaluation evaluation = judge.evaluate(kStart);
  EXPECT_EQ(state(evaluation, "payment_success_rate").events, 1u);
  EXPECT_EQ(judge.counters().too_late, 1u);
}

TEST(Judge, ALineFromTheFutureCountsAtItsArrival) {
  Judge judge(design_spec());
  show(judge, payment("skewed", PaymentStatus::Succeeded), kStart + std::chrono::days{400}, kStart);
  show(judge, payment("a little", PaymentStatus::Succeeded), kStart + Seconds{20}, kStart);
  EXPECT_EQ(state(judge.evaluate(kStart), "payment_success_rate").events, 2u);
  EXPECT_EQ(state(judge.evaluate(kStart + Seconds{301}), "payment_success_rate").events, 0u);
  EXPECT_EQ(judge.counters().future, 1u);
}

TEST(Judge, ReconfiguringKeepsTheWindows) {
  Judge judge(design_spec());
  const Timestamp now = traffic(judge, kStart, 10, 5, PaymentStatus::Succeeded);
  spec::Spec changed = design_spec();
  changed.indicators[0].period = Seconds{5};
  changed.indicators.push_back(indicator("cache_hits", 1, Seconds{60}, "Average", "warning_alert"));
  std::vector<std::string> warnings;
  judge.reconfigure(changed, &warnings);
  EXPECT_EQ(state(judge.evaluate(now - Millis{1}), "payment_success_rate").events, 25u);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("cache_hits"), std::string::npos);
}

TEST(Judge, TakesLinesInAnyOrderAtStart) {
  Judge judge(design_spec());
  for (int i = 0; i < 3000; ++i) {
    const Timestamp time = kStart - Seconds{i};  // newest first
    show(judge, payment("r" + std::to_string(i), PaymentStatus::Succeeded), time, time);
  }
  EXPECT_EQ(state(judge.evaluate(kStart), "payment_success_rate").events, 300u);
  EXPECT_EQ(judge.counters().too_late, 0u);
}

}  // namespace
}  // namespace mamori::rules
