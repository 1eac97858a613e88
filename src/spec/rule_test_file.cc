#include "spec/rule_test_file.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <set>

#include "base/text.h"
#include "spec/detail/file_text.h"
#include "spec/detail/reader.h"
#include "spec/detail/rule_values.h"
#include "spec/detail/schema.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

constexpr std::string_view kId = "rules.test-file";

Shape test_file_shape() {
  const auto text = [] { return optional(of(Type::AnyText)); };
  const auto duration = [] { return optional(of(Type::PrometheusDuration)); };
  const auto items = [](Shape shape) { return optional(list(optional(std::move(shape)))); };
  Shape series = map({key("series", text()), key("values", text())});
  Shape alert = map({key("exp_labels", labels_shape()), key("exp_annotations", labels_shape())});
  Shape alert_test =
      map({key("eval_time", duration()), key("alertname", text()), key("exp_alerts", items(std::move(alert)))});
  Shape sample = map({key("labels", text()), key("value", text()), key("histogram", text())});
  Shape expr_test =
      map({key("expr", text()), key("eval_time", duration()), key("exp_samples", items(std::move(sample)))});
  Shape test = map({key("interval", duration()), key("input_series", items(std::move(series))),
                    key("alert_rule_test", items(std::move(alert_test))),
                    key("promql_expr_test", items(std::move(expr_test))), key("external_labels", labels_shape()),
                    key("external_url", text()), key("name", text()), key("start_timestamp", text())});
  return map({key("rule_files", items(of(Type::AnyText))), key("evaluation_interval", duration()),
              key("group_eval_order", items(of(Type::AnyText))), key("tests", items(std::move(test))),
              key("fuzzy_compare", optional(of(Type::YamlFlag)))});
}

/// A number as YAML writes it: 2, 1e3, 0x1F, .inf, -.Inf, .nan.
std::optional<double> yaml_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const double sign = negative ? -1 : 1;
  const auto lower = to_lower(text);
  if (lower == ".inf") return sign * std::numeric_limits<double>::infinity();
  if (lower == ".nan") return std::numeric_limits<double>::quiet_NaN();
  if (text.empty() || (text[0] != '.' && (text[0] < '0' || text[0] > '9'))) return std::nullopt;
  const auto* end = text.data() + text.size();
  if (lower.starts_with("0x")) {
    std::uint64_t whole = 0;
    const auto [at, failure] = std::from_chars(text.data() + 2, end, whole, 16);
    if (failure != std::errc{} || at != end) return std::nullopt;
    return sign * static_cast<double>(whole);
  }
  double value = 0;
  const auto [at, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc{} || at != end) return std::nullopt;
  return sign * value;
}

LabelPairs sorted_pairs(const Node& node) {
  LabelPairs pairs;
  for (const Entry& entry : node.entries) pairs.emplace_back(entry.key, placed(entry.value).text);
  std::ranges::sort(pairs);
  return pairs;
}

class TestReader {
 public:
  TestReader(RuleTestFile& file, Findings& findings) : file_(file), findings_(findings) {}

  void read(const Node& root) {
    const auto folder = std::filesystem::path(file_.name).parent_path();
    for (const Node& node : root["rule_files"].items) {
      const auto text = placed(node).text;
      file_.rule_files.push_back(text.empty() ? text : (folder / text).string());
    }
    file_.evaluation_interval = duration_or(root["evaluation_interval"], Nanos{0});
    if (file_.evaluation_interval == Nanos{0}) file_.evaluation_interval = std::chrono::minutes{1};
    read_order(root["group_eval_order"]);
    file_.fuzzy_compare = read_yaml_flag(root["fuzzy_compare"].text).value_or(false);
    for (const Node& node : root["tests"].items) file_.tests.push_back(test(node));
  }

 private:
  void report(const Node& node, std::string message, std::string fix) {
    findings_.report(kId, node.exists() ? node.at : Position{0, 1, 1}, std::move(message), std::move(fix));
  }

  void read_order(const Node& order) {
    std::set<std::string> seen;
    for (const Node& node : order.items) {
      if (!seen.insert(node.text).second)
        report(node, "group name repeated in evaluation order: " + node.text, "name each group once");
      file_.group_eval_order.push_back(node.text);
    }
  }

  RuleTestSpec test(const Node& node) {
    RuleTestSpec test{.name = placed(node["name"]).text};
    test.interval = duration_or(node["interval"], Nanos{0});
    if (test.interval == Nanos{0}) test.interval = file_.evaluation_interval;
    if (const Node& start = node["start_timestamp"]; start.is_scalar() && !start.text.empty()) {
      const auto time = parse_time(start.text);
      if (time) {
        test.start = *time;
      } else {
        report(start, "start_timestamp is no time: " + start.text, "write RFC 3339, or seconds since 1970");
      }
    }
    for (const Node& item : node["input_series"].items)
      test.input_series.push_back({placed(item["series"]), placed(item["values"])});
    for (const Node& item : node["alert_rule_test"].items) test.alert_tests.push_back(alert_test(item));
    for (const Node& item : node["promql_expr_test"].items) test.expr_tests.push_back(expr_test(item));
    test.external_labels = sorted_pairs(node["external_labels"]);
    test.external_url = placed(node["external_url"]).text;
    return test;
  }

  AlertTestSpec alert_test(const Node& node) {
    AlertTestSpec test{.at = {node.at.line, node.at.column},
                       .eval_time = duration_or(node["eval_time"], Nanos{0}),
                       .alertname = placed(node["alertname"]).text};
    if (test.alertname.empty()) {
      report(node,
             "an item under alert_rule_test misses required attribute alertname at eval_time " +
                 format_duration(test.eval_time),
             "add 'alertname: …'");
    }
    for (const Node& item : node["exp_alerts"].items)
      test.alerts.push_back({sorted_pairs(item["exp_labels"]), sorted_pairs(item["exp_annotations"])});
    return test;
  }

  ExprTestSpec expr_test(const Node& node) {
    ExprTestSpec test{.expr = placed(node["expr"]), .eval_time = duration_or(node["eval_time"], Nanos{0})};
    for (const Node& item : node["exp_samples"].items) {
      ExpectedSample sample{.labels = placed(item["labels"]), .histogram = placed(item["histogram"]).text};
      if (const Node& value = item["value"]; value.is_scalar()) {
        const auto number = value.quoted ? std::nullopt : yaml_number(value.text);
        if (!number)
          report(value, "'" + value.text + "' is no number", "write a number; .inf, -.inf or .nan without quotes");
        sample.value = number.value_or(0);
      }
      test.samples.push_back(std::move(sample));
    }
    return test;
  }

  RuleTestFile& file_;
  Findings& findings_;
};

}  // namespace

bool RuleTestFile::has_errors() const {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

RuleTestFile read_rule_test_file(std::string name, std::string_view text) {
  RuleTestFile file{.name = std::move(name)};
  const std::vector<std::string> names{file.name};
  Findings findings(names);
  ReadBudget budget;
  const Node root = read_document(text, {0, 1, 1}, budget, findings);
  static const Shape kShape = test_file_shape();
  if (root.kind != Kind::Missing && root.kind != Kind::Null) check_shape(root, kShape, "", findings);
  TestReader(file, findings).read(root);
  file.diagnostics = findings.take();
  return file;
}

Result<RuleTestFile> load_rule_test_file(const std::string& path) {
  MAMORI_TRY(const auto text, read_file_text(path, "the file of tests", kTextBytesMax));
  return read_rule_test_file(path, text);
}

}  // namespace mamori::spec
