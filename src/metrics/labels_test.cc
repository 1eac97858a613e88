#include "metrics/labels.h"

#include <gtest/gtest.h>

#include "metrics/registry.h"
#include "metrics/store.h"

namespace mamori::metrics {
namespace {

TEST(Labels, AreSortedWithoutEmptyValuesAndTheLastDuplicateWins) {
  const Labels labels({{"z", "1"}, {"a", "x"}, {"a", "y"}, {"empty", ""}});
  EXPECT_EQ(labels.to_string(), R"({a="y", z="1"})");
  EXPECT_EQ(labels.get("a"), "y");
  EXPECT_FALSE(labels.has("empty"));
}

TEST(Labels, PrintAsPrometheusDoes) {
  EXPECT_EQ(Labels({{"__name__", "up"}, {"job", "a\"b\\c"}}).to_string(), R"(up{job="a\"b\\c"})");
  EXPECT_EQ(Labels({{"__name__", "up"}}).to_string(), "up");
  EXPECT_EQ(Labels().to_string(), "{}");
}

TEST(Labels, HashesDifferWhereNamesAndValuesAreCutDifferently) {
  EXPECT_NE(Labels({{"ab", "c"}}).hash(), Labels({{"a", "bc"}}).hash());
}

TEST(Matcher, AnchorsRegularExpressions) {
  const auto matches = [](MatchOp op, const char* value, const char* text) {
    return Matcher::make("n", op, value)->matches(text);
  };
  EXPECT_TRUE(matches(MatchOp::Regex, "a|b", "a"));
  EXPECT_FALSE(matches(MatchOp::Regex, "a|b", "ab"));
  EXPECT_TRUE(matches(MatchOp::Regex, ".*", "line\nline"));
  EXPECT_TRUE(matches(MatchOp::NotRegex, "a.*", "b"));
  EXPECT_TRUE(matches(MatchOp::NotEqual, "", "x"));
  EXPECT_FALSE(Matcher::make("n", MatchOp::Regex, "(").has_value());
}

TEST(Registry, TellsOfASummaryByItsOwnName) {
  Registry registry;
  registry.callback("took_seconds_sum", "Took", "summary", {}, [] { return 1.5; });
  registry.callback("took_seconds_count", "Took", "summary", {}, [] { return 3.0; });
  EXPECT_EQ(registry.expose(),
            "# HELP took_seconds Took\n# TYPE took_seconds summary\ntook_seconds_count 3\ntook_seconds_sum 1.5\n");
}

TEST(Registry, ShowsCountersGaugesAndCallbacksAsText) {
  Registry registry;
  registry.counter("mamori_a_total", "as", Labels({{"kind", "x\"y"}})).add(2);
  registry.counter("mamori_a_total", "as", Labels({{"kind", "x\"y"}})).add();
  registry.gauge("mamori_b", "bs").set(0.5);
  registry.callback("mamori_c", "cs\nmore", "gauge", {}, [] { return 7.0; });
  EXPECT_EQ(registry.expose(),
            "# HELP mamori_a_total as\n# TYPE mamori_a_total counter\nmamori_a_total{kind=\"x\\\"y\"} 3\n"
            "# HELP mamori_b bs\n# TYPE mamori_b gauge\nmamori_b 0.5\n"
            "# HELP mamori_c cs\\nmore\n# TYPE mamori_c gauge\nmamori_c 7\n");
}

}  // namespace
}  // namespace mamori::metrics
