// rules/indicators.h: one indicator at one moment: its value, and whether that value is a breach or only bad luck.
// Pure functions over the windows; docs/indicators.md has the formulas and where each number comes from.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "rules/judge.h"
#include "rules/windows.h"
#include "spec/spec.h"

namespace mamori::rules {

/// A ratio breaches only if so many failures would be rarer than this while all is well.
inline constexpr double kTailAlpha = 1e-6;
/// An objective of 100 % would make one failure proof; nobody's payments fail less often than one in ten thousand.
inline constexpr double kHealthyFailureShareMin = 1e-4;
/// A percentile or an average of fewer values says little; it is shown, but breaches nothing.
inline constexpr std::uint64_t kLatencyEventsMin = 20;
/// A condition must be false this long before it counts as over: the edge of a sliding window flickers.
inline constexpr Nanos kCalm = Seconds{30};

/// True for the four names of the design log and payment_acceptance_rate.
bool is_known_indicator(std::string_view name);

/// "critical", "warning" or "info".
std::string_view severity_of(const spec::IndicatorSpec& spec);

/// The window in whole seconds: `period`, at least 1 s, at most an hour.
SecondIndex window_of(const spec::IndicatorSpec& spec);

/// State says what holds at this very moment; the 30 s of calm are the judge's.
IndicatorState measure(const spec::IndicatorSpec& spec, const Windows& windows, SecondIndex now);

/// Over the given window.
Acceptance acceptance(const Windows& windows, SecondIndex now, SecondIndex window);

/// Fewer than half of the payments in the window succeed technically, and that is no chance. `p0`: the healthy share.
bool mostly_failing(const OutcomeCounts& counts, double p0);

/// Share of technical failures that the objective allows: 99.5 -> 0.005.
double healthy_failure_share(double objective_percent);

struct FastDown {
  bool active = false;
  std::uint64_t payments = 0;  // looked at: the latest, at most 20, of the last hour
  std::uint64_t failed = 0;
};
/// The rule that sees an outage in seconds: at least half of the last 20 payments failed technically, and the binomial
/// tail against a healthy 1 % is below 1e-8. Needs five payments at least.
FastDown fast_down(const PaymentWindow& payments, SecondIndex now);

}  // namespace mamori::rules
