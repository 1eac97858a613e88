#include "rules/rule_group.h"

#include <algorithm>
#include <chrono>

#include "base/json.h"
#include "base/log.h"

namespace mamori::rules {
namespace {

using metrics::Labels;
using metrics::SeriesSample;

constexpr int kThreads = 2;          // groups evaluated at once
constexpr Nanos kLook = Seconds{1};  // a clock that is set must not make us wait for long
constexpr std::uint64_t kFnvOffset = 14695981039346656037ull, kFnvPrime = 1099511628211ull;

std::uint64_t hash_of(const spec::RuleGroupSpec& spec) {
  std::uint64_t hash = kFnvOffset;
  for (const auto& text : {spec.file, spec.name}) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
    hash = (hash ^ 0xFF) * kFnvPrime;
  }
  return hash;
}

/// The group's labels, then the rule's, over those of the result; an empty value takes a label away.
Labels recorded_labels(const Labels& from, const spec::RuleGroupSpec& group, const spec::RuleSpec& rule) {
  std::map<std::string, std::string, std::less<>> labels;
  for (const auto& [name, value] : from) labels.emplace(name, value);
  for (const auto* own : {&group.labels, &rule.labels}) {
    for (const auto& [name, value] : *own) labels.insert_or_assign(name, value);
  }
  labels.insert_or_assign(std::string(metrics::kMetricName), rule.name);
  return Labels(std::vector<std::pair<std::string, std::string>>(labels.begin(), labels.end()));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

RuleGroup::RuleGroup(spec::RuleGroupSpec spec, Nanos interval, Nanos query_offset)
    : query_offset_(spec.query_offset.value_or(query_offset)) {
  status_.interval = spec.interval > Nanos{0} ? spec.interval : interval;
  status_.rules.resize(spec.rules.size());
  given_.resize(spec.rules.size());
  status_.spec = std::move(spec);
}

Timestamp RuleGroup::next_after(Timestamp after) const {
  const auto interval = status_.interval.count();
  const auto offset = static_cast<std::int64_t>(hash_of(status_.spec) % static_cast<std::uint64_t>(interval));
  const auto since = after.time_since_epoch().count() - offset;
  const auto periods = since >= 0 ? since / interval + 1 : since / interval;
  return Timestamp{Nanos{periods * interval + offset}};
}

Result<std::vector<SeriesSample>> RuleGroup::record(const spec::RuleSpec& rule, const metrics::promql::Engine& engine,
                                                    std::int64_t time_ms) const {
  MAMORI_TRY(auto result, engine.instant(rule.expr, time_ms));
  std::vector<SeriesSample> samples;
  if (result.type == metrics::promql::ValueType::Scalar) {
    samples.push_back({recorded_labels({}, status_.spec, rule), {time_ms, result.scalar.value}});
  } else if (result.type == metrics::promql::ValueType::Vector) {
    for (const auto& one : result.vector)
      samples.push_back({recorded_labels(one.labels, status_.spec, rule), {time_ms, one.sample.value}});
  } else {
    return invalid_argument("the expression gives no vector and no scalar");
  }
  if (status_.spec.limit != 0 && samples.size() > status_.spec.limit) {
    return Error{Code::TooLarge, "exceeded limit of " + std::to_string(status_.spec.limit) + " with " +
                                     std::to_string(samples.size()) + " series"};
  }
  return samples;
}

Result<void> RuleGroup::evaluate_rule(std::size_t index, const metrics::promql::Engine& engine, metrics::Store& store,
                                      std::int64_t time_ms) {
  MAMORI_TRY(auto samples, record(status_.spec.rules[index], engine, time_ms));
  std::set<Labels> series;
  for (const auto& sample : samples) {
    if (!series.insert(sample.labels).second)
      return invalid_argument("vector contains metrics with the same labelset after applying rule labels");
  }
  for (const auto& labels : given_[index]) {
    if (!series.contains(labels)) samples.push_back({labels, {time_ms, metrics::stale_nan()}});
  }
  MAMORI_TRY(const auto outcome, store.append(samples));
  given_[index] = std::move(series);
  if (outcome.refused() > 0) {
    return invalid_argument(std::to_string(outcome.refused()) +
                            " samples were refused; the first: " + outcome.first_refused);
  }
  return {};
}

void RuleGroup::evaluate(const metrics::promql::Engine& engine, metrics::Store& store, const Clock& clock,
                         Timestamp at) {
  const auto start = std::chrono::steady_clock::now();
  status_.last_evaluation = clock.now();
  last_ms_ = to_millis(at - query_offset_);
  for (std::size_t i = 0; i < status_.spec.rules.size(); ++i) {
    const auto& rule = status_.spec.rules[i];
    if (rule.alerting) continue;
    const auto rule_start = std::chrono::steady_clock::now();
    auto& status = status_.rules[i];
    status.last_evaluation = clock.now();
    const auto outcome = evaluate_rule(i, engine, store, to_millis(at - query_offset_));
    if (!outcome && status.health != "err") {
      log_warn("a recording rule cannot be evaluated", {{"file", status_.spec.file},
                                                        {"group", status_.spec.name},
                                                        {"rule", rule.name},
                                                        {"error", outcome.error().message}});
    }
    status.health = outcome ? "ok" : "err";
    status.last_error = outcome ? "" : outcome.error().message;
    status.evaluation_seconds = seconds_since(rule_start);
  }
  status_.evaluation_seconds = seconds_since(start);
}

void RuleGroup::end(metrics::Store& store, Timestamp at) {
  std::vector<SeriesSample> markers;
  // Not at the moment of a sample, which would stay in its place.
  const auto time_ms = std::max(to_millis(at), last_ms_ + 1);
  for (const auto& series : given_) {
    for (const auto& labels : series) markers.push_back({labels, {time_ms, metrics::stale_nan()}});
  }
  if (markers.empty()) return;
  if (const auto outcome = store.append(markers); !outcome)
    log_warn("staleness markers of a rule group could not be stored", {{"error", outcome.error().message}});
}

struct RuleManager::Entry {
  explicit Entry(RuleGroup group_) : group(std::move(group_)) {}
  RuleGroup group;
  RuleGroupStatus shown;  // a copy, so that readers do not wait for an evaluation
  Timestamp due;
  bool busy = false, gone = false;
};

RuleManager::RuleManager(const metrics::promql::Engine& engine, metrics::Store& store, metrics::Registry& registry,
                         const Clock& clock)
    : engine_(engine),
      store_(store),
      clock_(clock),
      evaluations_(registry.counter("prometheus_rule_group_iterations_total", "Evaluations of rule groups")),
      failures_(registry.counter("prometheus_rule_evaluation_failures_total", "Evaluations of rules that failed")),
      missed_(registry.counter("prometheus_rule_group_iterations_missed_total",
                               "Evaluations of rule groups left out because the one before took too long")) {
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { run(); });
}

RuleManager::~RuleManager() { stop(); }

void RuleManager::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void RuleManager::configure(std::vector<spec::RuleGroupSpec> groups, Nanos interval, Nanos query_offset) {
  const auto now = clock_.now();
  std::vector<std::shared_ptr<Entry>> gone;
  {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Entry>> next;
    for (auto& spec : groups) {
      RuleGroup fresh(std::move(spec), interval, query_offset);
      const auto old = std::ranges::find_if(entries_, [&](const auto& entry) {
        return entry && entry->shown.spec == fresh.spec() && entry->group.interval() == fresh.interval() &&
               entry->group.query_offset() == fresh.query_offset();
      });
      if (old != entries_.end()) {
        next.push_back(std::move(*old));
        continue;
      }
      auto entry = std::make_shared<Entry>(std::move(fresh));
      entry->shown = entry->group.status();
      entry->due = entry->group.next_after(now);
      next.push_back(std::move(entry));
    }
    for (auto& entry : entries_) {
      if (!entry) continue;
      entry->gone = true;  // if it is being evaluated, its thread ends it
      if (!entry->busy) gone.push_back(std::move(entry));
    }
    entries_ = std::move(next);
  }
  for (const auto& entry : gone) entry->group.end(store_, now);
  wake_.notify_all();
}

std::vector<RuleGroupStatus> RuleManager::groups() const {
  const std::lock_guard lock(mutex_);
  std::vector<RuleGroupStatus> all;
  for (const auto& entry : entries_) all.push_back(entry->shown);
  return all;
}

void RuleManager::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = clock_.now();
    std::shared_ptr<Entry> next;
    for (const auto& entry : entries_) {
      // A clock that was set back far would keep the group waiting.
      if (entry->due > now + 2 * entry->group.interval()) entry->due = entry->group.next_after(now);
      if (!entry->busy && entry->due <= now && (!next || entry->due < next->due)) next = entry;
    }
    if (!next) {
      auto wait = kLook;
      for (const auto& entry : entries_) {
        if (!entry->busy && entry->due > now) wait = std::min<Nanos>(wait, entry->due - now);
      }
      wake_.wait_for(lock, wait);
      continue;
    }
    next->busy = true;
    auto at = next->due;
    const auto late = (now - at) / next->group.interval();
    if (late > 0) {
      missed_.add(static_cast<std::uint64_t>(late));
      at += late * next->group.interval();
    }
    lock.unlock();
    try {
      next->group.evaluate(engine_, store_, clock_, at);
    } catch (const std::exception& e) {
      log_error("a rule group's evaluation ended early", {{"group", next->shown.spec.name}, {"error", e.what()}});
    }
    lock.lock();
    evaluations_.add();
    next->shown = next->group.status();
    failures_.add(static_cast<std::uint64_t>(std::ranges::count(next->shown.rules, "err", &RuleStatus::health)));
    next->due = next->group.next_after(at);
    next->busy = false;
    if (next->gone) {
      lock.unlock();
      next->group.end(store_, clock_.now());
      lock.lock();
    }
  }
}

std::string rules_json(const std::vector<RuleGroupStatus>& groups) {
  const auto pairs = [](JsonWriter& json, const char* name, const spec::LabelPairs& of_group,
                        const spec::LabelPairs& of_rule) {
    std::map<std::string, std::string> all(of_rule.begin(), of_rule.end());
    all.insert(of_group.begin(), of_group.end());
    json.key(name).begin_object();
    for (const auto& [label, value] : all) json.field(label, value);
    json.end_object();
  };
  JsonWriter json;
  json.begin_object().key("groups").begin_array();
  for (const auto& group : groups) {
    json.begin_object().field("name", group.spec.name).field("file", group.spec.file).key("rules").begin_array();
    for (std::size_t i = 0; i < group.rules.size(); ++i) {
      const auto& rule = group.spec.rules[i];
      const auto& status = group.rules[i];
      json.begin_object();
      if (rule.alerting) json.field("state", "inactive");
      json.field("name", rule.name).field("query", rule.expr);
      if (rule.alerting) {
        json.field("duration", std::chrono::duration<double>(rule.hold).count());
        json.field("keepFiringFor", std::chrono::duration<double>(rule.keep_firing_for).count());
      }
      pairs(json, "labels", group.spec.labels, rule.labels);
      if (rule.alerting) {
        pairs(json, "annotations", {}, rule.annotations);
        json.key("alerts").begin_array().end_array();
      }
      json.field("health", status.health);
      if (!status.last_error.empty()) json.field("lastError", status.last_error);
      json.field("evaluationTime", status.evaluation_seconds);
      json.field("lastEvaluation", format_rfc3339(status.last_evaluation));
      json.field("type", rule.alerting ? "alerting" : "recording").end_object();
    }
    json.end_array().field("interval", std::chrono::duration<double>(group.interval).count());
    json.field("limit", static_cast<std::int64_t>(group.spec.limit));
    json.field("evaluationTime", group.evaluation_seconds);
    json.field("lastEvaluation", format_rfc3339(group.last_evaluation)).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

std::vector<std::string> check_expressions(const std::vector<spec::RuleGroupSpec>& groups) {
  std::vector<std::string> mistakes;
  for (const auto& group : groups) {
    for (const auto& rule : group.rules) {
      const auto expr = metrics::promql::parse(rule.expr);
      if (expr) {
        const auto type = metrics::promql::type_of(**expr);
        if (type == metrics::promql::ValueType::Vector || type == metrics::promql::ValueType::Scalar) continue;
      }
      mistakes.push_back(group.file + ":" + std::to_string(rule.expr_line) + ":" + std::to_string(rule.expr_column) +
                         ": group \"" + group.name + "\", rule \"" + rule.name +
                         "\": " + (expr ? "the expression must give a vector or a scalar" : expr.error().message));
    }
  }
  return mistakes;
}

}  // namespace mamori::rules
