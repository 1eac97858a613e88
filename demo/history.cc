#include "demo/history.h"

#include <algorithm>
#include <queue>

#include "demo/charge_model.h"
#include "demo/daily_shape.h"
#include "demo/lines.h"
#include "demo/purchase.h"
#include "net/http_client.h"

namespace mamori::demo {
namespace {

constexpr std::size_t kLinesPerBulk = 2'000;

struct Line {
  Timestamp time;
  std::string_view stream;
  std::string json;
  bool operator>(const Line& other) const { return time > other.time; }
};

Timestamp after_ms(Timestamp from, double ms) { return from + Nanos{static_cast<std::int64_t>(ms * 1e6)}; }

class Generator {
 public:
  Generator(const HistorySpan& span, Random& random) : span_(span), random_(random) {}

  HistoryCount count;

  /// One customer's visit that begins at `at`, with all that follows from it.
  void visit(Timestamp at) {
    const Purchase who = draw_purchase(random_);
    access(at, "GET", "/", 200, 4, who);
    for (double browsed = random_.unit() * 3; browsed > 1; browsed -= 1) {
      access(after_ms(at, 900 * browsed), "GET", "/products/" + std::to_string(1 + random_.bits() % 12), 200, 4, who);
    }
    const double checkout_ms = draw_checkout_latency_ms(kNone, random_);
    const Timestamp opened = after_ms(at, 200 + draw_exponential(600, random_) + checkout_ms);
    const bool opens = draw_checkout_succeeds(kNone, random_);
    payment_line(kCheckoutStream, {.time = opened,
                                   .event = "checkout_session",
                                   .purchase = who,
                                   .status = opens ? "succeeded" : "failed",
                                   .error_code = opens ? "" : "api_error",
                                   .processing_time_ms = checkout_ms});
    access(opened, "POST", "/api/checkout-sessions", opens ? 200 : 502, checkout_ms + 2, who);
    if (opens) pay(after_ms(opened, 500 + draw_exponential(1500, random_)), who);
  }

  /// Hands over what lies before `until`, oldest first.
  Result<void> flush(Timestamp until, const std::function<Result<void>(std::string)>& sink) {
    std::string body;
    std::size_t lines = 0;
    while (!lines_.empty() && lines_.top().time < until) {
      const Line& line = lines_.top();
      body += "{\"index\":{\"_index\":\"" + std::string(line.stream) + "\"}}\n" + line.json + '\n';
      lines_.pop();
      ++count.lines;
      if (++lines < kLinesPerBulk) continue;
      MAMORI_TRY_VOID(sink(std::move(body)));
      body.clear();
      lines = 0;
    }
    if (lines == 0) return {};
    return sink(std::move(body));
  }

 private:
  static constexpr Faults kNone{};

  void pay(Timestamp at, const Purchase& who) {
    const auto outcome = draw_outcome({who.payment_method, who.card_token}, kNone, random_);
    const std::string id = draw_id("pi_", 24, random_);
    const Timestamp done = after_ms(at, outcome.latency_ms);
    if (done < span_.end) ++count.payments;
    payment_line(kPaymentStream, {.time = done,
                                  .payment_id = id,
                                  .purchase = who,
                                  .status = outcome.status,
                                  .error_code = outcome.error_code,
                                  .processing_time_ms = outcome.latency_ms});
    access(done, "POST", "/api/payments", outcome.http_status, outcome.latency_ms + 2, who);
    webhook(done, id, who);
    if (outcome.status == "pending") {
      const auto late = draw_late_outcome(random_);
      const Timestamp ended = after_ms(done, draw_late_delay_ms(random_));
      payment_line(
          kPaymentStream,
          {.time = ended, .payment_id = id, .purchase = who, .status = late.status, .error_code = late.error_code});
      webhook(ended, id, who);
    } else if (outcome.status == "succeeded" && random_.unit() < 0.02) {
      const double took_ms = draw_checkout_latency_ms(kNone, random_);
      payment_line(kRefundStream, {.time = after_ms(done, 10'000 + draw_exponential(30'000, random_)),
                                   .event = "refund",
                                   .payment_id = id,
                                   .purchase = who,
                                   .status = "succeeded",
                                   .processing_time_ms = took_ms});
    }
  }

  void webhook(Timestamp created, const std::string& payment_id, const Purchase& who) {
    const double took_ms = draw_webhook_delay_ms(kNone, random_) + 5 + 25 * random_.unit();
    payment_line(kWebhookStream, {.time = after_ms(created, took_ms),
                                  .event = "webhook",
                                  .payment_id = payment_id,
                                  .purchase = who,
                                  .status = "succeeded",
                                  .processing_time_ms = took_ms,
                                  .event_id = draw_id("evt_", 20, random_)});
    Purchase provider;
    provider.ip_address = "127.0.0.1";
    provider.user_agent = "example-pay-webhooks/1.0";
    access(after_ms(created, took_ms), "POST", "/webhooks/provider", 200, 5 + 25 * random_.unit(), provider);
  }

  void payment_line(std::string_view stream, PaymentLine line) {
    line.history = true;
    add({line.time, stream, to_json(line)});
  }

  void access(Timestamp at, std::string_view method, std::string path, int code, double took_ms, const Purchase& who) {
    const AccessLine line{.time = at,
                          .request_method = method,
                          .request_path = std::move(path),
                          .response_code = code,
                          .response_time_ms = static_cast<std::int64_t>(took_ms),
                          .purchase = who,
                          .request_id = draw_id("", 32, random_)};
    add({at, kAccessStream, to_json(line)});
  }

  void add(Line line) {
    if (line.time < span_.end) lines_.push(std::move(line));  // what lies later has not happened yet
  }

  const HistorySpan& span_;
  Random& random_;
  std::priority_queue<Line, std::vector<Line>, std::greater<>> lines_;
};

}  // namespace

Result<HistoryCount> generate_history(const HistorySpan& span, Random& random,
                                      const std::function<Result<void>(std::string body)>& sink) {
  Generator generator(span, random);
  Timestamp at = span.begin;
  Timestamp flushed = span.begin;
  while (at < span.end) {
    const double rate = span.rate * daily_shape(at);
    at = after_ms(at, std::min(draw_exponential(1000.0 / std::max(rate, 1e-3), random), 3.6e6));
    if (at >= span.end) break;
    generator.visit(at);
    // Nothing generated later can lie before `at`, so that much is final.
    if (at - flushed < Seconds{60}) continue;
    MAMORI_TRY_VOID(generator.flush(at, sink));
    flushed = at;
  }
  MAMORI_TRY_VOID(generator.flush(span.end, sink));
  return generator.count;
}

Result<void> send_bulk(const std::string& url, std::string body) {
  net::ClientRequest request{.method = "POST", .url = url + "/_bulk"};
  request.headers.set("Content-Type", "application/x-ndjson");
  request.body = std::move(body);
  MAMORI_TRY(const auto reply, net::send(request, Millis{20'000}));
  if (reply.status != 200 || reply.body.find("\"errors\":false") == std::string::npos) {
    return Error{Code::Unavailable,
                 "_bulk answered " + std::to_string(reply.status) + ": " + reply.body.substr(0, 300)};
  }
  return {};
}

}  // namespace mamori::demo
