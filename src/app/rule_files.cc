#include "app/rule_files.h"

#include <iostream>
#include <map>

#include "app/options.h"
#include "base/json.h"
#include "rules/rule_group.h"

namespace mamori::app {
namespace {

constexpr int kExitWrong = 1, kExitUsage = 2, kExitLint = 3;

constexpr Option kOptions[] = {
    {"--json", "", "", "one JSON document instead of lines"},
    {"--lint-fatal", "", "", "what is only bad style fails too, with exit code 3"},
};

struct CheckedFile {
  std::string path;
  std::size_t rules = 0;
  std::vector<std::string> mistakes, lints;
};

std::string key_of(const spec::RuleGroupSpec& group, const spec::RuleSpec& rule) {
  std::map<std::string, std::string> labels(rule.labels.begin(), rule.labels.end());
  labels.insert(group.labels.begin(), group.labels.end());
  std::string key = rule.name;
  for (const auto& [name, value] : labels) key += '\xFF' + name + '\xFF' + value;
  return key;
}

/// Two rules that give the same series: one of them loses, sample by sample.
void find_duplicates(const std::vector<spec::RuleGroupSpec>& groups, CheckedFile& checked) {
  std::map<std::string, int> first_line;
  for (const auto& group : groups) {
    for (const auto& rule : group.rules) {
      const auto [at, is_new] = first_line.emplace(key_of(group, rule), rule.line);
      if (is_new) continue;
      checked.lints.push_back(group.file + ":" + std::to_string(rule.line) + ":" + std::to_string(rule.column) +
                              ": \"" + rule.name + "\" with the same labels stands in line " +
                              std::to_string(at->second) + " already: give one of them another name or another label");
    }
  }
}

CheckedFile check_file(const std::string& path) {
  CheckedFile checked{.path = path};
  const auto file = spec::read_rule_file(path);
  if (!file) {
    checked.mistakes.push_back(file.error().message);
    return checked;
  }
  for (const auto& diagnostic : file->diagnostics) {
    if (diagnostic.severity == spec::Severity::Error) checked.mistakes.push_back(spec::to_string(diagnostic));
  }
  for (const auto& group : file->groups) checked.rules += group.rules.size();
  for (auto& mistake : rules::check_expressions(file->groups)) checked.mistakes.push_back(std::move(mistake));
  find_duplicates(file->groups, checked);
  return checked;
}

void print_json(const std::vector<CheckedFile>& files) {
  JsonWriter json;
  json.begin_array();
  for (const auto& file : files) {
    json.begin_object().field("file", file.path).field("rules", file.rules);
    for (const auto& [name, list] : {std::pair{"errors", &file.mistakes}, std::pair{"lints", &file.lints}}) {
      json.key(name).begin_array();
      for (const auto& text : *list) json.string(text);
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
  std::cout << json.text() << "\n";
}

void print_text(const CheckedFile& file) {
  std::cout << "Checking " << file.path << "\n";
  for (const auto& mistake : file.mistakes) std::cerr << "  " << mistake << "\n";
  for (const auto& lint : file.lints) std::cerr << "  warning: " << lint << "\n";
  if (file.mistakes.empty()) {
    std::cout << "  SUCCESS: " << file.rules << " rules found\n";
  } else {
    std::cerr << "  FAILED: " << file.mistakes.size() << (file.mistakes.size() == 1 ? " mistake\n" : " mistakes\n");
  }
}

}  // namespace

Result<std::vector<spec::RuleGroupSpec>> load_rule_files(const std::vector<std::string>& globs) {
  std::vector<spec::RuleGroupSpec> groups;
  std::string mistakes;
  const auto wrong = [&](const std::string& text) { mistakes += (mistakes.empty() ? "" : "\n") + text; };
  for (const auto& path : spec::match_files(globs)) {
    MAMORI_TRY(auto file, spec::read_rule_file(path));
    for (const auto& diagnostic : file.diagnostics) {
      if (diagnostic.severity == spec::Severity::Error) wrong(spec::to_string(diagnostic));
    }
    for (const auto& mistake : rules::check_expressions(file.groups)) wrong(mistake);
    for (auto& group : file.groups) groups.push_back(std::move(group));
  }
  if (!mistakes.empty()) return invalid_argument(mistakes);
  return groups;
}

std::string check_rules_help() {
  return "usage: mamori check rules FILE... [options]\n\n"
         "Checks rule files of Prometheus: their form, every expression, and rules that give the same series twice.\n\n"
         "example: mamori check rules rules/*.yml\n\n"
         "options:\n" +
         options_help(kOptions) + "\nexit codes: 0 no mistake, 1 a mistake, 2 usage, 3 bad style with --lint-fatal\n";
}

int run_check_rules(std::span<const std::string_view> args) {
  const auto parsed = parse_options(kOptions, args);
  if (!parsed) {
    std::cerr << "mamori check rules: " << parsed.error().message << "; see 'mamori check rules --help'\n";
    return kExitUsage;
  }
  if (parsed->positional().empty()) {
    std::cerr << "mamori check rules: which file? write: mamori check rules FILE...\n";
    return kExitUsage;
  }
  std::vector<CheckedFile> files;
  for (const auto& path : parsed->positional()) files.push_back(check_file(path));
  bool wrong = false, lint = false;
  for (const auto& file : files) {
    wrong |= !file.mistakes.empty();
    lint |= !file.lints.empty();
    if (!parsed->given("--json")) print_text(file);
  }
  if (parsed->given("--json")) print_json(files);
  if (wrong) return kExitWrong;
  return lint && parsed->given("--lint-fatal") ? kExitLint : 0;
}

}  // namespace mamori::app
