#include "spec/rule_file.h"

#include <algorithm>
#include <map>

#include "spec/detail/file_text.h"
#include "spec/detail/reader.h"
#include "spec/detail/rule_values.h"
#include "spec/detail/schema.h"
#include "spec/detail/shapes.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_inside_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// What Prometheus 3 takes as the name of a metric or of a label.
bool is_name(std::string_view name) {
  if (name.empty()) return false;
  for (std::size_t i = 0; i < name.size();) {
    const auto first = static_cast<unsigned char>(name[i]);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xC2 ? 0
                               : first < 0xE0 ? 2
                               : first < 0xF0 ? 3
                               : first < 0xF5 ? 4
                                              : 0;
    if (length == 0 || i + length > name.size()) return false;
    std::uint32_t point = length == 1 ? first : first & (0x7Fu >> length);
    for (std::size_t k = 1; k < length; ++k) {
      if (!is_inside_character(name[i + k])) return false;
      point = point << 6 | (static_cast<unsigned char>(name[i + k]) & 0x3F);
    }
    if ((length == 3 && point < 0x800) || (length == 4 && (point < 0x10000 || point > 0x10FFFF))) return false;
    if (point >= 0xD800 && point <= 0xDFFF) return false;  // surrogates
    i += length;
  }
  return true;
}

Shape rule_file_shape() {
  const auto text = [] { return optional(of(Type::AnyText)); };
  const auto duration = [] { return optional(of(Type::PrometheusDuration)); };
  Shape rule =
      map({key("record", text()), key("alert", text()), key("expr", text()), key("for", duration()),
           key("keep_firing_for", duration()), key("labels", labels_shape()), key("annotations", labels_shape())});
  Shape group = map({key("name", text()), key("interval", duration()), key("query_offset", duration()),
                     key("limit", optional(integer(-2147483648.0, 2147483647.0))), key("labels", labels_shape()),
                     key("rules", optional(list(std::move(rule))))});
  return map({key("groups", optional(list(std::move(group))))});
}

std::optional<Nanos> optional_duration(const Node& node) {
  if (!node.is_scalar()) return std::nullopt;
  const auto duration = parse_duration(node.text);
  return duration ? std::optional(*duration) : std::nullopt;
}

PlacedPairs pairs_of(const Node& map) {
  PlacedPairs pairs;
  for (const Entry& entry : map.entries) {
    const Position& at = entry.value.key_at;
    pairs.emplace_back(PlacedText{entry.key, {at.line, at.column}}, placed(entry.value));
  }
  return pairs;
}

class RuleReader {
 public:
  RuleReader(Findings& findings) : findings_(findings) {}

  std::vector<RuleGroupSpec> groups(const Node& root) {
    std::vector<RuleGroupSpec> groups;
    for (const Node& node : root["groups"].items) {
      if (node.is_map()) groups.push_back(group(node));
    }
    return groups;
  }

 private:
  void report(std::string_view id, Place at, std::string message, std::string fix) {
    findings_.report(id, {0, at.line, at.column}, std::move(message), std::move(fix));
  }

  RuleGroupSpec group(const Node& node) {
    RuleGroupSpec group;
    group.name = placed(node["name"]);
    if (group.name.empty()) {
      group.name.at = {node.at.line, node.at.column};
      report("rules.group", group.name.at, "a group has no name", "add 'name: …', unique within the file");
    } else if (const auto [at, added] = names_.try_emplace(group.name.text, group.name.at.line); !added) {
      report("rules.group", group.name.at,
             "the group name \"" + group.name.text + "\" is repeated in this file, first in line " +
                 std::to_string(at->second),
             "give each group a name of its own");
    }
    group.interval = optional_duration(node["interval"]);
    if (group.interval == Nanos{0}) group.interval.reset();  // as in Prometheus: the global interval
    group.query_offset = optional_duration(node["query_offset"]);
    group.limit = read_integer(node["limit"].text).value_or(0);
    group.labels = pairs_of(node["labels"]);
    check_labels(group.labels, "labels of the group");
    for (const Node& item : node["rules"].items) {
      if (item.is_map()) group.rules.push_back(rule(item));
    }
    return group;
  }

  RuleSpec rule(const Node& node) {
    RuleSpec rule;
    rule.at = {node.at.line, node.at.column};
    rule.record = placed(node["record"]);
    rule.alert = placed(node["alert"]);
    rule.expr = placed(node["expr"]);
    rule.hold = duration_or(node["for"], Nanos{0});
    rule.keep_firing_for = duration_or(node["keep_firing_for"], Nanos{0});
    rule.labels = pairs_of(node["labels"]);
    rule.annotations = pairs_of(node["annotations"]);
    check(rule, node);
    return rule;
  }

  void check(const RuleSpec& rule, const Node& node) {
    if (!rule.record.empty() && !rule.alert.empty()) {
      report("rules.rule", rule.at, "'record' and 'alert' are both set", "keep one of them, or make two rules of it");
    } else if (rule.record.empty() && rule.alert.empty()) {
      report("rules.rule", rule.at, "neither 'record' nor 'alert' is set",
             "add 'record: NAME' for a recording rule or 'alert: NAME' for an alerting rule");
    }
    if (rule.expr.empty()) {
      const Place at = node["expr"].exists() ? rule.expr.at : rule.at;
      report("rules.rule", at, "'expr' is not set", "add 'expr: …', the PromQL expression to evaluate");
    }
    if (!rule.record.empty()) check_recording(rule, node);
    check_labels(rule.labels, "labels");
    for (const auto& [name, value] : rule.annotations) {
      if (!is_name(name.text)) {
        report("rules.name", name.at, "an annotation cannot be called '" + name.text + "'", "give it a name in UTF-8");
      }
    }
  }

  void check_recording(const RuleSpec& rule, const Node& node) {
    if (!rule.annotations.empty()) not_for_recording(node["annotations"], "annotations");
    if (rule.hold != Nanos{0}) not_for_recording(node["for"], "for");
    if (rule.keep_firing_for != Nanos{0}) not_for_recording(node["keep_firing_for"], "keep_firing_for");
    if (!is_name(rule.record.text)) {
      report("rules.name", rule.record.at, "the recording rule's name is not UTF-8",
             "write a metric name, as job:up:sum");
    } else if (rule.record.text.find_first_of("{}") != std::string::npos) {
      report("rules.name", rule.record.at, "the recording rule's name \"" + rule.record.text + "\" holds braces",
             "write only the name here; selectors belong into 'expr', labels into 'labels'");
    }
  }

  void not_for_recording(const Node& node, const std::string& key) {
    report("rules.rule", {node.key_at.line, node.key_at.column}, "'" + key + "' has no meaning in a recording rule",
           "remove it, or make this an alerting rule");
  }

  void check_labels(const PlacedPairs& labels, const std::string& what) {
    for (const auto& [name, value] : labels) {
      if (name.text == "__name__") {
        report("rules.name", name.at, "the " + what + " set __name__",
               "use 'record' for the name of a series; __name__ cannot be set as a label");
      } else if (!is_name(name.text)) {
        report("rules.name", name.at, "the " + what + " hold a name that is empty or not UTF-8", "name the label");
      }
      if (!value.empty() && !is_name(value.text)) {
        report("rules.name", value.at, "the value of the label '" + name.text + "' is not UTF-8",
               "save the file as UTF-8");
      }
    }
  }

  Findings& findings_;
  std::map<std::string, int> names_;
};

/// The byte where a place stands in the text.
std::size_t offset_of(std::string_view text, Place place) {
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (int line = 1; line < place.line && at < text.size(); ++line) {
    const auto end = text.find('\n', at);
    at = end == std::string_view::npos ? text.size() : end + 1;
  }
  for (int column = 1; column < place.column && at < text.size() && text[at] != '\n'; ++column) {
    ++at;
    while (at < text.size() && is_inside_character(text[at])) ++at;
  }
  return at;
}

}  // namespace

bool RuleFile::has_errors() const {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

Place RuleFile::place_of(const PlacedText& value, std::size_t offset) const {
  std::size_t at = offset_of(source, value.at);
  Place place = value.at;
  const auto step = [&] {
    if (source[at] == '\n') {
      ++place.line;
      place.column = 1;
    } else if (at + 1 >= source.size() || !is_inside_character(source[at + 1])) {
      ++place.column;
    }
    ++at;
  };
  if (at < source.size() && (source[at] == '|' || source[at] == '>')) {
    while (at < source.size() && source[at] != '\n') step();  // a block's header
  }
  // YAML folds, indents and quotes, but what is not white space stands in the file in the same order.
  Place found = value.at;
  const auto visible_end = std::min(offset + 1, value.text.size());
  for (std::size_t i = 0; i < visible_end; ++i) {
    if (is_space(value.text[i])) continue;
    while (at < source.size() && source[at] != value.text[i]) step();
    if (at >= source.size()) return value.at;
    found = place;
    step();
  }
  return offset >= value.text.size() ? place : found;
}

RuleFile read_rule_file(std::string name, std::string text, const RuleFileOptions& options) {
  RuleFile file{.name = std::move(name), .source = std::move(text)};
  const std::vector<std::string> names{file.name};
  Findings findings(names);
  ReadBudget budget;
  const Node root = read_document(file.source, {0, 1, 1}, budget, findings);
  static const Shape kShape = rule_file_shape();
  if (root.kind != Kind::Missing && root.kind != Kind::Null) check_shape(root, kShape, "", findings);
  file.groups = RuleReader(findings).groups(root);
  file.diagnostics = findings.take();
  if (options.ignore_unknown_keys) {
    std::erase_if(file.diagnostics, [](const Diagnostic& d) { return d.id == "spec.unknown-key"; });
  }
  return file;
}

Result<RuleFile> load_rule_file(const std::string& path, const RuleFileOptions& options) {
  MAMORI_TRY(auto text, read_file_text(path, "the rule file", kTextBytesMax));
  return read_rule_file(path, std::move(text), options);
}

}  // namespace mamori::spec
