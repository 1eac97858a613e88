#include "console/payments_report.h"

#include <gtest/gtest.h>

#include <limits>

namespace mamori::console {
namespace {

using logs::EventKind;
using logs::PaymentEvent;
using logs::PaymentStatus;
using std::chrono::minutes;

const Timestamp kStart{Seconds{1'700'000'040}};  // a whole minute

TimeRange ten_minutes() { return {.start = kStart, .end = kStart + minutes{10}, .step = minutes{1}}; }

PaymentEvent payment(PaymentStatus status, minutes after, std::string error_code = "") {
  return {.time = kStart + after,
          .status = status,
          .amount = Money{1000, "JPY"},
          .processing_time_ms = 100.0,
          .payment_method = "card",
          .error_code = std::move(error_code),
          .country = "JP"};
}

std::string report_of(const std::vector<PaymentEvent>& events) {
  PaymentsReport report(ten_minutes());
  for (const auto& event : events) report.add(event);
  JsonWriter json;
  json.begin_object();
  report.write(json);
  json.end_object();
  return std::move(json).take();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(PaymentsReport, KeepsTechnicalFailuresApartFromDeclines) {
  const auto text = report_of(
      {payment(PaymentStatus::Succeeded, minutes{0}), payment(PaymentStatus::Failed, minutes{0}, "insufficient_funds"),
       payment(PaymentStatus::Failed, minutes{1}, "processing_error"), payment(PaymentStatus::Canceled, minutes{1})});
  EXPECT_TRUE(has(text, R"("succeeded":[1,0,)")) << text;
  EXPECT_TRUE(has(text, R"("declined":[1,0,)")) << text;
  EXPECT_TRUE(has(text, R"("technical":[0,1,)")) << text;
  EXPECT_TRUE(has(text, R"("technical_success_percent":75,"acceptance_percent":50)")) << text;
  EXPECT_TRUE(has(text, R"({"error_code":"insufficient_funds","family":"funds","count":1})")) << text;
}

TEST(PaymentsReport, NeverWrapsASumOfMoney) {
  auto huge = payment(PaymentStatus::Succeeded, minutes{0});
  huge.amount = Money{std::numeric_limits<std::int64_t>::max(), "JPY"};
  EXPECT_TRUE(has(report_of({huge, huge}), R"("total_minor_units":9223372036854775807)"));
}

TEST(PaymentsReport, SumsSucceededMoneyPerCurrency) {
  auto dollars = payment(PaymentStatus::Succeeded, minutes{2});
  dollars.amount = Money{250, "USD"};
  const auto text =
      report_of({payment(PaymentStatus::Succeeded, minutes{0}), payment(PaymentStatus::Succeeded, minutes{0}),
                 payment(PaymentStatus::Failed, minutes{0}, "do_not_honor"), dollars});
  EXPECT_TRUE(has(text, R"({"currency":"JPY","exponent":0,"minor_units":[2000,0,)")) << text;
  EXPECT_TRUE(has(text, R"("total_minor_units":2000)")) << text;
  EXPECT_TRUE(has(text, R"({"currency":"USD","exponent":2,"minor_units":[0,0,250,)")) << text;
}

TEST(PaymentsReport, ShowsNullAndNotZeroWhereNothingHappened) {
  const auto text = report_of({payment(PaymentStatus::Succeeded, minutes{1})});
  EXPECT_TRUE(has(text, R"("p50":[null,100,null)")) << text;
  EXPECT_TRUE(has(text, R"("max_ms":null)")) << text;
}

TEST(PaymentsReport, LeavesOutEventsBeyondTheRange) {
  const auto text =
      report_of({payment(PaymentStatus::Succeeded, minutes{10}), payment(PaymentStatus::Succeeded, minutes{-1})});
  EXPECT_TRUE(has(text, R"("methods":[])")) << text;
}

TEST(ReadTimeRange, AlignsBucketsAndBoundsTheirNumber) {
  const auto now = kStart + Seconds{17};
  const auto hour = read_time_range(net::Params{}, now);
  ASSERT_TRUE(hour);
  EXPECT_EQ(hour->step, minutes{1});
  EXPECT_EQ(hour->start, kStart - minutes{60});
  const auto year =
      read_time_range(net::Params::parse("start=2022-01-01T00:00:00Z&end=2023-01-01T00:00:00Z&step=1"), now);
  ASSERT_TRUE(year);
  EXPECT_LE(Buckets(*year).size(), 2001u);
  for (const auto* bad : {"start=x", "step=-1", "step=0", "start=20&end=10", "start=1700-01-01T00:00:00Z",
                          "end=2250-01-01T00:00:00Z", "start=1680-01-01T00:00:00Z&end=2260-01-01T00:00:00Z"})
    EXPECT_FALSE(read_time_range(net::Params::parse(bad), now)) << bad;
}

}  // namespace
}  // namespace mamori::console
