#include "metrics/detail/series_index.h"

#include <gmock/gmock.h>

#include <random>

#include "metrics/detail/regex_literals.h"

namespace mamori::metrics::detail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Labels series(const std::string& name, const std::string& job, const std::string& pod = "") {
  return Labels({{"__name__", name}, {"job", job}, {"pod", pod}});
}

Matcher matcher(const char* name, MatchOp op, const char* value) { return *Matcher::make(name, op, value); }

std::vector<SeriesRef> select(const SeriesIndex& index, const std::vector<Matcher>& matchers) {
  return index.select(matchers);
}

TEST(SeriesIndex, FindsSeriesByLabelsAndById) {
  SeriesIndex index;
  for (SeriesRef id = 0; id < 1000; ++id) index.add(id * 3, series("up", "web", std::to_string(id)));
  EXPECT_EQ(index.size(), 1000u);
  EXPECT_EQ(index.find(series("up", "web", "77")), 231u);
  EXPECT_EQ(index.find(series("up", "web", "1000")), std::nullopt);
  EXPECT_EQ(index.labels(231).get("pod"), "77");
  EXPECT_TRUE(index.labels(232).empty());
  EXPECT_TRUE(index.labels(~SeriesRef{0} - 1).empty());
}

TEST(SeriesIndex, SelectsByEachKindOfMatcher) {
  SeriesIndex index;
  index.add(1, series("up", "web", "a"));
  index.add(2, series("up", "web"));
  index.add(3, series("up", "db", "b"));
  index.add(4, series("down", "web", "a.b"));
  const auto check = [&](const std::vector<Matcher>& matchers, const std::vector<SeriesRef>& want) {
    EXPECT_EQ(select(index, matchers), want);
  };
  check({}, {1, 2, 3, 4});
  check({matcher("__name__", MatchOp::Equal, "up")}, {1, 2, 3});
  check({matcher("__name__", MatchOp::Equal, "none")}, {});
  check({matcher("none", MatchOp::Equal, "x")}, {});
  check({matcher("none", MatchOp::Equal, "")}, {1, 2, 3, 4});
  check({matcher("none", MatchOp::NotEqual, "")}, {});
  check({matcher("pod", MatchOp::Equal, "")}, {2});
  check({matcher("pod", MatchOp::NotEqual, "")}, {1, 3, 4});
  check({matcher("pod", MatchOp::NotEqual, "a")}, {2, 3, 4});
  check({matcher("pod", MatchOp::Regex, "a|b")}, {1, 3});
  check({matcher("pod", MatchOp::Regex, "a\\.b|b")}, {3, 4});
  check({matcher("pod", MatchOp::Regex, "a|")}, {1, 2});
  check({matcher("pod", MatchOp::Regex, ".*")}, {1, 2, 3, 4});
  check({matcher("pod", MatchOp::Regex, ".+")}, {1, 3, 4});
  check({matcher("pod", MatchOp::NotRegex, "a|b")}, {2, 4});
  check({matcher("pod", MatchOp::NotRegex, "a|")}, {3, 4});
  check({matcher("pod", MatchOp::NotRegex, ".+")}, {2});
  check({matcher("__name__", MatchOp::Equal, "up"), matcher("job", MatchOp::Equal, "web"),
         matcher("pod", MatchOp::Regex, "[ab]")},
        {1});
}

TEST(SeriesIndex, SelectsAsLookingAtEachSeriesWould) {
  std::mt19937 random(7);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int round = 0; round < 30; ++round) {
    SeriesIndex index;
    std::vector<std::pair<SeriesRef, Labels>> all;
    SeriesRef id = 0;
    const int series_count = 1 + pick(3000), pods = 1 + pick(2000);
    for (int i = 0; i < series_count; ++i) {
      const auto labels = series("m" + std::to_string(pick(5)), pick(4) == 0 ? "" : "j" + std::to_string(pick(3)),
                                 pick(3) == 0 ? "" : "p" + std::to_string(pick(pods)));
      if (index.find(labels)) continue;
      id += 1 + static_cast<SeriesRef>(pick(round % 5 == 0 ? 100'000 : 2));
      index.add(id, labels);
      all.emplace_back(id, labels);
    }
    // Some leave, so that lists shrink and texts change hands.
    std::vector<SeriesRef> gone;
    std::erase_if(all, [&](const auto& one) {
      if (pick(4) != 0) return false;
      gone.push_back(one.first);
      return true;
    });
    index.remove(gone);
    ASSERT_EQ(index.size(), all.size());
    for (const auto& [own, labels] : all) ASSERT_EQ(index.find(labels), own);
    for (const auto lost : gone) ASSERT_FALSE(index.has(lost));
    for (int query = 0; query < 30; ++query) {
      std::vector<Matcher> matchers;
      for (int left = pick(4); left > 0; --left) {
        const char* names[] = {"__name__", "job", "pod", "other"};
        const std::string values[] = {"m1", "j1", "p7", "", "m1|m2", "j.*", "p1.*", "p1|p2|p3|", ".+"};
        matchers.push_back(*Matcher::make(names[pick(4)], static_cast<MatchOp>(pick(4)), values[pick(9)]));
      }
      std::vector<SeriesRef> want;
      for (const auto& [own, labels] : all) {
        if (std::ranges::all_of(matchers, [&](const Matcher& m) { return m.matches(labels.get(m.name())); }))
          want.push_back(own);
      }
      ASSERT_EQ(index.select(matchers), want);
    }
  }
}

TEST(SeriesIndex, ForgetsValuesThatNoSeriesHasAnyMore) {
  SeriesIndex index;
  index.add(1, series("up", "web", "a"));
  index.add(2, series("up", "web", "b"));
  index.remove(std::vector<SeriesRef>{1});
  EXPECT_THAT(index.label_values("pod"), ElementsAre("b"));
  EXPECT_THAT(index.label_values("job"), ElementsAre("web")) << "its text was that of series 1";
  index.remove(std::vector<SeriesRef>{2});
  EXPECT_THAT(index.label_names(), IsEmpty());
  EXPECT_EQ(index.size(), 0u);
  index.add(1'000'000'000, series("up", "web", "a"));
  EXPECT_EQ(index.all(), std::vector<SeriesRef>{1'000'000'000});
}

TEST(SeriesIndex, TakesLittleMemoryPerSeries) {
  SeriesIndex index;
  std::size_t label_bytes = 0;
  for (SeriesRef id = 0; id < 20'000; ++id) {
    const auto labels = Labels({{"__name__", "http_requests_total"},
                                {"instance", "10.0.0." + std::to_string(id % 40) + ":9100"},
                                {"job", "payments"},
                                {"method", id % 2 == 0 ? "card" : "wallet"},
                                {"pod", "pod-" + std::to_string(id)},
                                {"status", std::to_string(200 + id % 7)}});
    label_bytes += labels.bytes();
    index.add(id, labels);
  }
  EXPECT_LT(index.bytes() - label_bytes, 20'000u * 150);
}

TEST(RegexLiterals, KnowsListsOfTextsFromExpressions) {
  EXPECT_THAT(*regex_literals("a|b|a"), ElementsAre("a", "b"));
  EXPECT_THAT(*regex_literals("(a|b)"), ElementsAre("a", "b"));
  EXPECT_THAT(*regex_literals(""), ElementsAre(""));
  EXPECT_THAT(*regex_literals("10\\.0\\.0\\.1:9100"), ElementsAre("10.0.0.1:9100"));
  for (const char* expression : {"a.b", "a*", "(a)(b)", "(?i)a", "a\\d", "[ab]", "^a", "a$", "a{2}", "(a\\)", "a\\"})
    EXPECT_FALSE(regex_literals(expression)) << expression;
}

}  // namespace
}  // namespace mamori::metrics::detail
