#include "logs/decline.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace mamori::logs {
namespace {

TEST(DeclineFamily, KnowsAllFiftyCardDeclineCodes) {
  const std::map<DeclineFamily, std::vector<std::string>> table{
      {DeclineFamily::Technical,
       {"processing_error", "issuer_not_available", "reenter_transaction", "try_again_later", "approve_with_id"}},
      {DeclineFamily::Funds, {"insufficient_funds", "card_velocity_exceeded", "withdrawal_count_limit_exceeded"}},
      {DeclineFamily::Unknown, {"do_not_honor", "generic_decline", "call_issuer", "no_action_taken"}},
      {DeclineFamily::Authenticate,
       {"authentication_required", "authentication_not_handled", "mobile_device_authentication_required",
        "offline_pin_required", "online_or_offline_pin_required"}},
      {DeclineFamily::FixData,
       {"incorrect_number", "incorrect_cvc", "invalid_cvc", "incorrect_zip", "incorrect_address",
        "invalid_expiry_month", "invalid_expiry_year", "invalid_number", "incorrect_pin", "invalid_pin",
        "pin_try_exceeded", "expired_card", "new_account_information_available", "invalid_amount"}},
      {DeclineFamily::NotAllowed,
       {"card_not_supported", "currency_not_supported", "not_permitted", "service_not_allowed",
        "transaction_not_allowed", "invalid_account", "testmode_decline", "duplicate_transaction"}},
      {DeclineFamily::Fraud,
       {"fraudulent", "lost_card", "stolen_card", "pickup_card", "restricted_card", "merchant_blacklist",
        "security_violation", "stop_payment_order", "revocation_of_authorization", "revocation_of_all_authorizations",
        "do_not_try_again"}},
  };
  std::size_t codes = 0;
  for (const auto& [family, names] : table) {
    for (const auto& name : names) EXPECT_EQ(decline_family(name), family) << name;
    codes += names.size();
  }
  EXPECT_EQ(codes, 50u);
}

TEST(DeclineFamily, KnowsNothingOfErrorsThatAreNoDeclines) {
  for (const auto* code : {"", "timeout", "api_error", "rate_limit", "500", "INSUFFICIENT_FUNDS", "zzz"}) {
    EXPECT_EQ(decline_family(code), std::nullopt) << code;
  }
}

TEST(TechnicalFailure, IsAnythingButAnIssuersAnswer) {
  const auto check = [](PaymentStatus status, std::string code, bool want) {
    PaymentEvent event;
    event.status = status;
    event.error_code = code;
    EXPECT_EQ(is_technical_failure(event), want) << code;
  };
  check(PaymentStatus::Failed, "processing_error", true);
  check(PaymentStatus::Failed, "timeout", true);
  check(PaymentStatus::Failed, "", true);
  check(PaymentStatus::Failed, "testmode_decline", true);
  check(PaymentStatus::Failed, "duplicate_transaction", true);
  check(PaymentStatus::Failed, "insufficient_funds", false);
  check(PaymentStatus::Failed, "card_not_supported", false);
  check(PaymentStatus::Failed, "card_declined", false);
  check(PaymentStatus::Succeeded, "processing_error", false);
  check(PaymentStatus::Canceled, "", false);
  check(PaymentStatus::Pending, "timeout", false);
}

TEST(DeclineFamily, HasTheNamesThatTheApiShows) {
  EXPECT_EQ(to_string(DeclineFamily::Technical), "technical");
  EXPECT_EQ(to_string(DeclineFamily::FixData), "fix_data");
  EXPECT_EQ(to_string(DeclineFamily::NotAllowed), "not_allowed");
  EXPECT_EQ(to_string(DeclineFamily::Authenticate), "authenticate");
}

}  // namespace
}  // namespace mamori::logs
