#include "console/payments_report.h"

#include <algorithm>
#include <chrono>

#include "logs/decline.h"

namespace mamori::console {
namespace {

using logs::EventKind;
using logs::PaymentEvent;
using logs::PaymentStatus;

// A page must not hold a worker for minutes: past this many lines the answer says that it is cut short.
constexpr std::uint64_t kLinesMax = 5'000'000;
// Distinct values kept per breakdown; the rest is summed as "(other)", so that made-up values cannot fill memory.
constexpr std::size_t kValuesMax = 300;

template <typename T>
T& entry(std::map<std::string, T>& map, const std::string& key) {
  const auto found = map.find(key);
  if (found != map.end()) return found->second;
  return map[map.size() < kValuesMax ? key : "(other)"];
}

std::string or_unknown(const std::string& value) { return value.empty() ? "(unknown)" : value; }

void write_percent(JsonWriter& json, const char* name, std::uint64_t part, std::uint64_t whole) {
  json.key(name);
  if (whole == 0) {
    json.null();
  } else {
    json.number(100.0 * static_cast<double>(part) / static_cast<double>(whole));
  }
}

std::string_view family_name(const std::string& error_code) {
  const auto family = logs::decline_family(error_code);
  return family ? logs::to_string(*family) : "technical";
}

}  // namespace

PaymentsReport::PaymentsReport(const TimeRange& range)
    : buckets_(range),
      range_(range),
      succeeded_(buckets_.size()),
      declined_(buckets_.size()),
      technical_(buckets_.size()),
      canceled_(buckets_.size()),
      pending_(buckets_.size()),
      latency_ms_(buckets_.size()) {}

void PaymentsReport::add(const PaymentEvent& event) {
  const auto bucket = buckets_.index(event.time);
  if (!bucket) return;
  switch (event.kind) {
    case EventKind::Payment:
      add_payment(event, *bucket);
      break;
    case EventKind::Webhook:
      ++webhooks_;
      if (event.status == PaymentStatus::Failed) ++webhooks_failed_;
      if (event.processing_time_ms) webhook_ms_.push_back(*event.processing_time_ms);
      break;
    case EventKind::CheckoutSession:
      if (event.status == PaymentStatus::Succeeded || event.status == PaymentStatus::Failed) ++checkouts_;
      if (event.status == PaymentStatus::Failed) ++checkouts_failed_;
      break;
    case EventKind::Refund:
      break;
  }
}

void PaymentsReport::add_payment(const PaymentEvent& event, std::size_t bucket) {
  if (event.status == PaymentStatus::Pending) {
    ++pending_[bucket];
    return;
  }
  const bool technical = logs::is_technical_failure(event);
  const auto count = [&](Tally& tally) {
    if (event.status == PaymentStatus::Succeeded) ++tally.succeeded;
    if (event.status == PaymentStatus::Canceled) ++tally.canceled;
    if (event.status == PaymentStatus::Failed) ++(technical ? tally.technical : tally.declined);
  };
  count(entry(methods_, or_unknown(event.payment_method)));
  count(entry(countries_, or_unknown(event.country)));
  count(entry(providers_, or_unknown(event.provider)));
  switch (event.status) {
    case PaymentStatus::Succeeded:
      ++succeeded_[bucket];
      if (event.amount) {
        auto& revenue = entry(revenue_, event.amount->currency);
        revenue.by_bucket.resize(buckets_.size());
        auto& of_bucket = revenue.by_bucket[bucket];
        of_bucket = add_saturated(of_bucket, event.amount->minor_units);
        revenue.total = add_saturated(revenue.total, event.amount->minor_units);
      }
      break;
    case PaymentStatus::Canceled:
      ++canceled_[bucket];
      break;
    case PaymentStatus::Failed:
      ++(technical ? technical_ : declined_)[bucket];
      ++entry(failure_reasons_, event.error_code.empty() ? std::string("(none)") : event.error_code);
      break;
    case PaymentStatus::Pending:
      break;
  }
  if (event.processing_time_ms && event.status != PaymentStatus::Canceled) {
    latency_ms_[bucket].push_back(*event.processing_time_ms);
  }
}

void PaymentsReport::write_tallies(JsonWriter& json, const char* list, const char* name,
                                   const std::map<std::string, Tally>& tallies) const {
  std::vector<std::pair<std::string, Tally>> sorted(tallies.begin(), tallies.end());
  std::ranges::stable_sort(sorted, std::ranges::greater{}, [](const auto& item) { return item.second.attempts(); });
  json.key(list).begin_array();
  for (const auto& [value, tally] : sorted) {
    json.begin_object().field(name, value).field("attempts", tally.attempts()).field("succeeded", tally.succeeded);
    json.field("declined", tally.declined).field("technical", tally.technical).field("canceled", tally.canceled);
    write_percent(json, "technical_success_percent", tally.attempts() - tally.technical, tally.attempts());
    write_percent(json, "acceptance_percent", tally.succeeded, tally.succeeded + tally.declined);
    json.end_object();
  }
  json.end_array();
}

void PaymentsReport::write_counts(JsonWriter& json, const char* name, const std::vector<std::uint64_t>& counts) const {
  json.key(name).begin_array();
  for (const auto count : counts) json.integer(static_cast<std::int64_t>(count));
  json.end_array();
}

void PaymentsReport::write(JsonWriter& json) {
  json.field("start_ms", to_millis(range_.start)).field("end_ms", to_millis(range_.end));
  json.field("step_ms", static_cast<std::int64_t>(std::chrono::duration_cast<Millis>(range_.step).count()));
  json.key("times_ms");
  buckets_.write_times(json);

  json.key("volume").begin_object();
  write_counts(json, "succeeded", succeeded_);
  write_counts(json, "declined", declined_);
  write_counts(json, "technical", technical_);
  write_counts(json, "canceled", canceled_);
  write_counts(json, "pending", pending_);
  json.end_object();

  write_tallies(json, "methods", "method", methods_);
  write_tallies(json, "countries", "country", countries_);
  write_tallies(json, "providers", "provider", providers_);

  json.key("revenue").begin_array();
  for (const auto& [currency, revenue] : revenue_) {
    json.begin_object().field("currency", currency).field("exponent", currency_exponent(currency));
    json.key("minor_units").begin_array();
    for (const auto amount : revenue.by_bucket) json.integer(amount);
    json.end_array().field("total_minor_units", revenue.total).end_object();
  }
  json.end_array();

  std::vector<std::pair<std::string, std::uint64_t>> reasons(failure_reasons_.begin(), failure_reasons_.end());
  std::ranges::stable_sort(reasons, std::ranges::greater{}, [](const auto& item) { return item.second; });
  json.key("failure_reasons").begin_array();
  for (const auto& [code, count] : reasons) {
    json.begin_object().field("error_code", code).field("family", std::string(family_name(code)));
    json.field("count", count).end_object();
  }
  json.end_array();

  json.key("latency_ms").begin_object();
  for (const auto& [name, q] : {std::pair{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}}) {
    json.key(name);
    write_quantiles(json, latency_ms_, q);
  }
  json.end_object();

  json.key("webhooks").begin_object().field("count", webhooks_).field("failed", webhooks_failed_);
  for (const auto& [name, q] : {std::pair{"max_ms", 1.0}, {"p95_ms", 0.95}}) {
    json.key(name);
    if (const auto value = quantile(webhook_ms_, q)) {
      json.number(*value);
    } else {
      json.null();
    }
  }
  json.end_object();
  json.key("checkout").begin_object().field("count", checkouts_).field("failed", checkouts_failed_).end_object();
}

Result<std::string> payments_report_json(const logs::Store& store, const TimeRange& range) {
  const auto began = std::chrono::steady_clock::now();
  PaymentsReport report(range);
  std::uint64_t lines = 0;
  const auto visit = [&](const logs::Line& line) {
    if (++lines > kLinesMax) return false;
    // Lines were checked when they came in; one that no longer decodes was written by another version and is left out.
    if (const auto event = logs::decode_payment_event(line.stream, line.time, line.json)) report.add(*event);
    return true;
  };
  MAMORI_TRY_VOID(store.scan({.stream_pattern = "payment_*", .start = range.start, .end = range.end}, visit));
  JsonWriter json;
  json.begin_object();
  report.write(json);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  json.key("scanned")
      .begin_object()
      .field("lines", std::min(lines, kLinesMax))
      .field("seconds", took.count())
      .end_object();
  json.field("truncated", lines > kLinesMax).end_object();
  return std::move(json).take();
}

}  // namespace mamori::console
