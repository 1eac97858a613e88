#include "logs/payment_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mamori::logs {
namespace {

constexpr Timestamp kTime = Timestamp{Seconds{1'800'000'000}};

PaymentEvent decoded(std::string_view stream, std::string_view json) {
  const auto event = decode_payment_event(stream, kTime, json);
  EXPECT_TRUE(event) << (event ? "" : event.error().message);
  return event.value_or(PaymentEvent{});
}

std::string refusal(std::string_view json) {
  const auto event = decode_payment_event("payment_logs", kTime, json);
  if (event) return "accepted";
  EXPECT_EQ(event.error().code, Code::InvalidArgument);
  return event.error().message;
}

TEST(PaymentEvent, ReadsEveryFieldOfTheSchema) {
  const auto event =
      decoded("payment_logs", R"({"@timestamp":"2026-01-01T00:00:00Z","event":"refund","payment_id":"pay_1",
    "user_id":"u1","session_id":"s1","amount":1234,"currency":"usd","status":"failed","payment_method":"card",
    "processing_time":812.5,"error_code":"do_not_honor","user_agent":"x","ip_address":"192.0.2.1","provider":"stripe",
    "country":"jp","brand":"visa","more":{"a":[1]}})");
  EXPECT_EQ(event.time, kTime);
  EXPECT_EQ(event.kind, EventKind::Refund);
  EXPECT_EQ(event.status, PaymentStatus::Failed);
  EXPECT_EQ(event.payment_id, "pay_1");
  EXPECT_EQ(event.amount, (Money{1234, "USD"}));
  EXPECT_EQ(event.processing_time_ms, 812.5);
  EXPECT_EQ(event.payment_method, "card");
  EXPECT_EQ(event.error_code, "do_not_honor");
  EXPECT_EQ(event.provider, "stripe");
  EXPECT_EQ(event.country, "JP");
  EXPECT_EQ(event.brand, "visa");
}

TEST(PaymentEvent, TakesItsKindFromTheStreamWhenTheLineNamesNone) {
  EXPECT_EQ(decoded("payment_logs", "{}").kind, EventKind::Payment);
  EXPECT_EQ(decoded("payment_webhooks", "{}").kind, EventKind::Webhook);
  EXPECT_EQ(decoded("payment_webhooks-2026.01", "{}").kind, EventKind::Webhook);
  EXPECT_EQ(decoded("payment_checkouts", "{}").kind, EventKind::CheckoutSession);
  EXPECT_EQ(decoded("payment_refunds", "{}").kind, EventKind::Refund);
  EXPECT_EQ(decoded("payment_webhooks", R"({"event":"payment"})").kind, EventKind::Payment);
}

TEST(PaymentEvent, WithoutAStatusTellsNoOutcome) {
  const auto event = decoded("payment_logs", R"({"amount":5,"error_code":null})");
  EXPECT_EQ(event.status, PaymentStatus::Pending);
  EXPECT_EQ(event.payment_id, "");
  EXPECT_EQ(event.amount, std::nullopt) << "an amount without its currency is no money";
  EXPECT_EQ(event.processing_time_ms, std::nullopt);
}

TEST(PaymentEvent, RefusesAWrongFieldAndNamesIt) {
  using testing::HasSubstr;
  EXPECT_EQ(refusal(R"({"status":"ok"})"), "status: \"ok\" is none of succeeded, failed, pending, canceled");
  EXPECT_THAT(refusal(R"({"status":1})"), HasSubstr("status: is a number, not a string"));
  EXPECT_THAT(refusal(R"({"event":"login"})"), HasSubstr("event: \"login\" is none of"));
  EXPECT_THAT(refusal(R"({"amount":12.5})"), HasSubstr("amount: is not an integer"));
  EXPECT_THAT(refusal(R"({"amount":"12"})"), HasSubstr("amount: is a string"));
  EXPECT_THAT(refusal(R"({"amount":-1})"), HasSubstr("amount: -1 is negative"));
  EXPECT_THAT(refusal(R"({"currency":"yen!"})"), HasSubstr("currency: \"yen!\""));
  EXPECT_THAT(refusal(R"({"processing_time":"fast"})"), HasSubstr("processing_time: is a string"));
  EXPECT_THAT(refusal(R"({"processing_time":-0.5})"), HasSubstr("processing_time: is negative"));
  EXPECT_THAT(refusal(R"({"country":"JPN"})"), HasSubstr("country: \"JPN\""));
  EXPECT_THAT(refusal(R"({"user_id":{}})"), HasSubstr("user_id: is an object"));
  EXPECT_THAT(refusal(R"([1])"), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal(R"({"a":)"), HasSubstr("not valid JSON"));
}

TEST(PaymentEvent, CutsALongValueInTheReasonBetweenCharacters) {
  std::string long_value;
  for (int i = 0; i < 100; ++i) long_value += "支";
  const auto reason = refusal(R"({"status":")" + long_value + R"("})");
  EXPECT_LT(reason.size(), 120u);
  EXPECT_THAT(reason, testing::HasSubstr("支…\""));
}

}  // namespace
}  // namespace mamori::logs
