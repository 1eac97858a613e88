#include "rules/rule_manager.h"

#include <algorithm>

#include "base/log.h"

namespace mamori::rules {
namespace {

constexpr Nanos kWaitMax = Seconds{1};  // a clock that is set anew is noticed this soon

/// FNV-1a: the same in every process.
std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

}  // namespace

Timestamp evaluation_moment(const RuleGroupDefinition& group, Timestamp now) {
  const auto interval = group.interval.count();
  const auto offset = static_cast<std::int64_t>(stable_hash(group.key()) % static_cast<std::uint64_t>(interval));
  const auto shifted = now.time_since_epoch().count() - offset;
  const auto into = (shifted % interval + interval) % interval;
  return now - Nanos{into};
}

RuleManager::RuleManager(RuleEnvironment environment, RuleManagerOptions options)
    : environment_(environment), options_(options) {}

RuleManager::~RuleManager() { stop(); }

void RuleManager::apply(std::vector<RuleGroupDefinition> groups, TemplateContext context) {
  std::ranges::sort(groups, {}, [](const auto& group) { return std::pair(group.file, group.name); });
  std::unique_lock guard(mutex_);
  const auto now = environment_.clock.now();
  const auto same = [&](const EntryPtr& entry, const RuleGroupDefinition& group) {
    return entry->group->definition() == group && entry->group->context() == context;
  };
  for (const auto& entry : entries_) {
    entry->leaving = std::ranges::none_of(groups, [&](const auto& group) { return same(entry, group); });
  }
  changed_.wait(guard, [this] {
    return std::ranges::none_of(entries_, [](const auto& entry) { return entry->leaving && entry->running; });
  });
  std::vector<EntryPtr> next;
  for (auto& group : groups) {
    const auto old = std::ranges::find_if(
        entries_, [&](const auto& entry) { return entry && entry->group->definition().key() == group.key(); });
    if (old != entries_.end() && !(*old)->leaving) {
      next.push_back(std::exchange(*old, nullptr));
      continue;
    }
    auto entry = std::make_shared<Entry>();
    entry->group = std::make_shared<RuleGroup>(std::make_shared<RuleGroupDefinition>(std::move(group)), context);
    const auto& definition = entry->group->definition();
    entry->due = evaluation_moment(definition, now) + definition.interval;
    if (old != entries_.end()) entry->group->take_state_from(*std::exchange(*old, nullptr)->group);
    next.push_back(std::move(entry));
  }
  for (const auto& entry : entries_) {
    if (!entry) continue;
    const auto interval = entry->group->definition().interval;
    gone_ += entry->group->status().counters;
    const auto ended = entry->group->series_end(now);
    retired_.push_back({.series = entry->group->written_series(), .ended = ended, .due = now + 2 * interval});
  }
  entries_ = std::move(next);
  guard.unlock();
  changed_.notify_all();
}

void RuleManager::start() {
  for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
}

void RuleManager::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void RuleManager::work() {
  std::unique_lock guard(mutex_);
  while (!stopping_) {
    guard.unlock();
    end_retired_series();
    const auto entry = take_due();
    if (entry) evaluate(entry);
    guard.lock();
    if (!entry && !stopping_) changed_.wait_for(guard, wait_time());
  }
}

void RuleManager::run_due() {
  end_retired_series();
  while (const auto entry = take_due()) evaluate(entry);
}

RuleManager::EntryPtr RuleManager::take_due() {
  const auto now = environment_.clock.now();
  const std::lock_guard guard(mutex_);
  if (stopping_) return nullptr;
  EntryPtr first;
  for (const auto& entry : entries_) {
    if (entry->running || entry->leaving || entry->due > now) continue;
    if (!first || entry->due < first->due) first = entry;
  }
  if (first) first->running = true;
  return first;
}

void RuleManager::evaluate(const EntryPtr& entry) {
  auto& group = *entry->group;
  const auto interval = group.definition().interval;
  // Late by whole intervals: those iterations are lost, and counted.
  const auto missed = (environment_.clock.now() - entry->due) / interval;
  if (missed > 0) group.count_missed(static_cast<std::uint64_t>(missed));
  const auto at = entry->due + missed * interval;
  group.evaluate(environment_, at, [&] {
    const std::lock_guard guard(mutex_);
    return stopping_ || entry->leaving;
  });
  {
    const std::lock_guard guard(mutex_);
    entry->due = at + interval;
    entry->running = false;
    // A clock that was set back must not silence the group until the old time comes again.
    const auto now = environment_.clock.now();
    if (entry->due - now > interval) entry->due = evaluation_moment(group.definition(), now) + interval;
  }
  changed_.notify_all();
}

void RuleManager::end_retired_series() {
  std::vector<Retired> due;
  {
    const auto now = environment_.clock.now();
    const std::lock_guard guard(mutex_);
    const auto later = std::partition(retired_.begin(), retired_.end(), [&](const auto& r) { return r.due > now; });
    due.assign(std::make_move_iterator(later), std::make_move_iterator(retired_.end()));
    retired_.erase(later, retired_.end());
  }
  for (const auto& retired : due) {
    const auto outcome = write_stale(environment_.store, retired.series, to_millis(retired.ended));
    if (!outcome) log_warn("series of rules that are gone could not be ended", {{"error", outcome.error().message}});
  }
}

Nanos RuleManager::wait_time() const {
  auto wait = kWaitMax;
  const auto now = environment_.clock.now();
  for (const auto& entry : entries_) {
    if (!entry->running && !entry->leaving) wait = std::min(wait, std::max(Nanos{0}, entry->due - now));
  }
  for (const auto& retired : retired_) wait = std::min(wait, std::max(Nanos{0}, retired.due - now));
  return wait;
}

std::optional<Timestamp> RuleManager::next_due() const {
  const std::lock_guard guard(mutex_);
  std::optional<Timestamp> next;
  for (const auto& entry : entries_) next = std::min(next.value_or(entry->due), entry->due);
  return next;
}

GroupCounters RuleManager::totals() const {
  GroupCounters all;
  for (const auto& group : groups()) all += group.counters;
  const std::lock_guard guard(mutex_);
  return all += gone_;
}

std::vector<GroupStatus> RuleManager::groups() const {
  std::vector<EntryPtr> entries;
  {
    const std::lock_guard guard(mutex_);
    entries = entries_;
  }
  std::vector<GroupStatus> all;
  for (const auto& entry : entries) all.push_back(entry->group->status());
  return all;
}

}  // namespace mamori::rules
