#include "rules/rule_group.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/log.h"

namespace mamori::rules {
namespace {

namespace promql = metrics::promql;
using metrics::Labels;

/// The query's result as a vector: a number counts as one series without labels.
Result<std::vector<ResultSample>> vector_of(promql::QueryResult result) {
  std::vector<ResultSample> samples;
  if (result.type == promql::ValueType::Scalar) {
    samples.push_back({Labels(), result.scalar.value, nullptr});
    return samples;
  }
  if (result.type != promql::ValueType::Vector) return invalid_argument("rule result is not a vector or scalar");
  samples.reserve(result.vector.size());
  for (auto& [labels, sample, histogram] : result.vector)
    samples.push_back({std::move(labels), sample.value, std::move(histogram)});
  return samples;
}

/// The recording rule's name and labels put over those of the result; an empty value takes a label away.
Labels named(const Labels& labels, const Rule& rule) {
  std::map<std::string_view, std::string_view> pairs(labels.begin(), labels.end());
  pairs[metrics::kMetricName] = rule.name;
  for (const auto& [name, value] : rule.labels) pairs[name] = value;
  return Labels::from_pairs({pairs.begin(), pairs.end()});
}

Result<void> record(const Rule& rule, std::int64_t limit, std::vector<ResultSample>& samples) {
  std::unordered_set<Labels, LabelsHash> seen;
  for (auto& sample : samples) {
    sample.labels = named(sample.labels, rule);
    if (!seen.insert(sample.labels).second)
      return invalid_argument("vector contains metrics with the same labelset after applying rule labels");
  }
  if (limit > 0 && static_cast<std::int64_t>(samples.size()) > limit) {
    return Error{Code::TooLarge,
                 "exceeded limit of " + std::to_string(limit) + " with " + std::to_string(samples.size()) + " series"};
  }
  return {};
}

/// What `query` in a template gives.
Result<std::vector<TemplateSample>> query_samples(const RuleEnvironment& environment, std::string_view query,
                                                  Timestamp at) {
  MAMORI_TRY(auto result, environment.engine.instant(query, to_millis(at)));
  MAMORI_TRY(const auto samples, vector_of(std::move(result)));
  std::vector<TemplateSample> all;
  for (const auto& sample : samples) {
    TemplateSample one{.value = sample.value};
    for (const auto& [name, value] : sample.labels) one.labels.emplace_back(name, value);
    all.push_back(std::move(one));
  }
  return all;
}

double seconds(Nanos duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::string_view to_string(RuleHealth health) {
  switch (health) {
    case RuleHealth::Unknown:
      return "unknown";
    case RuleHealth::Good:
      return "ok";
    case RuleHealth::Bad:
      break;
  }
  return "err";
}

GroupCounters& GroupCounters::operator+=(const GroupCounters& more) {
  evaluations += more.evaluations;
  failures += more.failures;
  iterations += more.iterations;
  missed += more.missed;
  samples_refused += more.samples_refused;
  evaluation_seconds += more.evaluation_seconds;
  group_seconds += more.group_seconds;
  return *this;
}

RuleGroup::RuleGroup(std::shared_ptr<const RuleGroupDefinition> definition, TemplateContext context)
    : definition_(std::move(definition)), context_(std::move(context)), states_(definition_->rules.size()) {
  status_.definition = definition_;
  for (const auto& rule : definition_->rules) status_.rules.push_back({.rule = rule});
}

void RuleGroup::evaluate(const RuleEnvironment& environment, Timestamp at, const std::function<bool()>& stopping) {
  const auto began = environment.clock.now();
  const auto time_ms = to_millis(at - definition_->query_offset);
  const auto left_end_ms = std::max(time_ms, last_written_ms_ + 1);
  last_written_ms_ = std::max(last_written_ms_, time_ms);
  std::uint64_t samples = 0;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (stopping && stopping()) return;
    const auto rule_began = environment.clock.now();
    std::size_t given = 0;
    const auto outcome = evaluate_rule(environment, i, at, given);
    const auto took = environment.clock.now() - rule_began;
    samples += given;
    auto alerts = states_[i].alerts.active();

    const std::lock_guard guard(mutex_);
    auto& status = status_.rules[i];
    status.health = outcome ? RuleHealth::Good : RuleHealth::Bad;
    const std::string error = outcome ? "" : outcome.error().message;
    if (!outcome && status.last_error != error) {  // said once, until it changes
      log_warn("a rule could not be evaluated",
               {{"group", definition_->key()}, {"rule", status.rule->name}, {"error", error}});
    }
    status.last_error = error;
    status.evaluation_time = took;
    status.last_evaluation = rule_began;
    status.alerts = std::move(alerts);
    ++status_.counters.evaluations;
    status_.counters.failures += outcome ? 0 : 1;
    status_.counters.evaluation_seconds += seconds(took);
  }
  end_left_series(environment, left_end_ms);
  const std::lock_guard guard(mutex_);
  status_.evaluation_time = environment.clock.now() - began;
  status_.last_evaluation = at;
  status_.last_samples = samples;
  ++status_.counters.iterations;
  status_.counters.group_seconds += seconds(status_.evaluation_time);
}

Result<std::vector<ResultSample>> RuleGroup::results_of(const RuleEnvironment& environment, std::size_t i,
                                                        Timestamp at) {
  const auto& rule = *definition_->rules[i];
  const auto time_ms = to_millis(at - definition_->query_offset);
  MAMORI_TRY(auto result, environment.engine.instant(rule.query, *rule.expr, time_ms));
  MAMORI_TRY(auto samples, vector_of(std::move(result)));
  if (rule.kind == RuleKind::Recording) {
    MAMORI_TRY_VOID(record(rule, definition_->limit, samples));
    return samples;
  }
  std::vector<FoundAlert> found;
  for (const auto& sample : samples) found.push_back(found_alert(environment, rule, sample, at));
  auto& alerts = states_[i].alerts;
  MAMORI_TRY_VOID(alerts.evaluate(
      std::move(found), at, {.hold = rule.hold, .keep_firing_for = rule.keep_firing_for, .limit = definition_->limit}));
  return alerts.samples();
}

FoundAlert RuleGroup::found_alert(const RuleEnvironment& environment, const Rule& rule, const ResultSample& sample,
                                  Timestamp at) const {
  TemplateData data{.value = sample.value, .external_labels = context_.external_labels};
  for (const auto& [name, value] : sample.labels) data.labels.emplace_back(name, value);
  data.external_url = context_.external_url;
  data.now = at;
  data.query = [&](std::string_view query) {
    return query_samples(environment, query, at - definition_->query_offset);
  };
  const auto expanded = [&](const Template& made) {
    auto text = made.expand(data);
    if (text) return *std::move(text);
    const auto error = "error executing template __alert_" + rule.name + ": " + text.error().message;
    log_warn("a template of an alert could not be expanded",
             {{"group", definition_->key()}, {"alert", rule.name}, {"error", error}});
    return "<error expanding template: " + error + ">";
  };
  // All are expanded first: the label set refers to their texts.
  std::vector<std::string> values;
  for (const auto& made : rule.label_templates) values.push_back(expanded(made));
  std::map<std::string_view, std::string_view> labels(sample.labels.begin(), sample.labels.end());
  labels.erase(metrics::kMetricName);
  for (std::size_t k = 0; k < values.size(); ++k) labels[rule.labels[k].first] = values[k];
  labels["alertname"] = rule.name;
  FoundAlert found{.labels = Labels::from_pairs({labels.begin(), labels.end()}), .value = sample.value};
  for (std::size_t k = 0; k < rule.annotation_templates.size(); ++k) {
    found.annotations.emplace_back(rule.annotations[k].first, expanded(rule.annotation_templates[k]));
  }
  return found;
}

Result<void> RuleGroup::evaluate_rule(const RuleEnvironment& environment, std::size_t i, Timestamp at,
                                      std::size_t& samples) {
  MAMORI_TRY(const auto results, results_of(environment, i, at));
  const auto time_ms = to_millis(at - definition_->query_offset);
  MAMORI_TRY(const auto outcome, write_results(environment.store, results, time_ms, states_[i].given));
  samples = results.size();
  if (outcome.refused() > 0) {
    log_warn("the store refused results of a rule", {{"group", definition_->key()},
                                                     {"rule", definition_->rules[i]->name},
                                                     {"samples", outcome.refused()},
                                                     {"first", outcome.first_refused}});
    const std::lock_guard guard(mutex_);
    status_.counters.samples_refused += outcome.refused();
  }
  return {};
}

void RuleGroup::end_left_series(const RuleEnvironment& environment, std::int64_t time_ms) {
  if (left_series_.empty()) return;
  const auto outcome = write_stale(environment.store, left_series_, time_ms);
  if (outcome) left_series_.clear();  // else tried again the next time
}

void RuleGroup::take_state_from(RuleGroup& old) {
  std::vector<bool> taken(old.states_.size());
  const std::scoped_lock guard(mutex_, old.mutex_);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    for (std::size_t k = 0; k < old.states_.size(); ++k) {
      const auto &mine = *definition_->rules[i], &theirs = *old.definition_->rules[k];
      if (taken[k] || mine.kind != theirs.kind || mine.name != theirs.name || mine.labels != theirs.labels) continue;
      taken[k] = true;
      states_[i] = std::move(old.states_[k]);
      const auto rule = status_.rules[i].rule;
      status_.rules[i] = old.status_.rules[k];
      status_.rules[i].rule = rule;
      break;
    }
  }
  left_series_ = std::move(old.left_series_);
  last_written_ms_ = old.last_written_ms_;
  for (std::size_t k = 0; k < old.states_.size(); ++k) {
    if (taken[k]) continue;
    for (const auto& [labels, ref] : old.states_[k].given) left_series_.push_back(labels);
  }
  status_.evaluation_time = old.status_.evaluation_time;
  status_.last_evaluation = old.status_.last_evaluation;
  status_.last_samples = old.status_.last_samples;
  status_.counters = old.status_.counters;
}

Timestamp RuleGroup::series_end(Timestamp now) const {
  return std::max(now, timestamp_from_millis(last_written_ms_ + 1));
}

std::vector<Labels> RuleGroup::written_series() const {
  auto all = left_series_;
  for (const auto& state : states_) {
    for (const auto& [labels, ref] : state.given) all.push_back(labels);
  }
  return all;
}

void RuleGroup::count_missed(std::uint64_t iterations) {
  const std::lock_guard guard(mutex_);
  status_.counters.missed += iterations;
  status_.counters.iterations += iterations;  // Prometheus counts those that were due, done or not
}

GroupStatus RuleGroup::status() const {
  const std::lock_guard guard(mutex_);
  return status_;
}

}  // namespace mamori::rules
