// logs/decline.h: decides what a failed payment means: our or a provider's fault (technical), or an issuer's answer.
// The families and their 50 Stripe decline codes are those of docs/formats/payment-log.md. What always holds: a failure
// that is not known to be an issuer's answer counts as technical, so that a new error never hides an outage.
#pragma once
#include <optional>
#include <string_view>

#include "logs/payment_event.h"

namespace mamori::logs {

enum class DeclineFamily {
  Technical,     // processing_error, …: counts against the technical indicator
  Funds,         // no money, or too many attempts
  Unknown,       // the issuer says no without saying why
  Authenticate,  // 3-D Secure or PIN is missing
  FixData,       // the customer must correct something
  NotAllowed,    // this card, currency or kind of payment is not allowed
  Fraud,         // lost, stolen, suspected
};

/// "technical", "funds", "unknown", "authenticate", "fix_data", "not_allowed", "fraud".
std::string_view to_string(DeclineFamily family);

/// The family of an `error_code`; nothing for a code that is no card decline ("timeout", "api_error", "", …).
std::optional<DeclineFamily> decline_family(std::string_view code);

/// True for a failed event whose error_code is of family Technical, is testmode_decline or duplicate_transaction (in
/// live traffic those two are our own mistakes), or is no known decline at all (a time-out, a 5xx, no code).
bool is_technical_failure(const PaymentEvent& event);

}  // namespace mamori::logs
