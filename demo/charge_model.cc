#include "demo/charge_model.h"

#include <algorithm>
#include <array>

#include "demo/purchase.h"

namespace mamori::demo {
namespace {

// Issuers' reasons in the order of their usual frequency: funds first, then the silent refusals.
constexpr std::array<Weighted, 13> kDeclines{{{"insufficient_funds", 37},
                                              {"do_not_honor", 20},
                                              {"generic_decline", 13},
                                              {"incorrect_cvc", 8},
                                              {"expired_card", 7},
                                              {"authentication_required", 4},
                                              {"card_velocity_exceeded", 3},
                                              {"transaction_not_allowed", 2},
                                              {"fraudulent", 2},
                                              {"incorrect_number", 1.5},
                                              {"card_not_supported", 1},
                                              {"lost_card", 0.8},
                                              {"stolen_card", 0.7}}};
constexpr std::array<Weighted, 5> kDeclinesOfStolenCards{{{"incorrect_cvc", 40},
                                                          {"fraudulent", 25},
                                                          {"do_not_honor", 15},
                                                          {"stolen_card", 10},
                                                          {"card_velocity_exceeded", 10}}};
constexpr std::array<Weighted, 3> kTechnical{
    {{"processing_error", 55}, {"issuer_not_available", 30}, {"reenter_transaction", 15}}};

constexpr double kTechnicalShare = 0.0015;
constexpr double kAbandonedShare = 0.008;  // of card charges, at 3-D Secure

bool is_late_method(std::string_view method) { return method == "konbini" || method == "bank_transfer"; }

double decline_share(const Charge& charge) {
  if (charge.card_token == "tok_stolen") return 0.93;
  if (charge.card_token.empty()) return 0.03;  // wallets with a balance: paypay
  return 0.09;
}

double draw_latency_ms(const Faults& faults, Random& random) {
  // Normal: exp(ln 350 + 2.326 * 0.62) = 1.48 s at p99. Slow: 2.1 s median, 7 s at p99, which also passes 5 s often
  // enough for the log's `processing_time > 5000`.
  const double drawn = faults.slow_provider ? draw_log_normal(2100, 0.52, random) : draw_log_normal(350, 0.62, random);
  return std::clamp(drawn, 40.0, 7'500.0);
}

ChargeOutcome failed(std::string_view code, int http_status) {
  return {.status = "failed", .error_code = std::string(code), .http_status = http_status};
}

ChargeOutcome draw_broken_provider(Random& random) {
  const double at = random.unit();
  if (at < 0.55) return failed("processing_error", 402);
  if (at < 0.75) return failed("api_error", 500);
  if (at < 0.90) return failed("api_error", 503);
  auto outcome = failed("timeout", 504);
  outcome.silent = true;
  return outcome;
}

ChargeOutcome draw_ordinary(const Charge& charge, Random& random) {
  if (random.unit() < kTechnicalShare) return failed(pick(kTechnical, random), 402);
  if (is_late_method(charge.payment_method)) return {.status = "pending"};
  const bool stolen = charge.card_token == "tok_stolen";
  if (random.unit() < decline_share(charge)) {
    if (charge.card_token.empty()) return failed("insufficient_funds", 402);
    return failed(stolen ? pick(kDeclinesOfStolenCards, random) : pick(kDeclines, random), 402);
  }
  if (!stolen && !charge.card_token.empty() && random.unit() < kAbandonedShare) return {.status = "canceled"};
  return {.status = "succeeded"};
}

}  // namespace

ChargeOutcome draw_outcome(const Charge& charge, const Faults& faults, Random& random) {
  // 85 %: a provider's outage is rarely total, and some successes keep the page honest about "degraded".
  auto outcome =
      faults.provider_errors && random.unit() < 0.85 ? draw_broken_provider(random) : draw_ordinary(charge, random);
  outcome.latency_ms = draw_latency_ms(faults, random);
  return outcome;
}

ChargeOutcome draw_late_outcome(Random& random) {
  if (random.unit() < 0.05) return {.status = "canceled"};  // never went to the konbini
  return {.status = "succeeded"};
}

double draw_late_delay_ms(Random& random) { return std::clamp(draw_log_normal(25'000, 0.5, random), 5e3, 120e3); }

double draw_webhook_delay_ms(const Faults& faults, Random& random) {
  if (faults.webhook_lag) return 5'500 + draw_exponential(2'500, random);
  return std::clamp(draw_log_normal(250, 0.5, random), 30.0, 2'500.0);
}

bool draw_checkout_succeeds(const Faults& faults, Random& random) {
  return random.unit() >= (faults.provider_errors ? 0.08 : 0.001);
}

double draw_checkout_latency_ms(const Faults& faults, Random& random) {
  return std::clamp(draw_log_normal(faults.slow_provider ? 700 : 90, 0.4, random), 15.0, 4'000.0);
}

}  // namespace mamori::demo
