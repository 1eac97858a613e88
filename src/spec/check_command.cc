#include "spec/check_command.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "spec/detail/rule.h"
#include "spec/detail/schema.h"
#include "spec/spec.h"

namespace mamori::spec {

namespace {

constexpr int kOk = 0, kUsage = 2, kErrors = 3;

constexpr std::string_view kHelp =
    "usage: mamori check [--json] FILE…        judge the files, merged: YAML, JSON, or Markdown with fenced blocks\n"
    "       mamori check --explain ID          what a rule means, and its source\n"
    "       mamori check --list-rules          every rule\n"
    "exit: 0 no errors (warnings alone too), 2 usage or a missing file, 3 errors in the spec\n";

struct Options {
  bool json = false, list_rules = false, list_keys = false, markdown = false, help = false;
  std::string explain;
  std::vector<std::string> files;
  std::string mistake;  // of the command line
};

Options read_options(std::span<const std::string_view> args) {
  Options options;
  bool only_files = false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view arg = args[i];
    if (only_files || !arg.starts_with('-') || arg == "-") {
      options.files.emplace_back(arg);
    } else if (arg == "--") {
      only_files = true;
    } else if (arg == "--json") {
      options.json = true;
    } else if (arg == "--list-rules") {
      options.list_rules = true;
    } else if (arg == "--list-keys") {
      options.list_keys = true;
    } else if (arg == "--markdown") {  // writes docs/spec-rules.md and docs/spec-keys.md
      options.markdown = true;
    } else if (arg == "--help" || arg == "-h") {
      options.help = true;
    } else if (arg == "--explain" && i + 1 < args.size()) {
      options.explain = args[++i];
    } else if (arg.starts_with("--explain=") && arg.size() > 10) {
      options.explain = arg.substr(10);
    } else if (arg == "--explain" || arg == "--explain=") {
      options.mistake = "--explain needs the id of a rule: see mamori check --list-rules";
    } else {
      const std::string near = nearest(arg, {"--json", "--explain", "--list-rules", "--list-keys", "--help"});
      options.mistake = "unknown option " + std::string(arg) + ": " +
                        (near.empty() ? "see mamori check --help" : "did you mean " + near + "?");
    }
  }
  return options;
}

std::string_view word(Severity severity) {
  return severity == Severity::Error ? "error" : severity == Severity::Warning ? "warning" : "info";
}

void list_rules(bool markdown, std::ostream& out) {
  if (markdown) out << "| id | severity | mistake | what | why |\n|---|---|---|---|---|\n";
  for (const Rule& rule : all_rules()) {
    const std::string mistake = rule.mistake == 0 ? "" : std::to_string(rule.mistake);
    if (markdown) {
      out << "| `" << rule.id << "` | " << word(rule.severity) << " | " << mistake << " | " << rule.title << " | "
          << rule.explanation << " |\n";
    } else {
      out << rule.id << "  " << word(rule.severity) << (mistake.empty() ? "" : "  mistake " + mistake) << "  "
          << rule.title << "\n";
    }
  }
}

std::string counted(std::size_t count, std::string_view one) {
  return std::to_string(count) + " " + std::string(one) + (count == 1 || one == "info" ? "" : "s");
}

void print(const Loaded& loaded, std::size_t files, std::ostream& out) {
  for (const Diagnostic& diagnostic : loaded.diagnostics) out << to_string(diagnostic) << "\n";
  if (!loaded.inactive_sections.empty()) {
    out << "accepted, not active yet:";
    for (const std::string& section : loaded.inactive_sections) out << " " << section;
    out << "\n";
  }
  const auto count = [&](Severity severity) {
    return static_cast<std::size_t>(std::ranges::count(loaded.diagnostics, severity, &Diagnostic::severity));
  };
  out << counted(files, "file") << ": " << counted(count(Severity::Error), "error") << ", "
      << counted(count(Severity::Warning), "warning") << ", " << counted(count(Severity::Info), "info") << "\n";
}

}  // namespace

int run_check(std::span<const std::string_view> args, std::ostream& out, std::ostream& err) {
  const Options options = read_options(args);
  if (!options.mistake.empty()) {
    err << "mamori check: " << options.mistake << "\n";
    return kUsage;
  }
  if (options.help) {
    out << kHelp;
    return kOk;
  }
  if (options.list_rules) {
    list_rules(options.markdown, out);
    return kOk;
  }
  if (options.list_keys) {
    out << keys_as_markdown();
    return kOk;
  }
  if (!options.explain.empty()) {
    const auto text = explain(options.explain);
    if (!text) {
      err << "mamori check: " << text.error().message << "\n";
      return kUsage;
    }
    out << *text;
    return kOk;
  }
  if (options.files.empty()) {
    err << "mamori check: no file given: name at least one, for example mamori check config/payment-platform.yaml\n";
    return kUsage;
  }
  const auto loaded = load(options.files);
  if (!loaded) {
    err << "mamori check: " << loaded.error().message << ": give the path of a YAML, JSON or Markdown file\n";
    return kUsage;
  }
  if (options.json) {
    out << to_json(loaded->diagnostics) << "\n";
  } else {
    print(*loaded, options.files.size(), out);
  }
  return loaded->has_errors() ? kErrors : kOk;
}

}  // namespace mamori::spec
