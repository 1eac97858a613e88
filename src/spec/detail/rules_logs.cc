// Rules over log_analysis and the retention of logs.
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "spec/detail/facts.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

// PCI DSS 10.5.1 wants 12 months. A year of 366 days and an assessment some weeks late must fit as well.
constexpr double kAuditDays = 400;

/// Names of the fields that a condition compares: "status:failed AND count > 10" -> status, count.
std::vector<std::string> fields_in(const std::string& condition) {
  static const RE2 kTerm(R"(([A-Za-z_@][A-Za-z0-9_.@]*)\s*(?::|[<>]=?|==?|!=))");
  std::vector<std::string> fields;
  re2::StringPiece rest(condition);
  std::string field;
  while (RE2::FindAndConsume(&rest, kTerm, &field)) fields.push_back(field);
  return fields;
}

template <typename Visit>
void each_section(const Document& document, Visit visit) {
  for (const Entry& section : document.root["log_analysis"].entries) {
    if (section.value.is_map()) visit(section);
  }
}

bool has_field(const Node& section, const std::string& field) {
  return std::ranges::any_of(section["fields"].items, [&](const Node& item) { return item.text == field; });
}

void check_count_is_no_field(const Document& document, Findings& findings) {
  each_section(document, [&](const Entry& section) {
    if (has_field(section.value, "count")) return;
    for (const Node& alert : section.value["alerts"].items) {
      const Node& condition = alert["condition"];
      const auto fields = fields_in(condition.text);
      if (std::ranges::find(fields, "count") == fields.end()) continue;
      findings.at(condition,
                  "'count' is no field of the lines, and the query language has no grouping: read as mamori's own "
                  "extension, the number of matching lines in " +
                      alert["period"].text + ", over all payments together",
                  "nothing to do if that is meant; ordinary declines will fire it");
    }
  });
}

void check_condition_fields(const Document& document, Findings& findings) {
  each_section(document, [&](const Entry& section) {
    const Node& fields = section.value["fields"];
    if (!fields.is_list()) return;
    std::vector<std::string> known{"count", "@timestamp", "event", "payment_id", "provider", "country", "brand"};
    for (const Node& item : fields.items) known.push_back(item.text);
    for (const Node& alert : section.value["alerts"].items) {
      const Node& condition = alert["condition"];
      for (const std::string& field : fields_in(condition.text)) {
        if (std::ranges::find(known, field) != known.end()) continue;
        const std::string near = nearest(field, known);
        findings.at(condition, "the condition asks for '" + field + "', which is not among the section's fields",
                    near.empty() ? "add it to 'fields'" : "did you mean '" + near + "'?");
      }
    }
  });
}

void check_condition_form(const Document& document, Findings& findings) {
  each_section(document, [&](const Entry& section) {
    for (const Node& alert : section.value["alerts"].items) {
      const Node& condition = alert["condition"];
      if (!condition.is_scalar() || !fields_in(condition.text).empty()) continue;
      findings.at(condition, "the condition '" + condition.text.substr(0, 60) + "' compares no field",
                  "write it as 'status:failed AND count > 10' or 'processing_time > 5000'");
    }
  });
}

void check_pattern(const Document& document, Findings& findings) {
  each_section(document, [&](const Entry& section) {
    const Node& pattern = section.value["pattern"];
    if (!pattern.is_scalar() || pattern.text.starts_with("payment_") || pattern.text.starts_with("security_")) return;
    findings.at(pattern, "no stream that matches '" + pattern.text.substr(0, 60) + "' is accepted",
                "stream names begin with payment_ or security_");
  });
}

void check_retention(const Document& document, Findings& findings) {
  const auto judge = [&](const Node& node, const std::string& what) {
    const auto days = days_of(node);
    // CloudWatch keeps logs for ever with 0.
    if (!days || *days == 0 || *days >= kAuditDays) return;
    const std::string why = *days < 365
                                ? "PCI DSS 10.5.1 wants 12 months of audit history"
                                : "12 months of audit history fit in no shorter than a leap year and a late review";
    findings.at(node, what + " keeps logs for " + plain(*days) + " days; " + why,
                "keep at least " + plain(kAuditDays) + " days, 92 of them at hand");
  };
  judge(document.root.at_path("infrastructure.monitoring.cloudwatch.log_retention_days"), "CloudWatch");
  each_section(document, [&](const Entry& section) { judge(section.value["retention_days"], section.key); });
}

void check_cloudwatch_retention_value(const Document& document, Findings& findings) {
  static constexpr std::array<int, 23> kAllowed{0,   1,   3,   5,   7,    14,   30,   60,   90,   120,  150, 180,
                                                365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
  const Node& node = document.root.at_path("infrastructure.monitoring.cloudwatch.log_retention_days");
  const auto days = number_of(node);
  if (!days || std::ranges::find(kAllowed, static_cast<int>(*days)) != kAllowed.end()) return;
  const auto above = std::ranges::find_if(kAllowed, [&](int allowed) { return allowed > *days; });
  findings.at(node, "CloudWatch Logs has no retention of " + node.text + " days",
              "use " + std::to_string(above == kAllowed.end() ? kAllowed.back() : *above));
}

}  // namespace

std::span<const Rule> log_rules() {
  static constexpr std::array kRules{
      Rule{"log.count-is-no-field", Severity::Info, 24, "A condition counts lines as if count were a field",
           "`status:failed AND count > 10` mixes a query on one line with a count over many, and names no group. "
           "mamori reads `count` as its own extension: the number of lines in the period that match the rest of the "
           "condition, over all payments together (docs/indicators.md). Ordinary declines reach such a limit all day.",
           check_count_is_no_field},
      Rule{"log.condition-unknown-field", Severity::Warning, 0, "A condition on a field that no line has",
           "The field is neither listed under the section's fields nor one that every payment line has, so the alert "
           "would never fire.",
           check_condition_fields},
      Rule{"log.condition-form", Severity::Error, 0, "A condition that compares nothing",
           "A condition is one or more comparisons joined by AND: field:value, or field, operator and number.",
           check_condition_form},
      Rule{"log.pattern-not-accepted", Severity::Error, 0, "A pattern that no accepted stream matches",
           "mamori accepts streams whose names begin with payment_ or security_ and refuses the others, so nothing "
           "would ever match this pattern.",
           check_pattern},
      Rule{
          "log.retention-too-short", Severity::Warning, 26, "Logs are deleted before PCI DSS allows it",
          "PCI DSS v4.0.1, requirement 10.5.1: audit log history is kept for at least 12 months, the most recent three "
          "at hand. 365 days miss a leap year and an assessment that is late, so keep 400 (a value that CloudWatch "
          "offers). Payment logs count as soon as they are evidence of who accessed what, as user_id and ip_address "
          "make them.",
          check_retention},
      Rule{
          "log.cloudwatch-retention-value", Severity::Error, 0, "A retention that CloudWatch does not offer",
          "CloudWatch Logs takes a fixed set of values: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, "
          "1096, 1827, 2192, 2557, 2922, 3288, 3653 days. Source: API reference, PutRetentionPolicy.",
          check_cloudwatch_retention_value},
  };
  return kRules;
}

}  // namespace mamori::spec
