#include "app/rule_files.h"

#include <algorithm>

#include "spec/prometheus_config.h"

namespace mamori::app {
namespace {

bool is_error(const spec::Diagnostic& diagnostic) { return diagnostic.severity == spec::Severity::Error; }

Result<std::vector<std::string>> paths_of(const RuleSources& sources) {
  auto paths = spec::match_files(sources.globs);
  for (const auto& file : sources.files) {
    const auto found = spec::match_files({file});
    if (found.empty()) {
      return Error{Code::NotFound, "--rules " + file +
                                       ": there is no such file; give the path of a rule file, or a glob "
                                       "in quotes that matches at least one"};
    }
    for (const auto& path : found) {
      if (std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
    }
  }
  return paths;
}

}  // namespace

bool LoadedRules::has_errors() const { return std::ranges::any_of(diagnostics, is_error); }

std::string LoadedRules::errors() const {
  std::string text;
  for (const auto& diagnostic : diagnostics) {
    if (is_error(diagnostic)) text += (text.empty() ? "" : "\n") + spec::to_string(diagnostic);
  }
  return text;
}

Result<LoadedRules> load_rules(const RuleSources& sources, const rules::RuleDefaults& defaults) {
  LoadedRules loaded;
  MAMORI_TRY(const auto paths, paths_of(sources));
  for (const auto& path : paths) {
    MAMORI_TRY(auto file, spec::load_rule_file(path));
    auto groups = rules::compile_rules(file, defaults);
    std::ranges::move(groups, std::back_inserter(loaded.groups));
    std::ranges::move(file.diagnostics, std::back_inserter(loaded.diagnostics));
  }
  return loaded;
}

}  // namespace mamori::app
