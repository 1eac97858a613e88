// Any bytes as a rule file, and as a file of tests of rules: reading ends, every finding has a known id and a place,
// and tests that are small run to their end.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/log.h"
#include "rules/rules_tester.h"

namespace rules = mamori::rules;
namespace spec = mamori::spec;

namespace {

void check(const std::vector<spec::Diagnostic>& diagnostics) {
  for (const auto& diagnostic : diagnostics) {
    if (diagnostic.line < 0 || diagnostic.column < 0 || !spec::explain(diagnostic.id)) std::abort();
    (void)spec::to_string(diagnostic);
  }
}

/// A long number could ask for more values or steps than an execution may take.
bool has_long_number(std::string_view text) {
  int digits = 0;
  return std::ranges::any_of(text, [&](char c) {
    digits = std::isdigit(static_cast<unsigned char>(c)) != 0 ? digits + 1 : 0;
    return digits > 3;
  });
}

bool is_short(const spec::RuleTestFile& file, const spec::RuleTestSpec& test) {
  const auto ends_soon = [&](const auto& one) { return one.eval_time / file.evaluation_interval < 20; };
  return std::ranges::all_of(test.alert_tests, ends_soon) && std::ranges::all_of(test.expr_tests, ends_soon);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mamori::set_log_level(mamori::LogLevel::Error);
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto file = spec::read_rule_file("a.yml", text);
  const auto groups = rules::compile_rules(file);
  check(file.diagnostics);
  check(rules::find_duplicate_rules(file));
  for (const auto& group : file.groups) {
    for (const auto& rule : group.rules) {
      for (std::size_t offset : {std::size_t{0}, rule.expr.text.size()}) {
        const auto place = file.place_of(rule.expr, offset);
        if (place.line < 0 || place.column < 0) std::abort();
      }
    }
  }
  const auto tests = spec::read_rule_test_file("t.yml", text);
  check(tests.diagnostics);
  if (tests.has_errors() || size > 2'000 || has_long_number(text)) return 0;
  for (const auto& test : tests.tests) {
    if (is_short(tests, test)) (void)rules::run_rule_test(tests, test, groups, {}, true);
  }
  return 0;
}
