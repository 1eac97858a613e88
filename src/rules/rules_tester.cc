#include "rules/rules_tester.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"
#include "metrics/promql/histogram_text.h"
#include "metrics/promql/memory_store.h"
#include "metrics/promql/series_line.h"
#include "rules/rule_group.h"

namespace mamori::rules {
namespace {

namespace promql = metrics::promql;
using metrics::Labels;

// Of one test: a day in steps of 10 ms. More is a mistake in evaluation_interval and would seem to hang.
constexpr std::int64_t kEvaluationsMax = 10'000'000;

/// Series that wait for their time.
class Input {
 public:
  /// Errors: InvalidArgument with the series' line in the file.
  Result<void> read(const spec::RuleTestSpec& test) {
    std::map<Labels, std::vector<promql::Point>> all;
    for (const auto& [series, values] : test.input_series) {
      const auto refused = [&, at = series.at.line](const std::string& why) {
        return invalid_argument("line " + std::to_string(at) + ", input_series: " + why);
      };
      auto line = promql::parse_series_line(series.text + " " + std::string(trim(values.text)));
      if (!line) return refused(line.error().message);
      if (line->labels.empty()) return refused("a series has no name and no label");
      all[line->labels] = std::move(line->points);  // the later of two wins, as in promtool
    }
    for (auto& [labels, points] : all) series_.push_back({labels, std::move(points), 0});
    step_ms_ = std::max<std::int64_t>(1, std::chrono::floor<Millis>(test.interval).count());
    start_ms_ = to_millis(test.start);
    return {};
  }

  Result<void> append_until(std::int64_t time_ms, metrics::Store& store) {
    metrics::WriteBatch batch;
    for (auto& series : series_) {
      std::optional<metrics::SeriesRef> ref;
      for (; series.next < series.points.size(); ++series.next) {
        const auto at = start_ms_ + static_cast<std::int64_t>(series.next) * step_ms_;
        if (at > time_ms) break;
        const auto& point = series.points[series.next];
        if (point.type == promql::Point::Type::None) continue;
        if (!ref) {
          MAMORI_TRY(ref, store.find_or_create(series.labels));
        }
        if (point.type == promql::Point::Type::Value) batch.samples.push_back({*ref, at, point.value});
        if (point.type == promql::Point::Type::Histogram) {
          auto value = std::make_shared<const metrics::Histogram>(point.histogram.value);
          batch.histograms.push_back({*ref, at, std::move(value)});
        }
      }
    }
    if (!batch.samples.empty() || !batch.histograms.empty()) MAMORI_TRY_VOID(store.write(batch));
    return {};
  }

 private:
  struct Waiting {
    Labels labels;
    std::vector<promql::Point> points;
    std::size_t next = 0;
  };
  std::vector<Waiting> series_;
  std::int64_t start_ms_ = 0, step_ms_ = 1;
};

struct AlertTexts {
  TextPairs labels, annotations;
  auto operator<=>(const AlertTexts&) const = default;
};

std::string shown(const TextPairs& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    out += (out.empty() ? "" : ", ") + (promql::is_plain_name(name, /*colon=*/false) ? name : promql::quote(name)) +
           "=" + promql::quote(value);
  }
  return "{" + out + "}";
}

std::string shown(const std::vector<AlertTexts>& alerts) {
  if (alerts.empty()) return "[]";
  std::string out = "[";
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    out += (i > 0 ? ",\n" : "\n") + std::to_string(i) + ":\n  Labels:" + shown(alerts[i].labels) +
           "\n  Annotations:" + shown(alerts[i].annotations);
  }
  return out + "\n]";
}

struct SampleText {
  Labels labels;
  double value = 0;
  std::optional<promql::HistogramLiteral> histogram;  // instead of the value
};

std::string shown(const std::vector<SampleText>& samples) {
  if (samples.empty()) return "nil";
  std::string out;
  for (const auto& [labels, value, histogram] : samples) {
    out += (out.empty() ? "" : "\n") + labels.to_string() + " ";
    out += histogram ? promql::to_text(histogram->value) : promql::format_float(value);
  }
  return out;
}

class Run {
 public:
  Run(const spec::RuleTestFile& file, const spec::RuleTestSpec& test, const promql::Features& features)
      : file_(file),
        test_(test),
        engine_(store_, {.subquery_step = file.evaluation_interval, .features = features}),
        clock_(test.start) {}

  void evaluate(const std::vector<RuleGroupDefinition>& definitions) {
    Input input;
    if (const auto read = input.read(test_); !read) return fail("", read.error().message);
    make_groups(definitions);
    const auto last = last_eval_time();
    if (last / file_.evaluation_interval > kEvaluationsMax) {
      return fail("", "more than 10,000,000 evaluations until " + format_duration(last) +
                          "; evaluation_interval is too short for it");
    }
    for (Nanos after{0}; after <= last; after += file_.evaluation_interval) {
      clock_.set(test_.start + after);
      if (const auto appended = input.append_until(to_millis(clock_.now()), store_); !appended)
        return fail("", appended.error().message);
      if (!evaluate_groups(after)) return;
      check_alerts(after);
    }
    for (const auto& test : test_.expr_tests) check_expression(test);
  }

  std::string data() const {
    const auto matcher = metrics::Matcher::make("__name__", metrics::MatchOp::Regex, ".+");
    std::string out;
    for (const auto& series : store_.select({&*matcher, 1}, std::numeric_limits<std::int64_t>::min(),
                                            std::numeric_limits<std::int64_t>::max())) {
      out += series.labels.to_string() + " =>";
      for (const auto& sample : series.samples) {
        out += " " + (metrics::is_stale_nan(sample.value) ? "stale" : promql::format_float(sample.value)) + "@" +
               promql::format_float(static_cast<double>(sample.time_ms) / 1000);
      }
      out += "\n";
    }
    return out;
  }

  std::vector<RuleTestFailure> take() { return std::move(failures_); }

 private:
  void fail(std::string what, std::string error) {
    failures_.push_back({.what = std::move(what), .error = std::move(error), .expected = {}, .got = {}});
  }

  /// In group_eval_order; as in promtool, a group that it does not name is as early as the first.
  void make_groups(const std::vector<RuleGroupDefinition>& definitions) {
    std::vector<std::shared_ptr<const RuleGroupDefinition>> ordered;
    for (const auto& group : definitions) ordered.push_back(std::make_shared<const RuleGroupDefinition>(group));
    std::ranges::stable_sort(ordered, {}, [&](const auto& group) {
      const auto at = std::ranges::find(file_.group_eval_order, group->name);
      return at == file_.group_eval_order.end() ? 0 : at - file_.group_eval_order.begin();
    });
    const TemplateContext context{.external_labels = test_.external_labels, .external_url = test_.external_url};
    for (auto& group : ordered) groups_.push_back(std::make_unique<RuleGroup>(std::move(group), context));
  }

  Nanos last_eval_time() const {
    Nanos last{0};
    for (const auto& test : test_.alert_tests) last = std::max(last, test.eval_time);
    for (const auto& test : test_.expr_tests) last = std::max(last, test.eval_time);
    return last;
  }

  /// False when a rule failed: what comes after it would only follow from that.
  bool evaluate_groups(Nanos after) {
    const auto before = failures_.size();
    for (const auto& group : groups_) {
      group->evaluate({store_, engine_, clock_}, clock_.now());
      for (const auto& rule : group->status().rules) {
        if (rule.health == RuleHealth::Bad)
          fail("rule: " + rule.rule->name + ", time: " + format_duration(after), rule.last_error);
      }
    }
    return failures_.size() == before;
  }

  std::vector<AlertTexts> firing(const std::string& alertname) const {
    std::vector<AlertTexts> found;
    for (const auto& group : groups_) {
      for (const auto& rule : group->status().rules) {
        if (rule.rule->kind != RuleKind::Alerting || rule.rule->name != alertname) continue;
        for (const auto& alert : rule.alerts) {
          if (alert.state != RuleAlertState::Firing) continue;
          AlertTexts texts{.labels = {}, .annotations = alert.annotations};
          for (const auto& [name, value] : alert.labels) texts.labels.emplace_back(name, value);
          found.push_back(std::move(texts));
        }
      }
    }
    std::ranges::sort(found);
    return found;
  }

  /// What is asked for between this evaluation and the next one.
  void check_alerts(Nanos after) {
    std::vector<const spec::AlertTestSpec*> due;
    for (const auto& test : test_.alert_tests) {
      if (test.eval_time >= after && test.eval_time < after + file_.evaluation_interval) due.push_back(&test);
    }
    std::ranges::stable_sort(due, {}, [](const auto* test) { return test->eval_time; });
    for (const auto* test : due) {
      std::vector<AlertTexts> expected;
      for (const auto& alert : test->alerts) {
        std::map<std::string, std::string> labels(alert.labels.begin(), alert.labels.end());
        labels["alertname"] = test->alertname;
        expected.push_back({{labels.begin(), labels.end()}, alert.annotations});
      }
      std::ranges::sort(expected);
      const auto got = firing(test->alertname);
      if (got == expected) continue;
      failures_.push_back({.what = "alertname: " + test->alertname + ", time: " + format_duration(test->eval_time),
                           .error = {},
                           .expected = shown(expected),
                           .got = shown(got)});
    }
  }

  static Result<promql::HistogramLiteral> expected_histogram(const std::string& text) {
    const auto line = promql::parse_series_line("expected " + text);
    if (line && line->points.size() == 1 && line->points[0].type == promql::Point::Type::Histogram)
      return line->points[0].histogram;
    return invalid_argument("histogram " + promql::quote(text) +
                            " is none, such as {{schema:0 sum:5 count:4 buckets:[1 2 1]}}" +
                            (line ? "" : ": " + line.error().message));
  }

  Result<std::vector<SampleText>> expected_samples(const spec::ExprTestSpec& test) const {
    std::vector<SampleText> samples;
    for (const auto& sample : test.samples) {
      const auto labels = promql::parse_metric(sample.labels.text);
      if (!labels)
        return invalid_argument("labels " + promql::quote(sample.labels.text) + ": " + labels.error().message);
      samples.push_back({*labels, sample.value, std::nullopt});
      if (sample.histogram.empty()) continue;
      MAMORI_TRY(const auto point, expected_histogram(sample.histogram));
      samples.back().histogram = point;
    }
    std::ranges::stable_sort(samples, {}, &SampleText::labels);
    return samples;
  }

  Result<std::vector<SampleText>> samples_of(const spec::ExprTestSpec& test) const {
    MAMORI_TRY(const auto result, engine_.instant(test.expr.text, to_millis(test_.start + test.eval_time)));
    std::vector<SampleText> samples;
    if (result.type == promql::ValueType::Scalar) {
      samples.push_back({Labels(), result.scalar.value, std::nullopt});
    } else if (result.type != promql::ValueType::Vector) {
      return invalid_argument("rule result is not a vector or scalar");
    }
    for (const auto& [labels, sample, histogram] : result.vector) {
      samples.push_back({labels, sample.value, std::nullopt});
      if (histogram) samples.back().histogram = promql::HistogramLiteral{.value = *histogram};
    }
    std::ranges::stable_sort(samples, {}, &SampleText::labels);
    return samples;
  }

  /// NaN equals nothing, as in promtool. Of histograms empty buckets do not matter, nor the last digits.
  bool same(const SampleText& a, const SampleText& b) const {
    if (a.labels != b.labels || a.histogram.has_value() != b.histogram.has_value()) return false;
    if (a.histogram) return promql::nearly_equal(*a.histogram, b.histogram->value);
    if (a.value == b.value) return true;
    constexpr auto kInfinity = std::numeric_limits<double>::infinity();
    return file_.fuzzy_compare &&
           (std::nextafter(a.value, kInfinity) == b.value || std::nextafter(a.value, -kInfinity) == b.value);
  }

  void check_expression(const spec::ExprTestSpec& test) {
    const auto what = "expr: " + promql::quote(test.expr.text) + ", time: " + format_duration(test.eval_time);
    const auto got = samples_of(test);
    if (!got) return fail(what, got.error().message);
    const auto expected = expected_samples(test);
    if (!expected) return fail(what, expected.error().message);
    if (std::ranges::equal(*expected, *got, [&](const auto& a, const auto& b) { return same(a, b); })) return;
    failures_.push_back({.what = what, .error = {}, .expected = shown(*expected), .got = shown(*got)});
  }

  const spec::RuleTestFile& file_;
  const spec::RuleTestSpec& test_;
  promql::MemoryStore store_;
  promql::Engine engine_;
  FakeClock clock_;
  std::vector<std::unique_ptr<RuleGroup>> groups_;
  std::vector<RuleTestFailure> failures_;
};

}  // namespace

RuleTestOutcome run_rule_test(const spec::RuleTestFile& file, const spec::RuleTestSpec& test,
                              const std::vector<RuleGroupDefinition>& groups, const metrics::promql::Features& features,
                              bool want_data) {
  Run run(file, test, features);
  run.evaluate(groups);
  RuleTestOutcome outcome;
  if (want_data) outcome.data = run.data();
  outcome.failures = run.take();
  return outcome;
}

}  // namespace mamori::rules
