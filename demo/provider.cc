// The payment provider's stand-in: answers charges in its own time, declines some, and sends webhooks afterwards.
#include <cstdio>
#include <thread>

#include "base/json.h"
#include "base/log.h"
#include "demo/agenda.h"
#include "demo/charge_model.h"
#include "demo/json_object.h"
#include "demo/lines.h"
#include "demo/role.h"
#include "net/http_client.h"
#include "net/http_server.h"

namespace mamori::demo {
namespace {

constexpr int kWebhookTries = 5;
constexpr std::size_t kWebhooksWaitingMax = 20'000;
// Longer than the shop waits for an answer, so that the shop is the one who gives up.
constexpr Millis kSilence{9'000};

struct Event {
  std::string event_id, payment_id, status, error_code;
  std::string purchase;  // JSON, as the shop gave it
  bool late = false;     // ends a payment that was pending
  Timestamp created;
};

Timestamp wall_clock() { return std::chrono::time_point_cast<Nanos>(std::chrono::system_clock::now()); }

void sleep_ms(double ms) {
  std::this_thread::sleep_for(std::chrono::microseconds(static_cast<std::int64_t>(ms * 1000)));
}

class Provider {
 public:
  explicit Provider(const RoleOptions& options)
      : options_(options),
        faults_(options.control_url, options.token),
        random_(options.seed),
        webhooks_(16, kWebhooksWaitingMax) {}

  void add_routes(net::Router& router) {
    router.add("GET", "/healthz", [](const net::Request&) { return net::Response::text(200, "ok\n"); });
    router.add("GET", "/metrics", [this](const net::Request&) { return counters_.exposition(); });
    router.add("POST", "/v1/charges", [this](const net::Request& request) { return charge(request); });
    router.add("POST", "/v1/checkout_sessions", [this](const net::Request&) { return checkout(); });
    router.add("POST", "/v1/refunds", [this](const net::Request& request) { return refund(request); });
  }

 private:
  net::Response charge(const net::Request& request) {
    const auto message = JsonObject::parse(request.body);
    if (!message) return net::Response::text(400, message.error().message);
    const auto purchase_text = message->text("purchase");
    const auto purchase = purchase_from_json(purchase_text);
    if (!purchase) return net::Response::text(400, purchase.error().message);

    const Faults faults = faults_.now();
    const auto outcome = random_.with(
        [&](Random& random) { return draw_outcome({purchase->payment_method, purchase->card_token}, faults, random); });
    counters_.add("demo_provider_charges_total{status=\"" + outcome.status + "\"}");
    if (outcome.silent) {
      std::this_thread::sleep_for(kSilence);
      return net::Response::text(504, "");
    }
    sleep_ms(outcome.latency_ms);
    if (outcome.http_status >= 500) return net::Response::json(outcome.http_status, R"({"error_code":"api_error"})");

    Event event{.payment_id = message->text("payment_id"),
                .status = outcome.status,
                .error_code = outcome.error_code,
                .purchase = purchase_text};
    if (outcome.status == "pending") pay_later(event);
    announce(std::move(event));
    JsonWriter json;
    json.begin_object().field("status", outcome.status).field("error_code", outcome.error_code).end_object();
    return net::Response::json(outcome.http_status, std::move(json).take());
  }

  net::Response checkout() {
    const Faults faults = faults_.now();
    const auto [succeeds, latency_ms] = random_.with([&](Random& random) {
      return std::pair{draw_checkout_succeeds(faults, random), draw_checkout_latency_ms(faults, random)};
    });
    sleep_ms(latency_ms);
    counters_.add("demo_provider_checkout_sessions_total");
    if (!succeeds) return net::Response::json(500, R"({"error_code":"api_error"})");
    return net::Response::json(200, R"({"status":"succeeded"})");
  }

  net::Response refund(const net::Request& request) {
    const auto message = JsonObject::parse(request.body);
    if (!message) return net::Response::text(400, message.error().message);
    const Faults faults = faults_.now();
    sleep_ms(random_.with([&](Random& random) { return draw_checkout_latency_ms(faults, random); }));
    counters_.add("demo_provider_refunds_total");
    return net::Response::json(200, R"({"status":"succeeded"})");
  }

  /// The customer pays at the konbini or the bank, some time after the charge.
  void pay_later(Event event) {
    const auto [outcome, delay_ms] =
        random_.with([](Random& random) { return std::pair{draw_late_outcome(random), draw_late_delay_ms(random)}; });
    event.status = outcome.status;
    event.error_code = outcome.error_code;
    event.late = true;
    webhooks_.in_ms(delay_ms, [this, event] { announce(event); });
  }

  void announce(Event event) {
    const Faults faults = faults_.now();
    event.created = wall_clock();
    const double delay_ms = random_.with([&](Random& random) {
      event.event_id = draw_id("evt_", 20, random);
      return draw_webhook_delay_ms(faults, random);
    });
    webhooks_.in_ms(delay_ms, [this, event] { deliver(event, 1); });
  }

  void deliver(const Event& event, int attempt) {
    JsonWriter json;
    json.begin_object();
    json.field("event_id", event.event_id).field("type", "payment." + event.status);
    json.field("created_ms", to_millis(event.created)).field("late", event.late);
    json.field("payment_id", event.payment_id);
    json.field("status", event.status).field("error_code", event.error_code);
    json.key("purchase").raw(event.purchase).end_object();
    net::ClientRequest request{.method = "POST", .url = options_.front_url + "/webhooks/provider"};
    request.headers.set("Content-Type", "application/json");
    request.headers.set("User-Agent", "example-pay-webhooks/1.0");
    request.headers.set("Authorization", "Bearer " + options_.token);
    request.body = std::move(json).take();
    const auto reply = net::send(request, Millis{5'000});
    if (reply && reply->status < 300) {
      counters_.add("demo_provider_webhooks_total{result=\"delivered\"}");
      return;
    }
    const bool gives_up = attempt >= kWebhookTries;
    counters_.add(gives_up ? "demo_provider_webhooks_total{result=\"lost\"}"
                           : "demo_provider_webhooks_total{result=\"retried\"}");
    // 1, 2, 4, 8 s: a shop that restarts gets its events within the demo's patience.
    if (!gives_up) webhooks_.in_ms(500.0 * (1 << attempt), [this, event, attempt] { deliver(event, attempt + 1); });
  }

  const RoleOptions& options_;
  FaultWatch faults_;
  SharedRandom random_;
  Counters counters_;
  Agenda webhooks_;  // last: its threads use all of the above
};

}  // namespace

int run_provider(const RoleOptions& options) {
  Provider provider(options);
  net::Router router;
  provider.add_routes(router);
  // A thread per charge under way: they sleep through their latency, at most 9 s each, at some ten a second.
  net::HttpServerOptions server_options{.listen = options.listen, .body_bytes_max = 1u << 20, .worker_threads = 96};
  auto server = net::HttpServer::start(server_options, [&](net::Request& request) { return router.handle(request); });
  if (!server) {
    log_error(server.error().message);
    return 1;
  }
  wait_for_stop_signal();
  // Charges under way may take seconds yet, and the customers are gone: nobody waits. Log lines are written already.
  std::_Exit(0);
}

}  // namespace mamori::demo
