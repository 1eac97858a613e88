// logs/payment_event.h: one payment log line as a typed value. The schema is docs/formats/payment-log.md.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"

namespace mamori::logs {

enum class EventKind { Payment, Webhook, CheckoutSession, Refund };
enum class PaymentStatus { Succeeded, Failed, Pending, Canceled };

std::string_view to_string(EventKind kind);        // "payment", "webhook", "checkout_session", "refund"
std::string_view to_string(PaymentStatus status);  // "succeeded", "failed", "pending", "canceled"

struct PaymentEvent {
  Timestamp time;
  EventKind kind = EventKind::Payment;
  PaymentStatus status = PaymentStatus::Succeeded;
  std::string payment_id;  // "" when absent: then each line counts as a payment of its own
  std::optional<Money> amount;
  std::optional<double> processing_time_ms;
  std::string payment_method, error_code, provider, country, brand;
};

/// What a stream's name says when a line has no `event` field: payment_webhooks* -> Webhook, payment_checkouts* ->
/// CheckoutSession, payment_refunds* -> Refund, any other payment_* -> Payment.
EventKind implied_kind(std::string_view stream);

/// Errors: InvalidArgument naming field and value ("status: \"ok\" is none of succeeded, failed, pending, canceled").
/// A field that is absent is no error; one of the wrong type or an impossible value is.
Result<PaymentEvent> decode_payment_event(std::string_view stream, Timestamp time, std::string_view json);

}  // namespace mamori::logs
