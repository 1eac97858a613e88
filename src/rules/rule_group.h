// rules/rule_group.h: one group of rules at work: evaluated in order at one moment, each rule seeing what the rules
// before it gave at that moment. Always holds: a rule that fails leaves the others of its group alone; what it gave
// before ends by itself after the lookback, without a staleness marker, because nothing is known of it.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/promql/engine.h"
#include "metrics/store.h"
#include "rules/alert_states.h"
#include "rules/result_writer.h"
#include "rules/rule_set.h"

namespace mamori::rules {

/// What rules work with; outlives the groups.
struct RuleEnvironment {
  metrics::Store& store;
  const metrics::promql::Engine& engine;
  const Clock& clock;
};

/// What templates of alerts see of the server.
struct TemplateContext {
  TextPairs external_labels;
  std::string external_url;
  bool operator==(const TemplateContext&) const = default;
};

enum class RuleHealth { Unknown, Good, Bad };
std::string_view to_string(RuleHealth health);  // "unknown", "ok", "err"

struct RuleStatus {
  RulePtr rule;
  RuleHealth health = RuleHealth::Unknown;
  std::string last_error;
  Nanos evaluation_time{0};
  Timestamp last_evaluation;  // the epoch: never
  std::vector<RuleAlert> alerts;
};

struct GroupCounters {
  std::uint64_t evaluations = 0, failures = 0;       // of single rules
  std::uint64_t iterations = 0, missed = 0;          // of the group
  std::uint64_t samples_refused = 0;                 // by the store: older than what is there, or another value
  double evaluation_seconds = 0, group_seconds = 0;  // sums over rules, over iterations
  GroupCounters& operator+=(const GroupCounters& more);
};

struct GroupStatus {
  std::shared_ptr<const RuleGroupDefinition> definition;
  Nanos evaluation_time{0};
  Timestamp last_evaluation;  // when it began; the epoch: never
  std::uint64_t last_samples = 0;
  std::vector<RuleStatus> rules;
  GroupCounters counters;
};

class RuleGroup {
 public:
  RuleGroup(std::shared_ptr<const RuleGroupDefinition> definition, TemplateContext context);

  /// Evaluates all rules for the moment `at` and writes what they give. `stopping` is asked before each rule.
  /// One caller at a time.
  void evaluate(const RuleEnvironment& environment, Timestamp at, const std::function<bool()>& stopping = {});

  /// Takes over alerts and written series of the rules that both groups have; what only `old` wrote gets staleness
  /// markers at the next evaluation. REQUIRES: neither group is being evaluated.
  void take_state_from(RuleGroup& old);

  /// Every series that it wrote and that has not ended. REQUIRES: it is not being evaluated.
  std::vector<metrics::Labels> written_series() const;

  /// When these series can end, `now` or later: not at the moment of their last samples, which would stay in the place
  /// of a staleness marker. REQUIRES: as written_series.
  Timestamp series_end(Timestamp now) const;

  void count_missed(std::uint64_t iterations);
  const RuleGroupDefinition& definition() const { return *definition_; }
  const TemplateContext& context() const { return context_; }
  GroupStatus status() const;  // thread-safe

 private:
  struct State {
    GivenSeries given;
    AlertStates alerts;
  };

  Result<std::vector<ResultSample>> results_of(const RuleEnvironment& environment, std::size_t i, Timestamp at);
  FoundAlert found_alert(const RuleEnvironment& environment, const Rule& rule, const ResultSample& sample,
                         Timestamp at) const;
  Result<void> evaluate_rule(const RuleEnvironment& environment, std::size_t i, Timestamp at, std::size_t& samples);
  void end_left_series(const RuleEnvironment& environment, std::int64_t time_ms);

  const std::shared_ptr<const RuleGroupDefinition> definition_;
  const TemplateContext context_;
  std::vector<State> states_;                 // one per rule; the evaluating thread's
  std::vector<metrics::Labels> left_series_;  // of rules that the group before had; the evaluating thread's
  std::int64_t last_written_ms_ = 0;          // of the newest samples; the evaluating thread's
  mutable std::mutex mutex_;                  // guards what follows
  GroupStatus status_;
};

}  // namespace mamori::rules
