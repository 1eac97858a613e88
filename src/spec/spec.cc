#include "spec/spec.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "base/json.h"
#include "base/text.h"
#include "spec/detail/file_text.h"
#include "spec/detail/markdown.h"
#include "spec/detail/prometheus_typed.h"
#include "spec/detail/reader.h"
#include "spec/detail/rule.h"
#include "spec/detail/schema.h"
#include "spec/detail/typed.h"

namespace mamori::spec {

namespace {

/// Collects files into one document, then judges it once.
class Loader {
 public:
  void add(const std::string& name, std::string_view text) {
    const int file = static_cast<int>(document_.files.size());
    document_.files.push_back(name);
    if (is_markdown_name(name)) return add_markdown(text, file);
    read_into(document_.root, text, {file, 1, 1}, budget_, findings_, document_.files);
  }

  /// Globs of scrape_config_files, each beside the file that names it.
  std::vector<std::string> scrape_config_globs() const {
    std::vector<std::string> globs;
    for (const Node& item : document_.root["scrape_config_files"].items) {
      if (item.is_scalar()) globs.push_back(beside(document_.files[static_cast<std::size_t>(item.at.file)], item.text));
    }
    return globs;
  }

  Loaded finish() {
    Loaded loaded;
    const bool readable = !findings_.has_errors();
    if (document_.root.is_map()) {
      check_shape(document_.root, document_shape(), "", findings_);
    } else if (readable && document_.blocks.empty()) {
      findings_.report("spec.empty", {}, "there is no section in it", "add a section such as 'payment_monitoring:'");
    }
    for (const Rule& rule : all_rules()) findings_.run(rule, document_);
    loaded.spec = to_spec(document_);
    loaded.inactive_sections = inactive_parts(document_.root);
    loaded.diagnostics = findings_.take();
    return loaded;
  }

 private:
  void add_markdown(std::string_view text, int file) {
    if (text.size() > kTextBytesMax) {
      findings_.report("yaml.too-large", {file, 1, 1}, "the text is longer than 8 MiB", "split the file");
      return;
    }
    Markdown parts = take_apart(text, file);
    for (Block& block : parts.blocks) {
      if (block.language == "yaml" || block.language == "yml" || block.language == "json") {
        std::string joined;
        for (const std::string& line : block.lines) joined += line + "\n";
        read_into(document_.root, joined, block.at, budget_, findings_, document_.files);
      } else {
        document_.blocks.push_back(std::move(block));
      }
    }
    document_.prose.insert(document_.prose.end(), std::make_move_iterator(parts.prose.begin()),
                           std::make_move_iterator(parts.prose.end()));
  }

  Document document_;
  Findings findings_{document_.files};
  ReadBudget budget_;
};

Result<std::string> read_file(const std::string& path) { return read_file_text(path, "the spec", kTextBytesMax); }

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::Info:
      return "info";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      break;
  }
  return "error";
}

}  // namespace

bool Loaded::has_errors() const {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

namespace {

bool blocks(const Diagnostic& diagnostic) {
  if (diagnostic.severity != Severity::Error || diagnostic.mistake) return false;
  constexpr std::array<std::string_view, 5> kActive = {"yaml.", "spec.", "payment.", "log.", "scrape."};
  // CloudWatch's own retention is read by nothing here.
  if (diagnostic.id == "log.cloudwatch-retention-value") return false;
  return std::ranges::any_of(kActive, [&](std::string_view family) { return diagnostic.id.starts_with(family); });
}

}  // namespace

bool Loaded::has_blocking_errors() const { return std::ranges::any_of(diagnostics, blocks); }

Result<Loaded> load(const std::vector<std::string>& files) {
  Loader loader;
  for (const std::string& path : files) {
    MAMORI_TRY(const std::string text, read_file(path));
    loader.add(path, text);
  }
  for (const std::string& path : match_files(loader.scrape_config_globs())) {
    MAMORI_TRY(const std::string text, read_file(path));
    loader.add(path, text);
  }
  return loader.finish();
}

Loaded load_text(const std::string& name, const std::string& text) {
  Loader loader;
  loader.add(name, text);
  return loader.finish();
}

std::string to_string(const Diagnostic& d) {
  std::string text = d.file;
  if (d.line > 0) text += ":" + std::to_string(d.line) + ":" + std::to_string(d.column);
  return text + ": " + std::string(word(d.severity)) + ": " + d.message + ": " + d.fix + " [" + d.id + "]";
}

std::string to_json(const std::vector<Diagnostic>& diagnostics) {
  JsonWriter json;
  json.begin_array();
  for (const Diagnostic& d : diagnostics) {
    json.begin_object();
    json.field("file", d.file).field("line", d.line).field("col", d.column).field("id", d.id);
    json.field("severity", word(d.severity)).field("message", d.message).field("fix", d.fix).key("mistake");
    if (d.mistake) {
      json.integer(*d.mistake);
    } else {
      json.null();
    }
    json.end_object();
  }
  return std::move(json.end_array()).take();
}

Result<std::string> explain(const std::string& id) {
  const Rule* rule = find_rule(id);
  if (rule == nullptr) {
    std::vector<std::string> ids;
    for (const Rule& known : all_rules()) ids.emplace_back(known.id);
    const std::string near = nearest(id, ids);
    return Error{Code::NotFound, "no rule is called '" + id + "': " +
                                     (near.empty() ? "see mamori check --list-rules" : "did you mean '" + near + "'?")};
  }
  std::string text(rule->id);
  text += " (" + std::string(word(rule->severity));
  if (rule->mistake != 0) text += ", mistake " + std::to_string(rule->mistake) + " of the design log";
  text += ")\n" + std::string(rule->title) + ".\n\n" + std::string(rule->explanation) + "\n";
  return text;
}

}  // namespace mamori::spec
