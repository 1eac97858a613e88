// rules/judge.h: decides what is wrong, from payment log lines and the spec. Definitions, formulas and the reason for
// every number are in docs/indicators.md.
// What always holds: indicators slide over the event's own time (a line up to an hour late lands in its place), log
// alerts over the time of arrival; no evidence is "no data", never 0 or 100 %; memory is bounded.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "logs/payment_event.h"
#include "logs/store.h"
#include "rules/finding.h"
#include "spec/spec.h"

namespace mamori::rules {

/// How much of the log store the app reads back at start: the longest window and the latest lateness.
inline constexpr Nanos kReplay = std::chrono::minutes{61};

enum class State { Ok, Breached, NoData };
std::string_view to_string(State state);  // "ok", "breached", "no_data"

struct IndicatorState {
  std::string name;  // payment_success_rate, …: also the name of its series
  std::string unit;  // "percent", "ms"; "count" for the statistics Sum and SampleCount of a ratio
  std::string op;    // how a good value stands to the threshold: ">=" or "<="
  double threshold = 0;
  std::optional<double> value;  // nothing: no data in the window
  State state = State::NoData;  // stays Breached until the condition has been false for 30 s
  std::int64_t window_seconds = 0;
  std::uint64_t events = 0;  // payments, webhooks or checkout sessions in the window
  std::uint64_t bad = 0;     // of those: failed (ratios), or slower than the threshold (times)
  std::string severity;      // "critical", "warning", "info"
  std::string statistic;     // as configured
};

struct Acceptance {
  std::optional<double>
      value;  // percent: succeeded / (succeeded + declined by issuer), over payment_success_rate's window
  std::uint64_t events = 0;  // unique payments counted
};

enum class VerdictState { Ok, Degraded, Down, Unknown };
std::string_view to_string(VerdictState state);  // "ok", "degraded", "down", "unknown"

struct Reason {
  std::string code;  // indicator_breached | no_payments | fast_down
  std::string indicator, alert;
  std::optional<double> value, threshold;
};

struct Verdict {
  VerdictState state = VerdictState::Unknown;
  Timestamp since;
  std::vector<Reason> reasons;  // most severe first
};

struct Evaluation {
  Timestamp at;
  std::vector<IndicatorState> indicators;  // in the spec's order
  std::vector<Finding> findings;           // one per rule, active or not
  Acceptance acceptance;
  Verdict verdict;
};

struct JudgeCounters {
  std::uint64_t observed = 0;
  std::uint64_t too_late = 0;         // older than the windows reach: in the store, but not judged
  std::uint64_t future = 0;           // stamped more than a minute ahead of their arrival: counted at their arrival
  std::uint64_t samples_thinned = 0;  // latencies beyond the exact number per second: percentiles become estimates
  std::uint64_t clock_set_back = 0;   // times the clock went back by more than a minute
  std::uint64_t ids_forgotten = 0;    // payment ids dropped early for want of room: a late retry counts again
};

/// Thread-safe.
class Judge {
 public:
  /// A log alert whose condition cannot be parsed is left out, with a sentence in `warnings`.
  explicit Judge(const spec::Spec& spec, std::vector<std::string>* warnings = nullptr);
  ~Judge();

  /// Takes one durable line. `event`: the line decoded, nothing if it is no payment event. `arrival`: when it reached
  /// us; for lines read back from the store at start, their own time (`line.time`).
  void observe(const logs::Line& line, const std::optional<logs::PaymentEvent>& event, Timestamp arrival);

  /// Cheap enough for once a second. The app hands `findings` to the alert manager and `indicators` to the metrics
  /// store.
  Evaluation evaluate(Timestamp now);

  /// Takes another spec; the windows keep what they have seen.
  void reconfigure(const spec::Spec& spec, std::vector<std::string>* warnings = nullptr);

  JudgeCounters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mamori::rules
