// demo/charge_model.h: how the simulated provider answers: outcome, decline code and time taken. Pure functions of a
// random source, used by the provider process and by the history alike.
#pragma once
#include <string>
#include <string_view>

#include "base/random.h"
#include "demo/faults.h"

namespace mamori::demo {

struct Charge {
  std::string_view payment_method, card_token;
};

struct ChargeOutcome {
  std::string status;      // succeeded, failed, pending, canceled
  std::string error_code;  // a decline code of the provider, or api_error; "" unless failed
  int http_status = 200;   // 200; 402 declined; 500 or 503 when the provider itself fails
  bool silent = false;     // the provider does not answer before the shop gives up
  double latency_ms = 0;
};

/// Normal times: 8 to 10 % of card charges declined by issuers, 0.15 % technical failures, about 0.8 % left by the
/// customer at 3-D Secure; latency log-normal, median 350 ms, p99 below 2 s. konbini and bank_transfer are pending.
ChargeOutcome draw_outcome(const Charge& charge, const Faults& faults, Random& random);

/// How a charge that was pending ends when the customer pays, or does not.
ChargeOutcome draw_late_outcome(Random& random);
/// From the charge until then. Real customers take hours; the demo's half a minute or so.
double draw_late_delay_ms(Random& random);

/// From the provider's event to its delivery: median 250 ms; more than 5 s under webhook-lag.
double draw_webhook_delay_ms(const Faults& faults, Random& random);

/// Creating a checkout session: false in 0.1 %, and in 8 % under provider-errors.
bool draw_checkout_succeeds(const Faults& faults, Random& random);
double draw_checkout_latency_ms(const Faults& faults, Random& random);

}  // namespace mamori::demo
