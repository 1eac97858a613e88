// demo/lines.h: the log lines as JSON, in the schema of docs/formats/payment-log.md. The live shop and the history
// write them through the same functions; nginx writes the access lines itself, in the same fields (kit.cc).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "demo/purchase.h"

namespace mamori::demo {

inline constexpr std::string_view kPaymentStream = "payment_logs";
inline constexpr std::string_view kWebhookStream = "payment_webhooks";
inline constexpr std::string_view kCheckoutStream = "payment_checkouts";
inline constexpr std::string_view kRefundStream = "payment_refunds";
inline constexpr std::string_view kAccessStream = "security_access";
inline constexpr std::string_view kProviderName = "example-pay";

struct PaymentLine {
  Timestamp time;
  std::string_view event = "payment";  // payment, webhook, checkout_session, refund
  std::string payment_id;              // "" is left out (checkout sessions)
  Purchase purchase;
  std::string status;
  std::string error_code;  // "" is left out
  std::optional<double> processing_time_ms;
  std::string event_id;  // webhooks: the provider's id of the event
  bool history = false;  // marks what was written in hindsight: "generated":"history"
};
std::string to_json(const PaymentLine& line);

struct AccessLine {
  Timestamp time;
  std::string_view request_method;
  std::string request_path;
  int response_code = 200;
  std::int64_t response_time_ms = 0;
  Purchase purchase;  // who asks
  std::string request_id;
};
std::string to_json(const AccessLine& line);

/// The fields of a purchase that travel from the shop to the provider and back in its webhooks, as a JSON object.
std::string purchase_to_json(const Purchase& purchase);
/// Errors: InvalidArgument for text that is no JSON object, an amount that is no positive integer, or a currency that
/// is not three capitals.
Result<Purchase> purchase_from_json(std::string_view json);

}  // namespace mamori::demo
