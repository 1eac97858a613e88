#include "demo/lines.h"

#include <gtest/gtest.h>

#include "demo/json_object.h"

namespace mamori::demo {
namespace {

TEST(PaymentLine, HasTheSchemasFieldsWithTheirTypes) {
  Random random(1);
  const PaymentLine line{.time = timestamp_from_millis(1'780'000'000'123),
                         .payment_id = "pi_x",
                         .purchase = draw_card_test(random),
                         .status = "failed",
                         .error_code = "incorrect_cvc",
                         .processing_time_ms = 412.6};
  const std::string text = to_json(line);
  EXPECT_NE(text.find(R"("@timestamp":"2026-05-28T20:26:40.123Z")"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("processing_time":413)"), std::string::npos);
  EXPECT_NE(text.find(R"("amount":)" + std::to_string(line.purchase.amount.minor_units) + ","), std::string::npos);
  EXPECT_EQ(JsonObject::parse(text)->text("error_code"), "incorrect_cvc");
  EXPECT_EQ(text.find("generated"), std::string::npos);
}

TEST(PaymentLine, LeavesOutWhatIsUnknown) {
  Random random(1);
  const std::string text = to_json(PaymentLine{.purchase = draw_purchase(random), .status = "pending"});
  for (const char* field : {"processing_time", "error_code", "payment_id", "event_id"}) {
    EXPECT_EQ(text.find(field), std::string::npos) << field;
  }
}

TEST(PurchaseJson, ComesBackAsItWas) {
  Random random(2);
  const auto purchase = draw_purchase(random);
  const auto read = purchase_from_json(purchase_to_json(purchase));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->amount, purchase.amount);
  EXPECT_EQ(read->session_id, purchase.session_id);
  EXPECT_EQ(read->card_token, purchase.card_token);
}

TEST(PurchaseJson, RefusesAmountsAndCurrenciesThatCannotBe) {
  const auto refuses = [](const char* text) { EXPECT_FALSE(purchase_from_json(text)) << text; };
  refuses("");
  refuses("[]");
  refuses(R"({"amount":0,"currency":"JPY"})");
  refuses(R"({"amount":-5,"currency":"JPY"})");
  refuses(R"({"amount":1.5,"currency":"JPY"})");
  refuses(R"({"amount":100,"currency":"yen"})");
  refuses(R"({"amount":100})");
  EXPECT_TRUE(purchase_from_json(R"({"amount":100,"currency":"JPY"})"));
}

}  // namespace
}  // namespace mamori::demo
