#include "app/test_rules_command.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <vector>

#include "app/options.h"
#include "base/json.h"
#include "base/text.h"
#include "metrics/store.h"
#include "rules/rules_tester.h"

namespace mamori::app {
namespace {

constexpr int kExitOk = 0, kExitFailed = 1, kExitUsage = 2;

constexpr Option kOptions[] = {
    {"--run", "REGEX", "", "only tests whose name it matches somewhere; may be repeated", true},
    {"--diff", "", "", "differences line by line: - only expected, + only there"},
    {"--debug", "", "", "what runs how long, and every series at the end, on standard error"},
    {"--ignore-unknown-fields", "", "", "keys of rule files that Prometheus does not know are no mistakes"},
    {"--json", "", "", "the outcome as one JSON document"},
};

struct Settings {
  std::optional<metrics::Matcher> run;
  bool diff = false, debug = false, json = false;
  spec::RuleFileOptions read;

  bool wants(const std::string& test) const { return !run || run->matches(test); }
};

struct TestOutcome {
  std::string name;  // as the file says it; may be ""
  std::vector<rules::RuleTestFailure> failures;
};

struct FileOutcome {
  std::string file;
  std::vector<std::string> warnings, errors;  // of the file itself, and of its rule files
  std::vector<TestOutcome> tests;

  bool passed() const {
    return errors.empty() && std::ranges::all_of(tests, [](const auto& test) { return test.failures.empty(); });
  }
};

void add_errors(const std::vector<spec::Diagnostic>& diagnostics, std::vector<std::string>& errors) {
  for (const auto& diagnostic : diagnostics) {
    if (diagnostic.severity == spec::Severity::Error) errors.push_back(spec::to_string(diagnostic));
  }
}

std::vector<rules::RuleGroupDefinition> load_groups(const spec::RuleTestFile& tests, const Settings& settings,
                                                    FileOutcome& outcome) {
  std::vector<rules::RuleGroupDefinition> groups;
  for (const auto& glob : tests.rule_files) {
    const auto paths = spec::match_files({glob});
    if (paths.empty()) outcome.warnings.push_back("no file match pattern " + glob);
    for (const auto& path : paths) {
      auto file = spec::load_rule_file(path, settings.read);
      if (!file) {
        outcome.errors.push_back(file.error().message);
        continue;
      }
      auto compiled = rules::compile_rules(*file, {.interval = tests.evaluation_interval});
      add_errors(file->diagnostics, outcome.errors);
      std::ranges::move(compiled, std::back_inserter(groups));
    }
  }
  return groups;
}

FileOutcome run_file(const std::string& path, const Settings& settings, std::ostream& err) {
  FileOutcome outcome{.file = path};
  const auto tests = spec::load_rule_test_file(path);
  if (!tests) {
    outcome.errors.push_back(tests.error().message);
    return outcome;
  }
  add_errors(tests->diagnostics, outcome.errors);
  if (!outcome.errors.empty()) return outcome;
  const auto groups = load_groups(*tests, settings, outcome);
  if (!outcome.errors.empty()) return outcome;
  for (std::size_t i = 0; i < tests->tests.size(); ++i) {
    const auto& test = tests->tests[i];
    if (!settings.wants(test.name)) continue;
    const auto shown = test.name.empty() ? "unnamed#" + std::to_string(i) : test.name;
    if (settings.debug) err << "DEBUG: Starting test " << shown << "\n";
    const auto began = std::chrono::steady_clock::now();
    auto ran = rules::run_rule_test(*tests, test, groups, {}, settings.debug);
    if (settings.debug) {
      const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - began);
      err << "DEBUG: All data (input_series and rules), value@seconds:\n"
          << ran.data << "DEBUG: Test " << shown << " finished, took " << took.count() << "ms\n";
    }
    outcome.tests.push_back({test.name, std::move(ran.failures)});
  }
  return outcome;
}

std::string indented(std::string_view text, std::string_view indent) {
  std::string out;
  for (const auto line : split(text, '\n')) out += (out.empty() ? "" : "\n" + std::string(indent)) + std::string(line);
  return out;
}

/// Lines of both by their longest common subsequence.
std::string line_diff(std::string_view expected, std::string_view got, std::string_view indent) {
  const auto a = split(expected, '\n'), b = split(got, '\n');
  std::vector<std::vector<std::size_t>> common(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t k = b.size(); k-- > 0;)
      common[i][k] = a[i] == b[k] ? common[i + 1][k + 1] + 1 : std::max(common[i + 1][k], common[i][k + 1]);
  }
  std::string out;
  const auto line = [&](char mark, std::string_view text) {
    out += "\n" + std::string(indent) + mark + " " + std::string(text);
  };
  for (std::size_t i = 0, k = 0; i < a.size() || k < b.size();) {
    if (i < a.size() && k < b.size() && a[i] == b[k]) {
      line(' ', a[i]);
      ++i, ++k;
    } else if (k == b.size() || (i < a.size() && common[i + 1][k] >= common[i][k + 1])) {
      line('-', a[i++]);
    } else {
      line('+', b[k++]);
    }
  }
  return out;
}

/// As promtool lays it out.
std::string shown(const TestOutcome& test, const rules::RuleTestFailure& failure, const Settings& settings) {
  std::string out = test.name.empty() ? "" : "    name: " + test.name + ",\n";
  if (!failure.error.empty())
    return out + "    " + (failure.what.empty() ? "" : failure.what + ", err: ") + failure.error + "\n";
  out += "    " + failure.what + ",\n";
  constexpr std::string_view kIndent = "            ";
  if (settings.diff) return out + "        diff:" + line_diff(failure.expected, failure.got, kIndent) + "\n";
  return out + "        exp: " + indented(failure.expected, kIndent) +
         "\n        got: " + indented(failure.got, kIndent) + "\n";
}

void print(const FileOutcome& outcome, const Settings& settings, std::ostream& out, std::ostream& err) {
  out << "Unit Testing:  " << outcome.file << "\n" << std::flush;
  for (const auto& warning : outcome.warnings) err << "  WARNING: " << warning << "\n";
  if (outcome.passed()) {
    out << "  SUCCESS\n\n" << std::flush;
    return;
  }
  err << "  FAILED:\n";
  for (const auto& error : outcome.errors) err << "    " << error << "\n";
  for (const auto& test : outcome.tests) {
    for (const auto& failure : test.failures) err << shown(test, failure, settings) << "\n";
  }
  err << std::flush;
  out << "\n" << std::flush;
}

void write_strings(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const auto& text : texts) json.string(text);
  json.end_array();
}

std::string json_of(const std::vector<FileOutcome>& all) {
  JsonWriter json;
  json.begin_array();
  for (const auto& outcome : all) {
    json.begin_object().field("file", outcome.file).field("passed", outcome.passed());
    write_strings(json, "warnings", outcome.warnings);
    write_strings(json, "errors", outcome.errors);
    json.key("tests").begin_array();
    for (const auto& test : outcome.tests) {
      json.begin_object().field("name", test.name).field("passed", test.failures.empty());
      json.key("failures").begin_array();
      for (const auto& failure : test.failures) {
        json.begin_object().field("what", failure.what);
        if (failure.error.empty()) {
          json.field("expected", failure.expected).field("got", failure.got);
        } else {
          json.field("error", failure.error);
        }
        json.end_object();
      }
      json.end_array().end_object();
    }
    json.end_array().end_object();
  }
  return std::move(json.end_array()).take();
}

Result<Settings> read_settings(const ParsedOptions& parsed) {
  Settings settings{.diff = parsed.given("--diff"),
                    .debug = parsed.given("--debug"),
                    .json = parsed.given("--json"),
                    .read = {.ignore_unknown_keys = parsed.given("--ignore-unknown-fields")}};
  std::string any;
  for (const auto& regex : parsed.all("--run")) any += (any.empty() ? "" : "|") + regex;
  if (parsed.given("--run")) {
    auto matcher = metrics::Matcher::make("name", metrics::MatchOp::Regex, ".*(?:" + any + ").*");
    if (!matcher) return invalid_argument("--run " + any + ": " + matcher.error().message);
    settings.run = *std::move(matcher);
  }
  return settings;
}

}  // namespace

std::string test_rules_help() {
  return "usage: mamori test rules [options] FILE...\n\n"
         "Runs tests of rules in promtool's format: series come in step by step, the rules of rule_files are "
         "evaluated\n"
         "every evaluation_interval, and alerts and expressions are compared with what the file expects.\n\n"
         "  rule_files: [payments.yml]          # globs, relative to this file\n"
         "  evaluation_interval: 1m\n"
         "  tests:\n"
         "  - interval: 1m                      # between the values of a series\n"
         "    input_series:\n"
         "    - {series: 'up{job=\"shop\"}', values: '1x4 0x10 _ stale'}\n"
         "    alert_rule_test:\n"
         "    - eval_time: 10m\n"
         "      alertname: ShopDown\n"
         "      exp_alerts: [{exp_labels: {job: shop, severity: page}, exp_annotations: {summary: shop is down}}]\n"
         "    promql_expr_test:\n"
         "    - {expr: 'sum(up)', eval_time: 10m, exp_samples: [{labels: '{}', value: 0}]}\n\n"
         "Besides these: group_eval_order, fuzzy_compare; and by test name, external_labels, external_url,\n"
         "start_timestamp.\n\n"
         "options:\n" +
         options_help(kOptions) + "\nexit codes: 0 all passed, 1 a test failed or a file cannot be used, 2 usage\n";
}

int run_test_rules(std::span<const std::string_view> args, std::ostream& out, std::ostream& err) {
  const auto usage = [&](const std::string& message) {
    err << "mamori test rules: " << message << "; see 'mamori help test rules'\n";
    return kExitUsage;
  };
  const auto parsed = parse_options(kOptions, args);
  if (!parsed) return usage(parsed.error().message);
  const auto settings = read_settings(*parsed);
  if (!settings) return usage(settings.error().message);
  if (parsed->positional().empty()) return usage("no file of tests is given");
  std::vector<FileOutcome> all;
  for (const auto& path : parsed->positional()) {
    all.push_back(run_file(path, *settings, err));
    if (!settings->json) print(all.back(), *settings, out, err);
  }
  if (settings->json) out << json_of(all) << "\n" << std::flush;
  return std::ranges::all_of(all, &FileOutcome::passed) ? kExitOk : kExitFailed;
}

}  // namespace mamori::app
