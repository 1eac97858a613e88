// What can be wrong with a file of recording and alerting rules. rule_file.cc and the room that knows PromQL report
// them.
#include <array>

#include "spec/detail/rule.h"

namespace mamori::spec {

std::span<const Rule> rule_file_rules() {
  static constexpr std::array kRules{
      Rule{"rules.group", Severity::Error, 0, "A rule group that cannot be told from others",
           "As in Prometheus, a group has a name, and no other group of its file has the same one: its state, its "
           "metrics and its moment within the interval go by file and name."},
      Rule{"rules.rule", Severity::Error, 0, "A rule that says too little or too much",
           "A rule has an expression and either 'record' or 'alert'. What only alerts have (for, keep_firing_for, "
           "annotations) is refused in a recording rule, because it would be ignored in silence."},
      Rule{
          "rules.name", Severity::Error, 0, "A name that no series can have",
          "Names of metrics and labels are UTF-8 text that is not empty. __name__ is set by 'record' alone, and braces "
          "in a recording rule's name are nearly always an expression in the wrong place."},
      Rule{"rules.expression", Severity::Error, 0, "An expression that is not PromQL",
           "The expression does not parse, or its parts do not fit. The place is where PromQL's parser stopped; the "
           "text is Prometheus' own. docs/promql.md tells what of the language is there."},
      Rule{"rules.expression-type", Severity::Warning, 0, "An expression of which no series can be made",
           "A rule's expression gives an instant vector or a number. A range vector or a string is well-formed PromQL, "
           "so "
           "the file loads, as in Prometheus, but each evaluation of the rule fails."},
      Rule{"rules.template", Severity::Error, 0, "A template that does not parse",
           "Labels and annotations of alerts are Go templates with Prometheus' functions. docs/rules.md lists them. "
           "What fails only when it runs, such as an index that is not there, is not found here."},
      Rule{"rules.duplicate", Severity::Warning, 0, "Two rules that write the same series",
           "Two rules of one file have the same name and the same labels. Which of them a query sees would depend on "
           "the "
           "moment, so dashboards and alerts flap."},
      Rule{"rules.test-file", Severity::Error, 0, "A test of rules that cannot be run",
           "Files of tests have promtool's format; 'mamori help test rules' tells of it. A group is named once in "
           "group_eval_order, a test of an alert names it, a sample's value is a number."},
  };
  return kRules;
}

}  // namespace mamori::spec
