#include "rules/rule_set.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace mamori::rules {
namespace {

namespace promql = metrics::promql;
using spec::Diagnostic;
using spec::Severity;

/// "2:5: parse error: …" taken apart.
struct PlacedError {
  std::size_t offset = 0;  // into the query
  std::string message;
};

PlacedError take_apart(std::string_view query, std::string_view error) {
  std::size_t line = 0, column = 0;
  const char* end = error.data() + error.size();
  const auto first = std::from_chars(error.data(), end, line);
  if (first.ec == std::errc{} && first.ptr < end && *first.ptr == ':') {
    const auto second = std::from_chars(first.ptr + 1, end, column);
    if (second.ec == std::errc{} && std::string_view(second.ptr, end).starts_with(": ")) {
      std::size_t offset = 0;
      for (; line > 1; --line) {
        const auto at = query.find('\n', offset);
        if (at == std::string_view::npos) break;
        offset = at + 1;
      }
      return {std::min(query.size(), offset + std::max<std::size_t>(column, 1) - 1), std::string(second.ptr + 2, end)};
    }
  }
  return {0, std::string(error)};
}

TextPairs merged(const spec::PlacedPairs& under, const spec::PlacedPairs& over) {
  std::map<std::string, std::string> all;
  for (const auto* pairs : {&under, &over}) {
    for (const auto& [name, value] : *pairs) all[name.text] = value.text;
  }
  return {all.begin(), all.end()};
}

class Compiler {
 public:
  Compiler(spec::RuleFile& file, const RuleDefaults& defaults) : file_(file), defaults_(defaults) {}

  RuleGroupDefinition group(const spec::RuleGroupSpec& from) {
    RuleGroupDefinition group{.file = file_.name, .name = from.name.text};
    group.interval = from.interval.value_or(defaults_.interval);
    group.query_offset = from.query_offset.value_or(defaults_.query_offset);
    group.limit = from.limit;
    for (const auto& rule : from.rules) {
      if (auto made = this->rule(rule, from.labels)) group.rules.push_back(std::move(made));
    }
    return group;
  }

 private:
  void report(const spec::PlacedText& value, std::size_t offset, std::string id, Severity severity, std::string message,
              std::string fix) {
    const auto place = file_.place_of(value, offset);
    Diagnostic found{.file = file_.name, .line = place.line, .column = place.column, .id = std::move(id)};
    found.severity = severity;
    found.message = std::move(message);
    found.fix = std::move(fix);
    file_.diagnostics.push_back(std::move(found));
  }

  RulePtr rule(const spec::RuleSpec& from, const spec::PlacedPairs& group_labels) {
    const bool alerting = !from.alert.empty();
    if (from.expr.empty() || alerting != from.record.empty()) return nullptr;  // the reader said so
    auto made = std::make_shared<Rule>();
    made->kind = alerting ? RuleKind::Alerting : RuleKind::Recording;
    made->name = alerting ? from.alert.text : from.record.text;
    made->query = from.expr.text;
    made->labels = merged(group_labels, from.labels);
    made->annotations = merged({}, from.annotations);
    made->hold = from.hold;
    made->keep_firing_for = from.keep_firing_for;
    auto expr = promql::parse(made->query, defaults_.features);
    if (!expr) {
      auto [offset, message] = take_apart(made->query, expr.error().message);
      report(from.expr, offset, "rules.expression", Severity::Error,
             "the expression of \"" + made->name + "\" is not PromQL: " + message, "mend it there");
      return nullptr;
    }
    made->expr = *std::move(expr);
    check_type(from, *made);
    if (alerting && !parse_templates(from, group_labels, *made)) return nullptr;
    return made;
  }

  /// Where a label or an annotation was written.
  static const spec::PlacedText* value_of(std::string_view name, const spec::PlacedPairs& pairs) {
    const spec::PlacedText* found = nullptr;
    for (const auto& [key, value] : pairs) {
      if (key.text == name) found = &value;
    }
    return found;
  }

  bool parse_templates(const spec::RuleSpec& from, const spec::PlacedPairs& group_labels, Rule& made) {
    bool good = true;
    const auto parse = [&](const TextPairs& texts, const spec::PlacedPairs& own, std::vector<Template>& into) {
      for (const auto& [name, text] : texts) {
        TemplateMistake mistake;
        auto parsed = Template::parse("__alert_" + made.name, text, &mistake);
        if (parsed) {
          into.push_back(*std::move(parsed));
          continue;
        }
        good = false;
        const auto* value = value_of(name, own);
        if (value == nullptr) value = value_of(name, group_labels);
        report(*value, mistake.offset, "rules.template", Severity::Error,
               "the template of \"" + name + "\" of the alert \"" + made.name + "\" does not parse: " + mistake.message,
               "mend it there; docs/rules.md lists what templates know");
      }
    };
    parse(made.labels, from.labels, made.label_templates);
    parse(made.annotations, from.annotations, made.annotation_templates);
    return good;
  }

  void check_type(const spec::RuleSpec& from, const Rule& made) {
    const auto type = promql::type_of(*made.expr);
    if (type == promql::ValueType::Vector || type == promql::ValueType::Scalar) return;
    report(from.expr, 0, "rules.expression-type", Severity::Warning,
           "the expression of \"" + made.name + "\" gives a " + std::string(promql::documented_name(type)) +
               ", of which no series can be made: each evaluation will fail",
           type == promql::ValueType::Matrix ? "put a function around it, such as rate() or avg_over_time()"
                                             : "write an expression that gives a vector or a number");
  }

  spec::RuleFile& file_;
  const RuleDefaults& defaults_;
};

}  // namespace

bool Rule::operator==(const Rule& other) const {
  return kind == other.kind && name == other.name && query == other.query && labels == other.labels &&
         annotations == other.annotations && hold == other.hold && keep_firing_for == other.keep_firing_for;
}

bool RuleGroupDefinition::operator==(const RuleGroupDefinition& other) const {
  return file == other.file && name == other.name && interval == other.interval && query_offset == other.query_offset &&
         limit == other.limit &&
         std::ranges::equal(rules, other.rules, [](const RulePtr& a, const RulePtr& b) { return *a == *b; });
}

std::vector<RuleGroupDefinition> compile_rules(spec::RuleFile& file, const RuleDefaults& defaults) {
  Compiler compiler(file, defaults);
  std::vector<RuleGroupDefinition> groups;
  for (const auto& group : file.groups) groups.push_back(compiler.group(group));
  std::ranges::stable_sort(file.diagnostics, {}, [](const Diagnostic& d) { return std::pair(d.line, d.column); });
  return groups;
}

std::vector<spec::Diagnostic> find_duplicate_rules(const spec::RuleFile& file) {
  std::vector<Diagnostic> found;
  std::map<std::pair<std::string, TextPairs>, int> lines;  // of the first of each
  for (const auto& group : file.groups) {
    for (const auto& rule : group.rules) {
      const auto& name = rule.record.empty() ? rule.alert : rule.record;
      const auto labels = merged(group.labels, rule.labels);
      const auto [at, added] = lines.try_emplace({name.text, labels}, rule.at.line);
      if (added) continue;
      std::string shown;
      for (const auto& [label, value] : labels) {
        shown += (shown.empty() ? "{" : ", ") + label + "=" + promql::quote(value);
      }
      Diagnostic duplicate{.file = file.name, .line = name.at.line, .column = name.at.column, .id = "rules.duplicate"};
      duplicate.severity = Severity::Warning;
      duplicate.message = "\"" + name.text + "\"" + (shown.empty() ? "" : " with " + shown + "}") +
                          " is there twice, first in line " + std::to_string(at->second);
      duplicate.fix = "give one of them another name or other labels";
      found.push_back(std::move(duplicate));
    }
  }
  return found;
}

}  // namespace mamori::rules
