#include "rules/judge.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "base/log.h"
#include "rules/indicators.h"
#include "rules/log_alerts.h"
#include "rules/texts.h"
#include "rules/windows.h"

namespace mamori::rules {
namespace {

constexpr Nanos kLatenessMax = std::chrono::hours{1};
constexpr Nanos kAheadMax = std::chrono::minutes{1};
constexpr SecondIndex kVerdictWindow =
    300;  // when payment_success_rate, whose period it otherwise is, is not configured

/// On at once, off when the condition has been false for kCalm.
class Latch {
 public:
  bool update(bool condition, Timestamp now) {
    if (condition) {
      on_ = true;
      false_since_.reset();
    } else if (on_) {
      if (!false_since_ || *false_since_ > now) false_since_ = now;  // later: the clock was set back
      if (now - *false_since_ >= kCalm) on_ = false;
    }
    return on_;
  }

 private:
  bool on_ = false;
  std::optional<Timestamp> false_since_;
};

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::Ok:
      return "ok";
    case State::Breached:
      return "breached";
    case State::NoData:
      return "no_data";
  }
  return "no_data";
}

std::string_view to_string(VerdictState state) {
  switch (state) {
    case VerdictState::Ok:
      return "ok";
    case VerdictState::Degraded:
      return "degraded";
    case VerdictState::Down:
      return "down";
    case VerdictState::Unknown:
      return "unknown";
  }
  return "unknown";
}

struct Judge::Impl {
  mutable std::mutex mutex;
  std::vector<spec::IndicatorSpec> indicators;
  Windows windows;
  LogAlerts log_alerts;
  Timestamp horizon;  // the latest moment that we have seen, arrivals and evaluations, since the clock was set back
  std::map<std::string, Latch> latches;
  std::optional<Verdict> verdict;
  JudgeCounters counters;

  const spec::IndicatorSpec* success() const {
    const auto at = std::ranges::find(indicators, "payment_success_rate", &spec::IndicatorSpec::name);
    return at == indicators.end() ? nullptr : &*at;
  }

  void configure(const spec::Spec& spec, std::vector<std::string>* warnings);
  void move_on(Timestamp now);
  void judge_indicators(Evaluation& evaluation, Timestamp now);
  void judge_down(Evaluation& evaluation, Timestamp now);
  void judge_verdict(Evaluation& evaluation, Timestamp now);
};

void Judge::Impl::configure(const spec::Spec& spec, std::vector<std::string>* warnings) {
  indicators.clear();
  for (const auto& indicator : spec.indicators) {
    if (is_known_indicator(indicator.name)) {
      indicators.push_back(indicator);
    } else if (warnings != nullptr) {
      warnings->push_back("payment_monitoring: indicator \"" + indicator.name + "\" is not known; it is not judged");
    }
  }
  log_alerts.configure(spec.log_alerts, warnings);
}

/// Evaluations come every second, so a `now` far before the last one means that the clock was ahead and was set right:
/// what it stamped is dropped, or it would keep the true time's lines out until that moment comes.
void Judge::Impl::move_on(Timestamp now) {
  if (now < horizon - kAheadMax) {
    log_warn("the clock was set back; what was judged at later moments is dropped",
             {{"from", format_rfc3339(horizon)}, {"to", format_rfc3339(now)}});
    ++counters.clock_set_back;
    windows.forget_after(second_of(now));
    log_alerts.forget_after(second_of(now));
    if (verdict && verdict->since > now) verdict->since = now;
    horizon = now;
  }
  horizon = std::max(horizon, now);
}

void Judge::Impl::judge_indicators(Evaluation& evaluation, Timestamp now) {
  for (const auto& spec : indicators) {
    IndicatorState state = measure(spec, windows, second_of(now));
    const bool breached = state.state == State::Breached;

    Finding finding;
    finding.labels = indicator_labels(state);
    if (breached) finding.annotations = indicator_texts(state);
    finding.active = breached;
    finding.has_data = state.state != State::NoData;
    finding.value = state.value.value_or(0);
    finding.keep_firing_for = kCalm;
    evaluation.findings.push_back(std::move(finding));

    const bool latched = latches[spec.name].update(breached, now);
    if (latched && state.state == State::Ok) state.state = State::Breached;
    if (latched && state.severity != "info") {
      evaluation.verdict.reasons.push_back(Reason{.code = "indicator_breached",
                                                  .indicator = state.name,
                                                  .alert = std::string(alert_name(state.name)),
                                                  .value = state.value,
                                                  .threshold = state.threshold});
      evaluation.verdict.state = VerdictState::Degraded;
    }
    evaluation.indicators.push_back(std::move(state));
  }
}

void Judge::Impl::judge_down(Evaluation& evaluation, Timestamp now) {
  const spec::IndicatorSpec* spec = success();
  if (spec == nullptr) return;
  const FastDown down = fast_down(windows.payments, second_of(now));
  const double failed_percent =
      down.payments == 0 ? 0 : 100 * static_cast<double>(down.failed) / static_cast<double>(down.payments);
  Finding finding;
  finding.labels = fast_down_labels();
  if (down.active) finding.annotations = fast_down_texts(down);
  finding.active = down.active;
  finding.has_data = down.payments > 0;
  finding.value = failed_percent;
  finding.keep_firing_for = kCalm;
  evaluation.findings.push_back(std::move(finding));

  const OutcomeCounts counts = windows.payments.counts(second_of(now), window_of(*spec));
  const bool mostly = mostly_failing(counts, healthy_failure_share(spec->threshold));
  const bool fast_latched = latches[std::string(kFastDownAlert)].update(down.active, now);
  const bool mostly_latched = latches["mostly_failing"].update(mostly, now);
  if (!fast_latched && !mostly_latched) return;
  evaluation.verdict.state = VerdictState::Down;
  if (!fast_latched) return;  // payment_success_rate's own reason is in the list already
  evaluation.verdict.reasons.insert(evaluation.verdict.reasons.begin(), Reason{.code = "fast_down",
                                                                               .indicator = "payment_success_rate",
                                                                               .alert = std::string(kFastDownAlert),
                                                                               .value = 100 - failed_percent,
                                                                               .threshold = 50});
}

void Judge::Impl::judge_verdict(Evaluation& evaluation, Timestamp now) {
  Verdict& current = evaluation.verdict;
  const spec::IndicatorSpec* spec = success();
  const SecondIndex window = spec != nullptr ? window_of(*spec) : kVerdictWindow;
  evaluation.acceptance = acceptance(windows, second_of(now), window);
  if (current.state == VerdictState::Ok && !indicators.empty() &&
      windows.payments.counts(second_of(now), window).total() == 0) {
    current.state = VerdictState::Unknown;
    Reason reason;
    reason.code = "no_payments";
    current.reasons.push_back(std::move(reason));
  }
  if (indicators.empty()) current.state = VerdictState::Unknown;  // nothing says what must hold
  current.since = verdict && verdict->state == current.state ? verdict->since : now;
  verdict = current;
}

Judge::Judge(const spec::Spec& spec, std::vector<std::string>* warnings) : impl_(std::make_unique<Impl>()) {
  impl_->configure(spec, warnings);
}

Judge::~Judge() = default;

void Judge::observe(const logs::Line& line, const std::optional<logs::PaymentEvent>& event, Timestamp arrival) {
  const std::lock_guard lock(impl_->mutex);
  ++impl_->counters.observed;
  impl_->horizon = std::max(impl_->horizon, arrival);
  impl_->log_alerts.observe(line, arrival);
  if (!event) return;
  if (event->time > arrival + kAheadMax) ++impl_->counters.future;
  const Timestamp time = std::min(event->time, arrival);
  if (time <= impl_->horizon - kLatenessMax) {
    ++impl_->counters.too_late;
    return;
  }
  impl_->windows.add(*event, time);
}

Evaluation Judge::evaluate(Timestamp now) {
  const std::lock_guard lock(impl_->mutex);
  impl_->move_on(now);
  Evaluation evaluation;
  evaluation.at = now;
  evaluation.verdict.state = VerdictState::Ok;
  impl_->judge_indicators(evaluation, now);
  impl_->judge_down(evaluation, now);
  impl_->judge_verdict(evaluation, now);
  auto log_findings = impl_->log_alerts.evaluate(second_of(now));
  evaluation.findings.insert(evaluation.findings.end(), std::make_move_iterator(log_findings.begin()),
                             std::make_move_iterator(log_findings.end()));
  return evaluation;
}

void Judge::reconfigure(const spec::Spec& spec, std::vector<std::string>* warnings) {
  const std::lock_guard lock(impl_->mutex);
  impl_->configure(spec, warnings);
}

JudgeCounters Judge::counters() const {
  const std::lock_guard lock(impl_->mutex);
  JudgeCounters counters = impl_->counters;
  counters.samples_thinned = impl_->windows.payment_latency.thinned() + impl_->windows.webhook_time.thinned();
  counters.ids_forgotten = impl_->windows.payments.ids_forgotten();
  return counters;
}

}  // namespace mamori::rules
