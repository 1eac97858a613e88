// demo/faults.h: what can be broken in the demo, by name.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mamori::demo {

struct Faults {
  bool provider_errors = false;
  bool slow_provider = false;
  bool webhook_lag = false;
  bool card_testing = false;
  bool operator==(const Faults&) const = default;
};

struct FaultInfo {
  std::string_view name;
  std::string_view effect;
  bool Faults::* member;
};

inline constexpr std::array<FaultInfo, 4> kFaults{{
    {"provider-errors", "the provider answers most charges with processing_error, 5xx or nothing at all",
     &Faults::provider_errors},
    {"slow-provider", "the provider's answers take seconds (p99 above 3 s)", &Faults::slow_provider},
    {"webhook-lag", "the provider's webhooks arrive more than 5 s late", &Faults::webhook_lag},
    {"card-testing", "an attacker tries stolen cards: bursts of small amounts from few addresses",
     &Faults::card_testing},
}};

/// Errors: NotFound, with the known names.
Result<const FaultInfo*> find_fault(std::string_view name);

/// {"provider-errors":false,…}
std::string to_json(const Faults& faults);
/// Members that are absent stay off. Errors: InvalidArgument for text that is no JSON object.
Result<Faults> faults_from_json(std::string_view json);

}  // namespace mamori::demo
