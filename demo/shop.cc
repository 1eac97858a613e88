// The shop: what a team would have written itself. It calls the provider, hears its webhooks and writes a JSON log line
// about each, which rsyslog ships. It knows nothing of mamori.
#include <array>
#include <deque>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "demo/json_object.h"
#include "demo/lines.h"
#include "demo/role.h"
#include "demo/rolling_file.h"
#include "net/http_client.h"
#include "net/http_server.h"

namespace mamori::demo {
namespace {

constexpr Millis kProviderTimeout{8'000};  // Stripe's libraries wait 80 s; a demo should not
constexpr std::size_t kPaymentsKept = 20'000;
constexpr std::uint64_t kLogBytesMax = 32u << 20;

struct Logs {
  std::unique_ptr<RollingFile> payments, webhooks, checkouts, refunds;
  static Result<Logs> open(const std::string& dir) {
    Logs logs;
    MAMORI_TRY(logs.payments, RollingFile::open(dir + "/payments.jsonl", kLogBytesMax));
    MAMORI_TRY(logs.webhooks, RollingFile::open(dir + "/webhooks.jsonl", kLogBytesMax));
    MAMORI_TRY(logs.checkouts, RollingFile::open(dir + "/checkouts.jsonl", kLogBytesMax));
    MAMORI_TRY(logs.refunds, RollingFile::open(dir + "/refunds.jsonl", kLogBytesMax));
    return logs;
  }
};

struct ProviderReply {
  std::string status, error_code;
  double took_ms = 0;
};

class Shop {
 public:
  Shop(const RoleOptions& options, Logs logs) : options_(options), logs_(std::move(logs)), random_(options.seed) {}

  void add_routes(net::Router& router) {
    const auto page = [](const net::Request&) {
      auto response = net::Response::text(
          200, "<!doctype html><title>Example shop</title><h1>Example shop</h1><p>A demo: nothing is for sale.</p>\n");
      response.headers.set("Content-Type", "text/html; charset=utf-8");
      return response;
    };
    router.add("GET", "/", page);
    router.add("GET", "/products", page);
    router.add("GET", "/products/{id}", page);
    router.add("GET", "/healthz", [](const net::Request&) { return net::Response::text(200, "ok\n"); });
    router.add("GET", "/metrics", [this](const net::Request&) { return counters_.exposition(); });
    router.add("POST", "/api/checkout-sessions", [this](const net::Request& request) { return checkout(request); });
    router.add("POST", "/api/payments", [this](const net::Request& request) { return pay(request); });
    router.add("POST", "/api/refunds", [this](const net::Request& request) { return refund(request); });
    router.add("POST", "/webhooks/provider", [this](const net::Request& request) { return webhook(request); });
  }

 private:
  /// What the customer's browser sent; address and browser are taken from the request itself.
  static Result<Purchase> read_purchase(const net::Request& request) {
    MAMORI_TRY(auto purchase, purchase_from_json(request.body));
    purchase.user_agent = request.headers.get("User-Agent");
    purchase.ip_address = request.headers.get("X-Forwarded-For");
    return purchase;
  }

  ProviderReply ask_provider(const std::string& path, std::string body) {
    net::ClientRequest request{.method = "POST", .url = options_.provider_url + path};
    request.headers.set("Content-Type", "application/json");
    request.body = std::move(body);
    const auto begin = std::chrono::steady_clock::now();
    const auto reply = net::send(request, kProviderTimeout);
    ProviderReply result;
    result.took_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    if (!reply) {
      result.status = "failed";
      result.error_code = reply.error().code == Code::DeadlineExceeded ? "timeout" : "connection_error";
    } else if (reply->status >= 500) {
      result.status = "failed";
      result.error_code = "api_error";
    } else if (const auto answer = JsonObject::parse(reply->body); answer && !answer->text("status").empty()) {
      result.status = answer->text("status");
      result.error_code = answer->text("error_code");
    } else {
      result.status = "failed";
      result.error_code = "api_error";
    }
    return result;
  }

  net::Response checkout(const net::Request& request) {
    auto purchase = read_purchase(request);
    if (!purchase) return net::Response::text(400, purchase.error().message);
    const auto reply = ask_provider("/v1/checkout_sessions", "{}");
    write(*logs_.checkouts, {.event = "checkout_session",
                             .purchase = *purchase,
                             .status = reply.status,
                             .error_code = reply.error_code,
                             .processing_time_ms = reply.took_ms});
    counters_.add("demo_shop_checkout_sessions_total{status=\"" + reply.status + "\"}");
    return answer(reply, "");
  }

  net::Response pay(const net::Request& request) {
    auto purchase = read_purchase(request);
    if (!purchase) return net::Response::text(400, purchase.error().message);
    const std::string payment_id = random_.with([](Random& random) { return draw_id("pi_", 24, random); });
    const auto reply = ask_provider("/v1/charges", message_to_provider(payment_id, *purchase));
    remember(payment_id, *purchase);
    write(*logs_.payments, {.payment_id = payment_id,
                            .purchase = *purchase,
                            .status = reply.status,
                            .error_code = reply.error_code,
                            .processing_time_ms = reply.took_ms});
    counters_.add("demo_shop_payments_total{status=\"" + reply.status + "\"}");
    return answer(reply, payment_id);
  }

  net::Response refund(const net::Request& request) {
    const auto message = JsonObject::parse(request.body);
    if (!message) return net::Response::text(400, message.error().message);
    const std::string payment_id = message->text("payment_id");
    const auto purchase = recall(payment_id);
    if (!purchase) return net::Response::text(404, "no payment has this id\n");
    const auto reply = ask_provider("/v1/refunds", message_to_provider(payment_id, *purchase));
    write(*logs_.refunds, {.event = "refund",
                           .payment_id = payment_id,
                           .purchase = *purchase,
                           .status = reply.status,
                           .error_code = reply.error_code,
                           .processing_time_ms = reply.took_ms});
    counters_.add("demo_shop_refunds_total{status=\"" + reply.status + "\"}");
    return answer(reply, payment_id);
  }

  net::Response webhook(const net::Request& request) {
    if (!has_token(request, options_.token)) return net::Response::text(401, "this is not the provider\n");
    const auto message = JsonObject::parse(request.body);
    if (!message) return net::Response::text(400, message.error().message);
    const auto purchase = purchase_from_json(message->text("purchase"));
    if (!purchase) return net::Response::text(400, purchase.error().message);
    // The work that a webhook starts: mark the order paid, send a mail.
    std::this_thread::sleep_for(Millis{random_.with([](Random& random) { return 5 + random.bits() % 25; })});
    if (message->text("late") == "true") {  // a konbini or bank payment has ended
      write(*logs_.payments, {.payment_id = message->text("payment_id"),
                              .purchase = *purchase,
                              .status = message->text("status"),
                              .error_code = message->text("error_code")});
    }
    const Timestamp created = timestamp_from_millis(message->integer("created_ms", to_millis(clock_.now())));
    // From the provider's event to the end of its processing: what a customer waits for.
    const auto took = std::chrono::duration<double, std::milli>(clock_.now() - created);
    write(*logs_.webhooks, {.event = "webhook",
                            .payment_id = message->text("payment_id"),
                            .purchase = *purchase,
                            .status = "succeeded",  // of the processing; the payment's own is in payment_logs
                            .processing_time_ms = std::max(took.count(), 0.0),
                            .event_id = message->text("event_id")});
    counters_.add("demo_shop_webhooks_total");
    return net::Response::text(200, "ok\n");
  }

  static std::string message_to_provider(const std::string& payment_id, const Purchase& purchase) {
    JsonWriter json;
    json.begin_object().field("payment_id", payment_id);
    json.key("purchase").raw(purchase_to_json(purchase)).end_object();
    return std::move(json).take();
  }

  static net::Response answer(const ProviderReply& reply, const std::string& payment_id) {
    JsonWriter json;
    json.begin_object().field("status", reply.status).field("payment_id", payment_id);
    if (!reply.error_code.empty()) json.field("error_code", reply.error_code);
    json.end_object();
    return net::Response::json(http_status(reply), std::move(json).take());
  }

  static int http_status(const ProviderReply& reply) {
    if (reply.status != "failed") return 200;
    if (reply.error_code == "timeout") return 504;
    if (reply.error_code == "api_error" || reply.error_code == "connection_error") return 502;
    return 402;
  }

  void write(RollingFile& file, PaymentLine line) {
    line.time = clock_.now();
    file.append(to_json(line));
  }

  void remember(const std::string& payment_id, const Purchase& purchase) {
    const std::lock_guard lock(mutex_);
    payments_.emplace(payment_id, purchase);
    order_.push_back(payment_id);
    if (order_.size() <= kPaymentsKept) return;
    payments_.erase(order_.front());
    order_.pop_front();
  }

  std::optional<Purchase> recall(const std::string& payment_id) {
    const std::lock_guard lock(mutex_);
    const auto found = payments_.find(payment_id);
    if (found == payments_.end()) return std::nullopt;
    return found->second;
  }

  const RoleOptions& options_;
  Logs logs_;
  SystemClock clock_;
  SharedRandom random_;
  Counters counters_;
  std::mutex mutex_;
  std::unordered_map<std::string, Purchase> payments_;  // for refunds, the newest kPaymentsKept
  std::deque<std::string> order_;
};

}  // namespace

int run_shop(const RoleOptions& options) {
  auto logs = Logs::open(options.log_dir);
  if (!logs) {
    log_error(logs.error().message);
    return 1;
  }
  Shop shop(options, *std::move(logs));
  net::Router router;
  shop.add_routes(router);
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
