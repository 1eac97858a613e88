#include "app/check_rules_command.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "app/options.h"
#include "base/json.h"
#include "base/text.h"
#include "rules/rule_set.h"

namespace mamori::app {
namespace {

// As promtool's.
constexpr int kExitOk = 0, kExitWrong = 1, kExitUsage = 2, kExitLint = 3;

constexpr Option kOptions[] = {
    {"--lint", "WHAT", "duplicate-rules", "all, duplicate-rules or none; several with commas"},
    {"--lint-fatal", "", "", "what lint finds ends with exit code 3, if nothing is worse"},
    {"--ignore-unknown-fields", "", "", "keys that Prometheus does not know are no mistakes; serve refuses them"},
    {"--json", "", "", "the findings as one JSON document"},
};

struct Settings {
  bool lint_duplicates = true, lint_fatal = false, json = false;
  spec::RuleFileOptions read;
};

struct Checked {
  std::string file;
  std::size_t rules = 0;
  std::vector<spec::Diagnostic> findings, lint;

  bool has_errors() const {
    return std::ranges::any_of(findings, [](const auto& f) { return f.severity == spec::Severity::Error; });
  }
};

Checked check(spec::RuleFile file, const Settings& settings) {
  Checked checked{.file = file.name};
  for (const auto& group : file.groups) checked.rules += group.rules.size();
  rules::compile_rules(file);
  checked.findings = std::move(file.diagnostics);
  if (settings.lint_duplicates) checked.lint = rules::find_duplicate_rules(file);
  return checked;
}

Checked check_path(const std::string& path, const Settings& settings) {
  auto file = spec::load_rule_file(path, settings.read);
  if (file) return check(*std::move(file), settings);
  Checked checked{.file = path};
  spec::Diagnostic missing{.file = path, .id = "rules.file"};
  missing.message = file.error().message;
  missing.fix = "give the path of a rule file";
  checked.findings.push_back(std::move(missing));
  return checked;
}

void print(const Checked& checked, std::ostream& out, std::ostream& err) {
  out << "Checking " << checked.file << "\n" << std::flush;
  for (const auto& finding : checked.findings) err << "  " << spec::to_string(finding) << "\n";
  for (const auto& finding : checked.lint) err << "  " << spec::to_string(finding) << "\n";
  if (checked.has_errors()) {
    err << "  FAILED\n";
  } else if (!checked.lint.empty()) {
    err << "  FAILED: " << checked.lint.size() << " duplicate rule(s) found\n";
  } else {
    out << "  SUCCESS: " << checked.rules << " rules found\n";
  }
  err << std::flush;
  out << "\n" << std::flush;
}

std::string json_of(const std::vector<Checked>& all) {
  JsonWriter json;
  json.begin_array();
  for (const auto& checked : all) {
    auto findings = checked.findings;
    findings.insert(findings.end(), checked.lint.begin(), checked.lint.end());
    json.begin_object().field("file", checked.file).field("rules", checked.rules);
    json.field("valid", !checked.has_errors()).key("findings").raw(spec::to_json(findings)).end_object();
  }
  return std::move(json.end_array()).take();
}

Result<Settings> read_settings(const ParsedOptions& parsed) {
  Settings settings;
  settings.lint_fatal = parsed.given("--lint-fatal");
  settings.json = parsed.given("--json");
  settings.read.ignore_unknown_keys = parsed.given("--ignore-unknown-fields");
  settings.lint_duplicates = false;
  for (const auto word : split(parsed.get("--lint"), ',')) {
    if (word == "all" || word == "duplicate-rules") {
      settings.lint_duplicates = true;
    } else if (word != "none") {
      return invalid_argument("--lint " + std::string(word) + ": write all, duplicate-rules or none");
    }
  }
  return settings;
}

}  // namespace

std::string check_rules_help() {
  return "usage: mamori check rules [options] FILE...\n\n"
         "Checks rule files as Prometheus reads them: their form, their expressions, the templates of alerts, and "
         "rules\n"
         "that write the same series twice. Without FILE, or for -, what comes in at stdin.\n\n"
         "example: mamori check rules --lint-fatal rules/*.yml\n\n"
         "options:\n" +
         options_help(kOptions) +
         "\nexit codes: 0 all are valid, 1 a file is not, 2 usage, 3 only lint found something and --lint-fatal is "
         "given\n";
}

int run_check_rules(std::span<const std::string_view> args, std::istream& in, std::ostream& out, std::ostream& err) {
  const auto fail = [&](const Error& error) {
    err << "mamori check rules: " << error.message << "; see 'mamori help check rules'\n";
    return kExitUsage;
  };
  const auto parsed = parse_options(kOptions, args);
  if (!parsed) return fail(parsed.error());
  const auto settings = read_settings(*parsed);
  if (!settings) return fail(settings.error());
  auto paths = parsed->positional();
  if (paths.empty()) paths.emplace_back("-");
  std::vector<Checked> all;
  for (const auto& path : paths) {
    if (path == "-") {
      const std::string text(std::istreambuf_iterator<char>(in), {});
      all.push_back(check(spec::read_rule_file("standard input", text, settings->read), *settings));
    } else {
      all.push_back(check_path(path, *settings));
    }
    if (!settings->json) print(all.back(), out, err);
  }
  if (settings->json) out << json_of(all) << "\n";
  if (std::ranges::any_of(all, &Checked::has_errors)) return kExitWrong;
  const bool lint = std::ranges::any_of(all, [](const auto& checked) { return !checked.lint.empty(); });
  return lint && settings->lint_fatal ? kExitLint : kExitOk;
}

}  // namespace mamori::app
