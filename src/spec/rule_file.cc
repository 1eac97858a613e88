#include "spec/rule_file.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "spec/detail/reader.h"
#include "spec/detail/schema.h"
#include "spec/detail/shapes.h"
#include "spec/detail/units.h"

namespace mamori::spec {
namespace {

Shape rule_file_shape() {
  const auto length = of(Type::PrometheusDuration);
  const auto pairs = [] { return keyed(of(Type::AnyText), "", ""); };
  Shape rule =
      map({key("record", text()), key("alert", text()), required("expr", of(Type::AnyText)), key("for", length),
           key("keep_firing_for", length), key("labels", pairs()), key("annotations", pairs())});
  Shape group = map({required("name", text()), key("interval", length), key("query_offset", length),
                     key("limit", integer(0, 1e9)), key("labels", pairs()), key("rules", list(std::move(rule)))});
  for (Field& field : group.fields) field.shape.may_be_null = !field.required;
  return map({required("groups", list(std::move(group)))});
}

Nanos length_of(const Node& node) {
  if (!node.is_scalar()) return Nanos{0};
  return parse_duration(node.text).value_or(Nanos{0});
}

LabelPairs pairs_of(const Node& map) {
  LabelPairs pairs;
  for (const Entry& entry : map.entries) {
    if (entry.value.is_scalar() || entry.value.kind == Kind::Null) pairs.emplace_back(entry.key, entry.value.text);
  }
  std::ranges::sort(pairs);
  return pairs;
}

/// Checks what a shape cannot say, and reads what is good.
class GroupReader {
 public:
  GroupReader(const std::string& file, Findings& findings) : file_(file), findings_(findings) {}

  std::vector<RuleGroupSpec> read(const Node& root) {
    std::vector<RuleGroupSpec> groups;
    std::set<std::string> names;
    for (const Node& node : root["groups"].items) {
      const Node& name = node["name"];
      if (!name.is_scalar()) continue;
      if (!names.insert(name.text).second) {
        report(name.at, "group \"" + name.text + "\" stands in this file twice", "give one of them another name");
        continue;
      }
      groups.push_back(read_group(node));
    }
    return groups;
  }

 private:
  void report(Position at, std::string message, std::string fix) {
    findings_.report("rules.invalid", at, std::move(message), std::move(fix));
  }

  RuleGroupSpec read_group(const Node& node) {
    RuleGroupSpec group{.file = file_, .name = node["name"].text, .interval = length_of(node["interval"])};
    if (node["query_offset"].is_scalar()) group.query_offset = length_of(node["query_offset"]);
    if (const auto limit = read_integer(node["limit"].text)) group.limit = static_cast<std::uint64_t>(*limit);
    group.labels = pairs_of(node["labels"]);
    check_labels(node["labels"]);
    for (const Node& rule : node["rules"].items) {
      if (auto read = read_rule(rule)) group.rules.push_back(*std::move(read));
    }
    return group;
  }

  void check_labels(const Node& labels) {
    for (const Entry& entry : labels.entries) {
      if (entry.key != "__name__") continue;
      report(entry.value.key_at, "__name__ is no label that a rule may set", "name the series with record: instead");
    }
  }

  std::optional<RuleSpec> read_rule(const Node& node) {
    const Node &record = node["record"], &alert = node["alert"], &expr = node["expr"];
    if (record.exists() == alert.exists()) {
      report(node.at,
             record.exists() ? "a rule is either record: or alert:, not both" : "a rule has no record: and no alert:",
             record.exists() ? "make two rules of it"
                             : "write record: NAME for a recording rule, alert: NAME for an alert");
      return std::nullopt;
    }
    const Node& name = record.exists() ? record : alert;
    if (!name.is_scalar() || !expr.is_scalar()) return std::nullopt;
    if (expr.text.find_first_not_of(" \t\n") == std::string::npos) {
      report(expr.at, "the expression is empty", "write the PromQL that the rule evaluates");
      return std::nullopt;
    }
    if (record.exists()) {
      for (const auto* field : {"for", "keep_firing_for", "annotations"}) {
        if (node[field].exists())
          report(node[field].key_at, std::string(field) + " is for alerts only",
                 "delete it, or write alert: for record:");
      }
      if (!is_metric_name(record.text)) {
        report(record.at, "\"" + record.text + "\" is no name for a series", "write UTF-8 text that is not empty");
        return std::nullopt;
      }
    }
    check_labels(node["labels"]);
    return RuleSpec{.alerting = alert.exists(),
                    .name = name.text,
                    .expr = expr.text,
                    .labels = pairs_of(node["labels"]),
                    .annotations = pairs_of(node["annotations"]),
                    .hold = length_of(node["for"]),
                    .keep_firing_for = length_of(node["keep_firing_for"]),
                    .line = name.at.line,
                    .column = name.at.column,
                    .expr_line = expr.at.line,
                    .expr_column = expr.at.column};
  }

  const std::string& file_;
  Findings& findings_;
};

}  // namespace

bool is_metric_name(std::string_view name) {
  return !name.empty() && name.find('\0') == std::string_view::npos && name.find('{') == std::string_view::npos;
}

bool RuleFile::has_errors() const {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

RuleFile read_rule_text(const std::string& name, std::string_view text) {
  const std::vector<std::string> files{name};
  Findings findings(files);
  ReadBudget budget;
  const Node root = read_document(text, {0, 1, 1}, budget, findings);
  RuleFile file;
  if (root.kind == Kind::Missing || root.kind == Kind::Null) {  // an empty file has no rules; a broken one is reported
    file.diagnostics = findings.take();
    return file;
  }
  static const Shape kShape = rule_file_shape();
  check_shape(root, kShape, "", findings);
  file.groups = GroupReader(name, findings).read(root);
  file.diagnostics = findings.take();
  return file;
}

Result<RuleFile> read_rule_file(const std::string& path) {
  MAMORI_TRY(const auto text, read_if_there(path));
  if (!text) return Error{Code::NotFound, path + ": there is no such file"};
  return read_rule_text(path, *text);
}

}  // namespace mamori::spec
