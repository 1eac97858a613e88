// rules/rule_group.h: evaluates the recording rules of rule files, group by group, and stores what they give.
// What always holds: a group's rules run in their order, each seeing what the ones before it stored; a series that a
// rule no longer gives gets a staleness marker; a rule that fails leaves the others alone and says why. Alerting rules
// are read and shown, not yet evaluated. Source: Prometheus documentation, "Defining recording rules"; moments and
// labels as Prometheus sets them.
#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "metrics/promql/engine.h"
#include "metrics/registry.h"
#include "metrics/store.h"
#include "spec/rule_file.h"

namespace mamori::rules {

struct RuleStatus {
  std::string health = "unknown";  // "ok", "err", "unknown"
  std::string last_error;
  Timestamp last_evaluation;  // epoch 0: never
  double evaluation_seconds = 0;
};

struct RuleGroupStatus {
  spec::RuleGroupSpec spec;
  std::vector<RuleStatus> rules;  // as in the spec
  Nanos interval{0};
  Timestamp last_evaluation;
  double evaluation_seconds = 0;
};

/// One group. Knows no threads: whoever holds it evaluates it, one call at a time.
class RuleGroup {
 public:
  /// `interval` and `query_offset` are what holds where the group names none.
  RuleGroup(spec::RuleGroupSpec spec, Nanos interval, Nanos query_offset);

  const spec::RuleGroupSpec& spec() const { return status_.spec; }
  Nanos interval() const { return status_.interval; }
  Nanos query_offset() const { return query_offset_; }
  const RuleGroupStatus& status() const { return status_; }

  /// The first moment after `after` at which it is due: groups are spread over their interval by their name, and stay
  /// where they are over restarts.
  Timestamp next_after(Timestamp after) const;

  /// Evaluates all rules for the moment `at` and writes to the store. `now`: to measure with.
  void evaluate(const metrics::promql::Engine& engine, metrics::Store& store, const Clock& clock, Timestamp at);

  /// Staleness markers for all that it has given: it is not evaluated any more.
  void end(metrics::Store& store, Timestamp at);

 private:
  Result<void> evaluate_rule(std::size_t rule, const metrics::promql::Engine& engine, metrics::Store& store,
                             std::int64_t time_ms);
  Result<std::vector<metrics::SeriesSample>> record(const spec::RuleSpec& rule, const metrics::promql::Engine& engine,
                                                    std::int64_t time_ms) const;

  RuleGroupStatus status_;
  Nanos query_offset_;
  std::int64_t last_ms_ = 0;                      // of the last evaluation's samples
  std::vector<std::set<metrics::Labels>> given_;  // by rule: the series of the last evaluation
};

/// Evaluates groups in their rhythm on a few threads. Thread-safe.
class RuleManager {
 public:
  RuleManager(const metrics::promql::Engine& engine, metrics::Store& store, metrics::Registry& registry,
              const Clock& clock);
  ~RuleManager();

  /// Replaces the groups; those that are as before keep their state, those that go leave staleness markers.
  void configure(std::vector<spec::RuleGroupSpec> groups, Nanos interval, Nanos query_offset);
  void stop();
  std::vector<RuleGroupStatus> groups() const;

 private:
  struct Entry;
  void run();

  const metrics::promql::Engine& engine_;
  metrics::Store& store_;
  const Clock& clock_;
  metrics::Counter &evaluations_, &failures_, &missed_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<Entry>> entries_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// {"groups":[…]}: the data of Prometheus' GET /api/v1/rules.
std::string rules_json(const std::vector<RuleGroupStatus>& groups);

/// Checks the expressions: "file:line:column: …" for each that is no PromQL. The column is that of the expression's
/// begin.
std::vector<std::string> check_expressions(const std::vector<spec::RuleGroupSpec>& groups);

}  // namespace mamori::rules
