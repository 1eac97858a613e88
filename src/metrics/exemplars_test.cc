#include "metrics/exemplars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace mamori::metrics {
namespace {

using Outcome = ExemplarRing::Outcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Labels series(const std::string& name, const std::string& job = "shop") {
  return Labels({{"__name__", name}, {"job", job}});
}

Exemplar exemplar(std::int64_t time_ms, double value, const std::string& trace = "a1") {
  return {.labels = Labels({{"trace_id", trace}}), .time_ms = time_ms, .value = value};
}

std::vector<Matcher> where(const std::string& name, const std::string& value) {
  return {*Matcher::make(name, MatchOp::Equal, value)};
}

std::vector<std::int64_t> times(const ExemplarRing& ring, const std::vector<Matcher>& matchers,
                                std::int64_t start_ms = 0,
                                std::int64_t end_ms = std::numeric_limits<std::int64_t>::max()) {
  std::vector<std::int64_t> result;
  for (const auto& one : ring.select(std::span(&matchers, 1), start_ms, end_ms)) {
    for (const auto& found : one.exemplars) result.push_back(found.time_ms);
  }
  return result;
}

TEST(ExemplarRing, GivesBackWhatMatchesWithinTheTimes) {
  ExemplarRing ring(10);
  EXPECT_EQ(ring.add(series("a"), exemplar(100, 1)), Outcome::Kept);
  EXPECT_EQ(ring.add(series("a"), exemplar(200, 2)), Outcome::Kept);
  EXPECT_EQ(ring.add(series("b"), exemplar(150, 3)), Outcome::Kept);
  EXPECT_THAT(times(ring, where("__name__", "a")), ElementsAre(100, 200));
  EXPECT_THAT(times(ring, where("job", "shop")), ElementsAre(100, 200, 150));
  EXPECT_THAT(times(ring, where("__name__", "a"), 101, 200), ElementsAre(200));
  EXPECT_THAT(times(ring, where("__name__", "c")), IsEmpty());
}

TEST(ExemplarRing, TakesSeveralSetsOfMatchersAsAlternatives) {
  ExemplarRing ring(10);
  ring.add(series("b"), exemplar(2, 1));
  ring.add(series("a"), exemplar(1, 1));
  const std::vector<std::vector<Matcher>> any_of = {where("__name__", "a"), where("__name__", "b")};
  const auto found = ring.select(any_of, 0, 10);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].series, series("a")) << "sorted by labels";
  EXPECT_THAT(ring.select({}, 0, 10), IsEmpty());
}

TEST(ExemplarRing, LetsTheOldestOfAllGiveWay) {
  ExemplarRing ring(3);
  ring.add(series("a"), exemplar(1, 1));
  ring.add(series("b"), exemplar(2, 1));
  ring.add(series("a"), exemplar(3, 1));
  ring.add(series("c"), exemplar(4, 1));
  EXPECT_THAT(times(ring, where("__name__", "a")), ElementsAre(3));
  ring.add(series("c"), exemplar(5, 1));
  EXPECT_THAT(times(ring, where("__name__", "b")), IsEmpty());
  ring.add(series("c"), exemplar(6, 1));
  EXPECT_THAT(times(ring, where("job", "shop")), ElementsAre(4, 5, 6));
  const auto stats = ring.stats();
  EXPECT_EQ(stats.exemplars, 3u);
  EXPECT_EQ(stats.series, 1u);
}

TEST(ExemplarRing, OfOneSlotHoldsTheNewest) {
  ExemplarRing ring(1);
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(ring.add(series("a"), exemplar(i, i)), Outcome::Kept);
  EXPECT_THAT(times(ring, where("__name__", "a")), ElementsAre(5));
}

TEST(ExemplarRing, KeepsOnceWhatIsSentTwice) {
  ExemplarRing ring(10);
  ring.add(series("a"), exemplar(1, 1));
  ring.add(series("a"), exemplar(2, 2));
  EXPECT_EQ(ring.add(series("a"), exemplar(2, 2)), Outcome::Duplicate);
  EXPECT_EQ(ring.add(series("a"), exemplar(1, 1)), Outcome::Duplicate) << "a whole request sent again";
  EXPECT_EQ(ring.add(series("a"), exemplar(2, 2, "other")), Outcome::Kept);
  EXPECT_THAT(times(ring, where("__name__", "a")), ElementsAre(1, 2, 2));
}

TEST(ExemplarRing, RefusesWhatIsOlderThanTheNewestOfItsSeries) {
  ExemplarRing ring(10);
  ring.add(series("a"), exemplar(10, 1));
  EXPECT_EQ(ring.add(series("a"), exemplar(9, 1)), Outcome::OutOfOrder);
  EXPECT_EQ(ring.add(series("b"), exemplar(9, 1)), Outcome::Kept) << "another series";
}

TEST(ExemplarRing, RefusesLabelsOfMoreThan128Characters) {
  ExemplarRing ring(10);
  EXPECT_EQ(ring.add(series("a"), exemplar(1, 1, std::string(120, 'x'))), Outcome::Kept) << "trace_id and 120";
  EXPECT_EQ(ring.add(series("a"), exemplar(2, 1, std::string(121, 'x'))), Outcome::TooLong);
  std::string kana;
  for (int i = 0; i < 120; ++i) kana += "ま";
  EXPECT_EQ(ring.add(series("a"), exemplar(3, 1, kana)), Outcome::Kept) << "characters count, not bytes";
}

TEST(ExemplarRing, OfSizeZeroKeepsNothing) {
  ExemplarRing ring(0);
  EXPECT_EQ(ring.add(series("a"), exemplar(1, 1)), Outcome::Off);
  EXPECT_THAT(times(ring, where("__name__", "a")), IsEmpty());
}

}  // namespace
}  // namespace mamori::metrics
