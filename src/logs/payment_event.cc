#include "logs/payment_event.h"

#include <simdjson.h>

#include <cctype>

namespace mamori::logs {
namespace {

namespace dom = simdjson::dom;

std::string_view type_name(dom::element_type type) {
  switch (type) {
    case dom::element_type::ARRAY:
      return "an array";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      return "a number";
    case dom::element_type::STRING:
      return "a string";
    case dom::element_type::BOOL:
      return "a boolean";
    case dom::element_type::NULL_VALUE:
      return "null";
  }
  return "of unknown type";
}

Error wrong_type(std::string_view field, dom::element value, std::string_view want) {
  return invalid_argument(std::string(field) + ": is " + std::string(type_name(value.type())) + ", not " +
                          std::string(want));
}

/// The value as it appears in a message: cut, so that a hostile line cannot make a long reply.
std::string as_shown(std::string_view value) {
  constexpr std::size_t kShownMax = 40;
  std::string text_shown = "\"" + std::string(value.substr(0, kShownMax));
  // Never cut inside a UTF-8 character.
  if (value.size() > kShownMax) {
    while (text_shown.size() > 1 && (static_cast<unsigned char>(text_shown.back()) & 0xC0) == 0x80)
      text_shown.pop_back();
    if (text_shown.size() > 1 && static_cast<unsigned char>(text_shown.back()) >= 0xC0) text_shown.pop_back();
    text_shown += "…";
  }
  return text_shown + "\"";
}

Result<std::string> text(std::string_view field, dom::element value) {
  std::string_view out;
  if (value.get(out) != simdjson::SUCCESS) return wrong_type(field, value, "a string");
  return std::string(out);
}

/// An id may be a string or an integer; both are kept as text.
Result<std::string> id(std::string_view field, dom::element value) {
  std::string_view out;
  if (value.get(out) == simdjson::SUCCESS) return std::string(out);
  std::int64_t number = 0;
  if (value.get(number) == simdjson::SUCCESS) return std::to_string(number);
  std::uint64_t large = 0;
  if (value.get(large) == simdjson::SUCCESS) return std::to_string(large);
  return wrong_type(field, value, "a string or an integer");
}

/// `length` ASCII letters, returned in upper case.
Result<std::string> letters(std::string_view field, dom::element value, std::size_t length, std::string_view want) {
  MAMORI_TRY(std::string code, text(field, value));
  bool good = code.size() == length;
  for (char& c : code) {
    const auto byte = static_cast<unsigned char>(c);
    good = good && byte < 0x80 && std::isalpha(byte);
    c = static_cast<char>(std::toupper(byte));
  }
  if (!good)
    return invalid_argument(std::string(field) + ": " + as_shown(value.get_string().value()) + " is not " +
                            std::string(want));
  return code;
}

Result<EventKind> kind_of(dom::element value) {
  MAMORI_TRY(const std::string name, text("event", value));
  for (const auto kind : {EventKind::Payment, EventKind::Webhook, EventKind::CheckoutSession, EventKind::Refund}) {
    if (name == to_string(kind)) return kind;
  }
  return invalid_argument("event: " + as_shown(name) + " is none of payment, webhook, checkout_session, refund");
}

Result<PaymentStatus> status_of(dom::element value) {
  MAMORI_TRY(const std::string name, text("status", value));
  for (const auto status :
       {PaymentStatus::Succeeded, PaymentStatus::Failed, PaymentStatus::Pending, PaymentStatus::Canceled}) {
    if (name == to_string(status)) return status;
  }
  return invalid_argument("status: " + as_shown(name) + " is none of succeeded, failed, pending, canceled");
}

Result<std::int64_t> amount_of(dom::element value) {
  std::int64_t amount = 0;
  if (value.get(amount) != simdjson::SUCCESS) {
    if (value.is_number())
      return invalid_argument("amount: is not an integer number of minor units (12.34 USD is 1234)");
    return wrong_type("amount", value, "an integer number of minor units");
  }
  if (amount < 0)
    return invalid_argument("amount: " + std::to_string(amount) + " is negative; a refund is event \"refund\"");
  return amount;
}

Result<double> millis_of(dom::element value) {
  double millis = 0;
  if (value.get(millis) != simdjson::SUCCESS) return wrong_type("processing_time", value, "a number of milliseconds");
  if (millis < 0) return invalid_argument("processing_time: is negative");
  return millis;
}

/// What is read beside the event itself: amount and currency make one Money only when both are there.
struct Parts {
  std::optional<std::int64_t> amount;
  std::string currency;
};

Result<void> take_field(PaymentEvent& event, Parts& parts, std::string_view key, dom::element value) {
  if (value.is_null()) return {};  // as if absent
  const auto put = [](auto& target, auto result) -> Result<void> {
    if (!result) return std::move(result).error();
    target = *std::move(result);
    return {};
  };
  if (key == "event") return put(event.kind, kind_of(value));
  if (key == "status") return put(event.status, status_of(value));
  if (key == "payment_id") return put(event.payment_id, id(key, value));
  if (key == "amount") return put(parts.amount, amount_of(value));
  if (key == "currency") return put(parts.currency, letters(key, value, 3, "a currency of ISO 4217 (three letters)"));
  if (key == "processing_time") return put(event.processing_time_ms, millis_of(value));
  if (key == "payment_method") return put(event.payment_method, text(key, value));
  if (key == "error_code") return put(event.error_code, text(key, value));
  if (key == "provider") return put(event.provider, text(key, value));
  if (key == "brand") return put(event.brand, text(key, value));
  if (key == "country") return put(event.country, letters(key, value, 2, "a country of ISO 3166 (two letters)"));
  std::string checked;  // no part of the event, but of the schema
  if (key == "user_id" || key == "session_id") return put(checked, id(key, value));
  if (key == "user_agent" || key == "ip_address") return put(checked, text(key, value));
  return {};
}

}  // namespace

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::Payment:
      return "payment";
    case EventKind::Webhook:
      return "webhook";
    case EventKind::CheckoutSession:
      return "checkout_session";
    case EventKind::Refund:
      return "refund";
  }
  return "payment";
}

std::string_view to_string(PaymentStatus status) {
  switch (status) {
    case PaymentStatus::Succeeded:
      return "succeeded";
    case PaymentStatus::Failed:
      return "failed";
    case PaymentStatus::Pending:
      return "pending";
    case PaymentStatus::Canceled:
      return "canceled";
  }
  return "pending";
}

EventKind implied_kind(std::string_view stream) {
  if (stream.starts_with("payment_webhooks")) return EventKind::Webhook;
  if (stream.starts_with("payment_checkouts")) return EventKind::CheckoutSession;
  if (stream.starts_with("payment_refunds")) return EventKind::Refund;
  return EventKind::Payment;
}

Result<PaymentEvent> decode_payment_event(std::string_view stream, Timestamp time, std::string_view json) {
  thread_local dom::parser parser;
  dom::object object;
  dom::element document;
  if (const auto error = parser.parse(json.data(), json.size()).get(document); error != simdjson::SUCCESS) {
    return invalid_argument(std::string("not valid JSON: ") + simdjson::error_message(error));
  }
  if (document.get(object) != simdjson::SUCCESS) return invalid_argument("not a JSON object");

  PaymentEvent event;
  event.time = time;
  event.kind = implied_kind(stream);
  event.status = PaymentStatus::Pending;  // a line without a status tells no outcome, so it is counted nowhere
  Parts parts;
  for (const auto field : object) MAMORI_TRY_VOID(take_field(event, parts, field.key, field.value));
  if (parts.amount && !parts.currency.empty()) event.amount = Money{*parts.amount, parts.currency};
  return event;
}

}  // namespace mamori::logs
