// rules/rule_manager.h: evaluates groups of rules when they are due: each at its own moment within its interval, the
// same after every restart, so that groups do not all ask the store at once. A bounded number is evaluated at the same
// time. Always holds: a group is evaluated by one thread at a time; a reload leaves unchanged groups as they are.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "rules/rule_group.h"

namespace mamori::rules {

struct RuleManagerOptions {
  std::size_t threads = 4;  // groups evaluated at once
};

/// The moment of a group: the newest multiple of its interval plus its own offset that is not after `now`.
Timestamp evaluation_moment(const RuleGroupDefinition& group, Timestamp now);

/// Thread-safe.
class RuleManager {
 public:
  explicit RuleManager(RuleEnvironment environment, RuleManagerOptions options = {});
  ~RuleManager();
  RuleManager(const RuleManager&) = delete;

  /// These groups from now on. Unchanged ones go on as they are; changed ones keep alerts and series of the rules that
  /// stay. Waits for groups that are being evaluated and will change or go.
  void apply(std::vector<RuleGroupDefinition> groups, TemplateContext context);

  /// Evaluates in the background. REQUIRES: called once.
  void start();
  /// Lets running rules finish. Nothing is evaluated afterwards.
  void stop();

  /// Evaluates, on the calling thread and in order of their moments, what is due: what start() does, for tests.
  void run_due();
  /// When something is due next; nothing without groups.
  std::optional<Timestamp> next_due() const;

  std::vector<GroupStatus> groups() const;  // in order of file and name
  GroupCounters totals() const;             // of all groups, those that are gone included

 private:
  struct Entry {
    std::shared_ptr<RuleGroup> group;
    Timestamp due;
    bool running = false, leaving = false;
  };
  /// Series of a group that is gone: they end after two of its intervals, unless another group has taken them over.
  struct Retired {
    std::vector<metrics::Labels> series;
    Timestamp ended, due;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  void work();
  EntryPtr take_due();
  void evaluate(const EntryPtr& entry);
  void end_retired_series();
  Nanos wait_time() const;  // REQUIRES: mutex_ is held

  const RuleEnvironment environment_;
  const RuleManagerOptions options_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<EntryPtr> entries_;
  std::vector<Retired> retired_;
  GroupCounters gone_;  // of groups that are gone
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mamori::rules
