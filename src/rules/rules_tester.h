// rules/rules_tester.h: runs one test of a file of tests: the series come in step by step, the rules are evaluated, and
// alerts and expressions are compared with what is expected. As promtool does it, so that one file has one verdict:
// groups are evaluated every evaluation_interval whatever their own interval, and an expression sees only the samples
// up to the last evaluation. Source: prometheus.io/docs, "Unit testing for rules".
#pragma once
#include <string>
#include <vector>

#include "rules/rule_set.h"
#include "spec/rule_test_file.h"

namespace mamori::rules {

/// Something that is not as expected, or could not be done.
struct RuleTestFailure {
  std::string what;           // `alertname: Down, time: 5m`, `expr: "up", time: 3m`; "" when the whole test failed
  std::string error;          // then the rest is empty
  std::string expected, got;  // lines without indentation and without a last newline
};

struct RuleTestOutcome {
  std::vector<RuleTestFailure> failures;
  std::string data;  // every series of the store, a line each, when it was asked for
};

/// `file`: what holds for all its tests. `groups`: of all rule files, in their order.
RuleTestOutcome run_rule_test(const spec::RuleTestFile& file, const spec::RuleTestSpec& test,
                              const std::vector<RuleGroupDefinition>& groups, const metrics::promql::Features& features,
                              bool want_data);

}  // namespace mamori::rules
