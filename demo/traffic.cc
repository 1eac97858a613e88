// The customers: ordinary ones by the time of day, a scanner now and then, and an attacker when card-testing is on.
#include <chrono>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "demo/agenda.h"
#include "demo/daily_shape.h"
#include "demo/json_object.h"
#include "demo/lines.h"
#include "demo/purchase.h"
#include "demo/role.h"
#include "net/http_client.h"

namespace mamori::demo {
namespace {

constexpr Millis kPatience{12'000};        // a customer's, per request
constexpr double kBrowsersPerBuyer = 1.5;  // visitors who only look
constexpr double kScannersPerBuyer = 0.03;
constexpr double kRefundShare = 0.02;
constexpr double kCardTestsPerSecond = 6;

class Traffic {
 public:
  explicit Traffic(const RoleOptions& options)
      : options_(options),
        faults_(options.control_url, options.token),
        random_(options.seed),
        agenda_(64, /*tasks_max=*/20'000) {}

  void start() {
    next_buyer();
    next_browser();
    next_scanner();
    next_card_test();
  }

 private:
  /// Poisson arrivals: exponential gaps at the rate of this moment. A gap past 10 s is drawn anew then (the exponential
  /// has no memory), so that the day's shape is followed.
  void arrive(double per_second, std::function<void()> arrival) {
    const double rate = per_second * daily_shape(clock_.now());
    const double gap_ms = draw(1000.0 / std::max(rate, 1e-3));
    constexpr double kGapMsMax = 10'000;
    if (gap_ms > kGapMsMax) {
      agenda_.in_ms(kGapMsMax, [this, per_second, arrival] { arrive(per_second, arrival); });
    } else {
      agenda_.in_ms(gap_ms, arrival);
    }
  }
  double draw(double mean) {
    return random_.with([&](Random& random) { return draw_exponential(mean, random); });
  }

  void next_buyer() {
    arrive(options_.rate, [this] {
      next_buyer();
      visit(random_.with([](Random& random) { return draw_purchase(random); }));
    });
  }

  void next_browser() {
    arrive(options_.rate * kBrowsersPerBuyer, [this] {
      next_browser();
      const auto [who, product] =
          random_.with([](Random& random) { return std::pair{draw_purchase(random), random.bits() % 14}; });
      get(who, product == 0 ? "/" : product == 13 ? "/products" : "/products/" + std::to_string(product));
    });
  }

  void next_scanner() {
    arrive(options_.rate * kScannersPerBuyer, [this] {
      next_scanner();
      auto [who, target] = random_.with(
          [](Random& random) { return std::pair{draw_card_test(random), draw_suspicious_target(random)}; });
      who.user_id.clear();
      who.user_agent = "Mozilla/5.0 zgrab/0.x";
      get(who, std::string(target));
    });
  }

  void next_card_test() {
    agenda_.in_ms(draw(1000.0 / kCardTestsPerSecond), [this] {
      next_card_test();
      if (!faults_.now().card_testing) return;
      pay(random_.with([](Random& random) { return draw_card_test(random); }));
    });
  }

  /// Looks at the shop, opens a checkout session, thinks, pays.
  void visit(const Purchase& purchase) {
    get(purchase, "/");
    agenda_.in_ms(200 + draw(600), [this, purchase] {
      if (post(purchase, "/api/checkout-sessions", purchase_to_json(purchase)).status != 200) return;
      agenda_.in_ms(500 + draw(1500), [this, purchase] { pay(purchase); });
    });
  }

  void pay(const Purchase& purchase) {
    const auto reply = post(purchase, "/api/payments", purchase_to_json(purchase));
    if (reply.status != 200) return;
    const auto message = JsonObject::parse(reply.body);
    if (!message || message->text("status") != "succeeded") return;
    if (random_.with([](Random& random) { return random.unit(); }) >= kRefundShare) return;
    agenda_.in_ms(10'000 + draw(30'000), [this, purchase, id = message->text("payment_id")] {
      JsonWriter json;
      json.begin_object().field("payment_id", id).end_object();
      post(purchase, "/api/refunds", std::move(json).take());
    });
  }

  void get(const Purchase& who, const std::string& target) { send(who, "GET", target, ""); }
  net::ClientResponse post(const Purchase& who, const std::string& target, std::string body) {
    return send(who, "POST", target, std::move(body));
  }

  net::ClientResponse send(const Purchase& who, std::string method, const std::string& target, std::string body) {
    net::ClientRequest request{.method = std::move(method), .url = options_.front_url + target};
    request.headers.set("User-Agent", who.user_agent);
    request.headers.set("X-Forwarded-For", who.ip_address);
    request.headers.set("X-User-Id", who.user_id);
    if (!body.empty()) request.headers.set("Content-Type", "application/json");
    request.body = std::move(body);
    auto reply = net::send(request, kPatience);
    return reply ? *std::move(reply) : net::ClientResponse{};
  }

  const RoleOptions& options_;
  SystemClock clock_;
  FaultWatch faults_;
  SharedRandom random_;
  Agenda agenda_;  // last: its threads use all of the above
};

}  // namespace

int run_traffic(const RoleOptions& options) {
  auto traffic = std::make_unique<Traffic>(options);
  traffic->start();
  wait_for_stop_signal();
  // Customers under way would be waited for; the demo ends, so they are simply gone.
  std::_Exit(0);
}

}  // namespace mamori::demo
