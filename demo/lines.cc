#include "demo/lines.h"

#include <algorithm>

#include "base/json.h"
#include "demo/json_object.h"

namespace mamori::demo {
namespace {

void field_if_any(JsonWriter& json, std::string_view name, const std::string& value) {
  if (!value.empty()) json.field(name, value);
}

}  // namespace

std::string to_json(const PaymentLine& line) {
  const Purchase& purchase = line.purchase;
  JsonWriter json;
  json.begin_object();
  json.field("@timestamp", format_rfc3339(line.time));
  json.field("event", line.event);
  field_if_any(json, "payment_id", line.payment_id);
  field_if_any(json, "event_id", line.event_id);
  json.field("user_id", purchase.user_id);
  json.field("session_id", purchase.session_id);
  json.field("amount", purchase.amount.minor_units);
  json.field("currency", purchase.amount.currency);
  json.field("status", line.status);
  json.field("payment_method", purchase.payment_method);
  if (line.processing_time_ms) {
    json.field("processing_time", static_cast<std::int64_t>(*line.processing_time_ms + 0.5));
  }
  field_if_any(json, "error_code", line.error_code);
  json.field("user_agent", purchase.user_agent);
  json.field("ip_address", purchase.ip_address);
  json.field("provider", kProviderName);
  json.field("country", purchase.country);
  field_if_any(json, "brand", purchase.brand);
  if (line.history) json.field("generated", "history");
  json.end_object();
  return std::move(json).take();
}

std::string to_json(const AccessLine& line) {
  JsonWriter json;
  json.begin_object();
  json.field("@timestamp", format_rfc3339(line.time));
  json.field("event_type", "access");
  json.field("request_id", line.request_id);
  json.field("user_id", line.purchase.user_id);
  json.field("ip_address", line.purchase.ip_address);
  json.field("user_agent", line.purchase.user_agent);
  json.field("request_method", line.request_method);
  json.field("request_path", line.request_path);
  json.field("response_code", line.response_code);
  json.field("response_time_ms", line.response_time_ms);
  json.field("risk_score", 0);
  json.field("generated", "history");
  json.end_object();
  return std::move(json).take();
}

std::string purchase_to_json(const Purchase& purchase) {
  JsonWriter json;
  json.begin_object();
  json.field("user_id", purchase.user_id).field("country", purchase.country);
  json.field("user_agent", purchase.user_agent).field("ip_address", purchase.ip_address);
  json.field("session_id", purchase.session_id);
  json.field("amount", purchase.amount.minor_units).field("currency", purchase.amount.currency);
  json.field("payment_method", purchase.payment_method);
  json.field("brand", purchase.brand).field("card_token", purchase.card_token);
  json.end_object();
  return std::move(json).take();
}

Result<Purchase> purchase_from_json(std::string_view text) {
  MAMORI_TRY(const auto object, JsonObject::parse(text));
  Purchase purchase;
  purchase.user_id = object.text("user_id");
  purchase.country = object.text("country");
  purchase.user_agent = object.text("user_agent");
  purchase.ip_address = object.text("ip_address");
  purchase.session_id = object.text("session_id");
  purchase.amount = {object.integer("amount", 0), object.text("currency")};
  purchase.payment_method = object.text("payment_method");
  purchase.brand = object.text("brand");
  purchase.card_token = object.text("card_token");
  if (purchase.amount.minor_units <= 0) return invalid_argument("amount: must be a positive integer of minor units");
  const auto& currency = purchase.amount.currency;
  if (currency.size() != 3 || !std::ranges::all_of(currency, [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return invalid_argument("currency: must be an ISO 4217 code such as JPY");
  }
  return purchase;
}

}  // namespace mamori::demo
