#include "rules/indicators.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "rules/statistics.h"

namespace mamori::rules {
namespace {

constexpr double kFastDownP0 = 0.01;
constexpr double kFastDownAlpha = 1e-8;
constexpr std::size_t kFastDownPayments = 20;
constexpr SecondIndex kHour = 3600;

/// 99 of "p99", 99.9 of "p99.9".
std::optional<double> percent_of(std::string_view statistic) {
  if (statistic.size() < 2 || (statistic[0] != 'p' && statistic[0] != 'P')) return std::nullopt;
  double percent = 0;
  const char* const end = statistic.data() + statistic.size();
  const auto [at, error] = std::from_chars(statistic.data() + 1, end, percent);
  if (error != std::errc{} || at != end || percent <= 0 || percent > 100) return std::nullopt;
  return percent;
}

bool worse(const IndicatorState& state, double value) {
  return state.op == ">=" ? value < state.threshold : value > state.threshold;
}

/// A statistic over `events` data that are 1 (`ones` of them) or 0, as CloudWatch means it; percent but for the counts.
double ratio_statistic(std::string_view statistic, std::uint64_t events, std::uint64_t ones) {
  const std::uint64_t zeros = events - ones;
  if (statistic == "Sum") return static_cast<double>(ones);
  if (statistic == "SampleCount") return static_cast<double>(events);
  if (statistic == "Minimum") return zeros > 0 ? 0 : 100;
  if (statistic == "Maximum") return ones > 0 ? 100 : 0;
  if (const auto percent = percent_of(statistic)) return nearest_rank(events, *percent) < zeros ? 0 : 100;
  return 100 * static_cast<double>(ones) / static_cast<double>(events);  // Average
}

bool counts_things(std::string_view statistic) { return statistic == "Sum" || statistic == "SampleCount"; }

/// `good_is_one`: the datum of a good event is 1 (success rate), else that of a bad one is (error rate).
void measure_ratio(IndicatorState& state, std::uint64_t events, std::uint64_t bad, bool good_is_one, double p0) {
  state.unit = counts_things(state.statistic) ? "count" : "percent";
  state.events = events;
  state.bad = bad;
  if (events == 0) return;
  state.value = ratio_statistic(state.statistic, events, good_is_one ? events - bad : bad);
  const bool is_average = !counts_things(state.statistic) && state.statistic != "Minimum" &&
                          state.statistic != "Maximum" && !percent_of(state.statistic);
  // The other statistics are honoured as written: whoever asks for a Sum of errors means that number.
  const bool no_chance = !is_average || tail_below(bad, events, p0, kTailAlpha);
  state.state = worse(state, *state.value) && no_chance ? State::Breached : State::Ok;
}

void measure_times(IndicatorState& state, const SampleWindow& window, SecondIndex now) {
  const std::string_view statistic = state.statistic;
  state.unit = statistic == "SampleCount" ? "count" : "ms";
  const SampleSummary summary = window.summary(now, state.window_seconds);
  state.events = summary.count;
  if (summary.count == 0) return;
  state.bad = window.count_above(now, state.window_seconds, state.threshold);
  bool needs_many = false;
  if (statistic == "Sum") {
    state.value = summary.sum;
  } else if (statistic == "SampleCount") {
    state.value = static_cast<double>(summary.count);
  } else if (statistic == "Minimum") {
    state.value = summary.minimum;
  } else if (statistic == "Maximum") {
    state.value = summary.maximum;
  } else if (const auto percent = percent_of(statistic)) {
    state.value = window.percentile(now, state.window_seconds, *percent);
    needs_many = true;
  } else {
    state.value = summary.sum / static_cast<double>(summary.count);  // Average
    needs_many = true;
  }
  const bool enough = !needs_many || summary.count >= kLatencyEventsMin;
  state.state = worse(state, *state.value) && enough ? State::Breached : State::Ok;
}

}  // namespace

bool is_known_indicator(std::string_view name) {
  return name == "payment_success_rate" || name == "payment_acceptance_rate" || name == "payment_latency_p99" ||
         name == "stripe_webhook_processing_time" || name == "checkout_session_creation_errors";
}

std::string_view severity_of(const spec::IndicatorSpec& spec) {
  if (spec.alarm_action == "immediate_alert" || spec.alarm_action == "critical_alert") return "critical";
  if (spec.alarm_action == "warning_alert") return "warning";
  return "info";
}

SecondIndex window_of(const spec::IndicatorSpec& spec) {
  return std::clamp<SecondIndex>(std::chrono::ceil<Seconds>(spec.period).count(), 1, kHour);
}

double healthy_failure_share(double objective_percent) {
  return std::clamp(1 - objective_percent / 100, kHealthyFailureShareMin, 1.0);
}

IndicatorState measure(const spec::IndicatorSpec& spec, const Windows& windows, SecondIndex now) {
  IndicatorState state;
  state.name = spec.name;
  state.threshold = spec.threshold;
  state.statistic = spec.statistic;
  state.severity = severity_of(spec);
  state.window_seconds = window_of(spec);
  state.op = "<=";
  if (spec.name == "payment_success_rate") {
    state.op = ">=";
    const OutcomeCounts counts = windows.payments.counts(now, state.window_seconds);
    measure_ratio(state, counts.total(), counts.technical, true, healthy_failure_share(spec.threshold));
  } else if (spec.name == "payment_acceptance_rate") {
    state.op = ">=";
    const OutcomeCounts counts = windows.payments.counts(now, state.window_seconds);
    measure_ratio(state, counts.succeeded + counts.declined, counts.declined, true,
                  healthy_failure_share(spec.threshold));
  } else if (spec.name == "checkout_session_creation_errors") {
    const RatioWindow::Counts counts = windows.checkouts.counts(now, state.window_seconds);
    measure_ratio(state, counts.total, counts.bad, false, healthy_failure_share(100 - spec.threshold));
  } else if (spec.name == "payment_latency_p99") {
    measure_times(state, windows.payment_latency, now);
  } else if (spec.name == "stripe_webhook_processing_time") {
    measure_times(state, windows.webhook_time, now);
  }
  return state;
}

Acceptance acceptance(const Windows& windows, SecondIndex now, SecondIndex window) {
  const OutcomeCounts counts = windows.payments.counts(now, window);
  Acceptance result;
  result.events = counts.succeeded + counts.declined;
  if (result.events > 0) {
    result.value = 100 * static_cast<double>(counts.succeeded) / static_cast<double>(result.events);
  }
  return result;
}

bool mostly_failing(const OutcomeCounts& counts, double p0) {
  return 2 * counts.technical > counts.total() && tail_below(counts.technical, counts.total(), p0, kTailAlpha);
}

FastDown fast_down(const PaymentWindow& payments, SecondIndex now) {
  const auto latest = payments.latest(kFastDownPayments, now, kHour);
  FastDown result;
  result.payments = latest.size();
  result.failed = static_cast<std::uint64_t>(std::ranges::count(latest, Outcome::Technical));
  result.active = result.payments > 0 && 2 * result.failed >= result.payments &&
                  tail_below(result.failed, result.payments, kFastDownP0, kFastDownAlpha);
  return result;
}

}  // namespace mamori::rules
