#include "logs/decline.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mamori::logs {
namespace {

using enum DeclineFamily;
using Entry = std::pair<std::string_view, DeclineFamily>;

// Sorted by code, for binary search. Source of the codes: Stripe's documentation, "Decline codes".
constexpr std::array kCodes{
    Entry{"approve_with_id", Technical},
    Entry{"authentication_not_handled", Authenticate},
    Entry{"authentication_required", Authenticate},
    Entry{"call_issuer", Unknown},
    // Not a decline code but the error code that Stripe puts above all of them; shops that log only this one still mean
    // an issuer's answer.
    Entry{"card_declined", Unknown},
    Entry{"card_not_supported", NotAllowed},
    Entry{"card_velocity_exceeded", Funds},
    Entry{"currency_not_supported", NotAllowed},
    Entry{"do_not_honor", Unknown},
    Entry{"do_not_try_again", Fraud},
    Entry{"duplicate_transaction", NotAllowed},
    Entry{"expired_card", FixData},
    Entry{"fraudulent", Fraud},
    Entry{"generic_decline", Unknown},
    Entry{"incorrect_address", FixData},
    Entry{"incorrect_cvc", FixData},
    Entry{"incorrect_number", FixData},
    Entry{"incorrect_pin", FixData},
    Entry{"incorrect_zip", FixData},
    Entry{"insufficient_funds", Funds},
    Entry{"invalid_account", NotAllowed},
    Entry{"invalid_amount", FixData},
    Entry{"invalid_cvc", FixData},
    Entry{"invalid_expiry_month", FixData},
    Entry{"invalid_expiry_year", FixData},
    Entry{"invalid_number", FixData},
    Entry{"invalid_pin", FixData},
    Entry{"issuer_not_available", Technical},
    Entry{"lost_card", Fraud},
    Entry{"merchant_blacklist", Fraud},
    Entry{"mobile_device_authentication_required", Authenticate},
    Entry{"new_account_information_available", FixData},
    Entry{"no_action_taken", Unknown},
    Entry{"not_permitted", NotAllowed},
    Entry{"offline_pin_required", Authenticate},
    Entry{"online_or_offline_pin_required", Authenticate},
    Entry{"pickup_card", Fraud},
    Entry{"pin_try_exceeded", FixData},
    Entry{"processing_error", Technical},
    Entry{"reenter_transaction", Technical},
    Entry{"restricted_card", Fraud},
    Entry{"revocation_of_all_authorizations", Fraud},
    Entry{"revocation_of_authorization", Fraud},
    Entry{"security_violation", Fraud},
    Entry{"service_not_allowed", NotAllowed},
    Entry{"stolen_card", Fraud},
    Entry{"stop_payment_order", Fraud},
    Entry{"testmode_decline", NotAllowed},
    Entry{"transaction_not_allowed", NotAllowed},
    Entry{"try_again_later", Technical},
    Entry{"withdrawal_count_limit_exceeded", Funds},
};
static_assert(kCodes.size() == 50 + 1);
static_assert(std::ranges::is_sorted(kCodes, {}, &Entry::first));

}  // namespace

std::string_view to_string(DeclineFamily family) {
  switch (family) {
    case Technical:
      return "technical";
    case Funds:
      return "funds";
    case Unknown:
      return "unknown";
    case Authenticate:
      return "authenticate";
    case FixData:
      return "fix_data";
    case NotAllowed:
      return "not_allowed";
    case Fraud:
      return "fraud";
  }
  return "unknown";
}

std::optional<DeclineFamily> decline_family(std::string_view code) {
  const auto at = std::ranges::lower_bound(kCodes, code, {}, &Entry::first);
  if (at == kCodes.end() || at->first != code) return std::nullopt;
  return at->second;
}

bool is_technical_failure(const PaymentEvent& event) {
  if (event.status != PaymentStatus::Failed) return false;
  const auto family = decline_family(event.error_code);
  if (!family || *family == Technical) return true;
  return event.error_code == "testmode_decline" || event.error_code == "duplicate_transaction";
}

}  // namespace mamori::logs
