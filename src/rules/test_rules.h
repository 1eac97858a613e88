// rules/test_rules.h: what the tests of rules share: groups from YAML over a store in memory, and a clock that stands.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "metrics/promql/memory_store.h"
#include "rules/rule_group.h"

namespace mamori::rules {

inline std::vector<RuleGroupDefinition> groups_of(const std::string& yaml, const std::string& name = "rules.yml") {
  auto file = spec::read_rule_file(name, yaml);
  auto groups = compile_rules(file);
  EXPECT_TRUE(file.diagnostics.empty()) << spec::to_json(file.diagnostics);
  return groups;
}

inline std::shared_ptr<const RuleGroupDefinition> only_group(const std::string& yaml) {
  auto groups = groups_of(yaml);
  EXPECT_EQ(groups.size(), 1u);
  return std::make_shared<const RuleGroupDefinition>(std::move(groups.at(0)));
}

struct RuleWorld {
  metrics::promql::MemoryStore store;
  metrics::promql::Engine engine{store};
  FakeClock clock{Timestamp{Seconds{0}}};
  RuleEnvironment environment{store, engine, clock};

  void put(const metrics::Labels& labels, std::int64_t seconds, double value) {
    const metrics::SeriesSample sample{labels, {seconds * 1000, value}};
    ASSERT_TRUE(store.append({&sample, 1}));
  }

  /// Every sample of a name: `{labels} value@seconds …`, a line per series; "stale" for a marker.
  std::string all(const std::string& name) const {
    const auto matcher = metrics::Matcher::make("__name__", metrics::MatchOp::Equal, name);
    std::string out;
    for (const auto& series : store.select({&*matcher, 1}, -1'000'000'000, 1'000'000'000'000)) {
      out += series.labels.without("__name__").to_string();
      for (const auto& sample : series.samples) {
        out += " " + (metrics::is_stale_nan(sample.value) ? "stale" : metrics::promql::format_float(sample.value)) +
               "@" + metrics::promql::format_float(static_cast<double>(sample.time_ms) / 1000);
      }
      out += "\n";
    }
    return out;
  }
};

inline Timestamp at_seconds(std::int64_t seconds) { return Timestamp{Seconds{seconds}}; }

}  // namespace mamori::rules
