#include "metrics/store.h"

#include <gmock/gmock.h>

#include "metrics/store_fixture.h"

namespace mamori::metrics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(StoreTest, KeepsSamplesBySeriesAndSelectsThemByTime) {
  for (int i = 0; i < 500; ++i) append("a", i * 15'000, i);
  append("b", 1000, 7);
  const auto all = select({matcher("__name__", MatchOp::Equal, "up")});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].labels.get("instance"), "a");
  EXPECT_EQ(all[0].samples.size(), 500u);
  const auto some = select({matcher("__name__", MatchOp::Regex, "u.*")}, 15'000 * 100, 15'000 * 300);
  ASSERT_EQ(some.size(), 1u);
  EXPECT_EQ(some[0].samples.size(), 201u);
  EXPECT_EQ(some[0].samples.front().value, 100);
  EXPECT_THAT(select({matcher("__name__", MatchOp::NotEqual, "up")}), IsEmpty());
}

TEST_F(StoreTest, RefusesWhatIsNotNewerAndSaysWhy) {
  append("a", 1000, 1);
  append("a", 2000, 2);
  EXPECT_EQ(append("a", 2000, 2).duplicate, 1u);
  EXPECT_EQ(append("a", 1000, 1).duplicate, 1u) << "it is in memory: a request that is sent again does no harm";
  const auto conflicting = append("a", 2000, 3);
  EXPECT_EQ(conflicting.conflicting, 1u);
  EXPECT_THAT(conflicting.first_refused, HasSubstr("another value"));
  const auto late = append("a", 1500, 1);
  EXPECT_EQ(late.out_of_order, 1u);
  EXPECT_THAT(late.first_refused, HasSubstr("up{instance=\"a\"} at 1500 ms"));
  EXPECT_THAT(late.first_refused, HasSubstr("--out-of-order-window"));
  EXPECT_EQ(append("a", to_millis(clock_.now()) + 600'001, 1).too_far_ahead, 1u);
  EXPECT_EQ(append("a", to_millis(clock_.now()) + 600'000, 1).written, 1u);
  const auto unknown = store_->write({.samples = {{77, 1, 1}}, .histograms = {}});
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->unknown_series, 1u);
  const auto stats = store_->stats();
  EXPECT_EQ(stats.samples_appended, 3u);
  EXPECT_EQ(stats.duplicates, 2u);
  EXPECT_EQ(stats.refused_conflicting, 1u);
  EXPECT_EQ(stats.refused_out_of_order, 1u);
  EXPECT_EQ(stats.refused_too_far_ahead, 1u);
  EXPECT_EQ(stats.refused_unknown, 1u);
}

TEST_F(StoreTest, HasEverythingAfterEachRestart) {
  for (int round = 0; round < 6; ++round) {
    append("b", round * 1000 + 1, round);
    append("a", round * 1000 + 1, round * 10);
    if (round % 3 == 2) ASSERT_TRUE(store_->flush());
    open();
    EXPECT_THAT(warnings_, IsEmpty());
  }
  EXPECT_EQ(samples("a"), "1=0 1001=10 2001=20 3001=30 4001=40 5001=50");
  EXPECT_EQ(samples("b"), "1=0 1001=1 2001=2 3001=3 4001=4 5001=5");
}

TEST_F(StoreTest, KeepsAReferenceAcrossRestartsOnceItHasASample) {
  append("a", 1, 1);
  append("b", 1, 1);
  const auto before = store_->find_or_create(up("b"));
  ASSERT_TRUE(store_->flush());
  open();
  EXPECT_EQ(*store_->find_or_create(up("b")), *before);
  EXPECT_NE(*store_->find_or_create(up("c")), *before);
}

TEST_F(StoreTest, WritesAFullOrAnOldHeadOutAndReadsAcrossIt) {
  options_.head_samples_max = 3;
  open();
  for (int i = 1; i <= 7; ++i) append("a", i, i);
  EXPECT_EQ(store_->stats().heads_waiting, 2u);
  ASSERT_TRUE(store_->flush());
  EXPECT_EQ(part_files().size(), 3u);
  EXPECT_EQ(samples(), "1=1 2=2 3=3 4=4 5=5 6=6 7=7");
  EXPECT_EQ(samples("a", 3, 4), "3=3 4=4");
  append("a", 8, 8);
  clock_.advance(std::chrono::hours{3});
  append("a", 9, 9);
  EXPECT_EQ(store_->stats().heads_waiting, 1u) << "two hours old";
  open();
  EXPECT_EQ(samples(), "1=1 2=2 3=3 4=4 5=5 6=6 7=7 8=8 9=9");
}

TEST_F(StoreTest, KnowsANewestSampleOfAPartAfterARestart) {
  append("a", 1000, 1);
  append("b", 5000, 1);
  ASSERT_TRUE(store_->flush());
  open();
  EXPECT_EQ(append("a", 1000, 1).duplicate, 1u);
  EXPECT_EQ(append("a", 1000, 2).conflicting, 1u);
  EXPECT_EQ(append("a", 999, 2).out_of_order, 1u);
  EXPECT_EQ(append("a", 1001, 2).written, 1u);
}

TEST_F(StoreTest, KeepsHistogramsAndSamplesOfOneSeries) {
  append("a", 1, histogram(4));
  append("a", 2, 20);
  EXPECT_EQ(append("a", 2, histogram(4)).conflicting, 1u);
  append("a", 3, histogram(8));
  EXPECT_EQ(append("a", 3, histogram(8)).duplicate, 1u);
  EXPECT_EQ(append("a", 3, histogram(9)).conflicting, 1u);
  EXPECT_EQ(append("a", 3, 9).conflicting, 1u);
  const auto check = [&] {
    const auto all = select();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(samples(), "2=20 1=h4 3=h8");
    EXPECT_EQ(*all[0].histograms[1].value, *histogram(8));
  };
  check();
  open();
  check();
  ASSERT_TRUE(store_->flush());
  check();
  open();
  check();
  EXPECT_EQ(append("a", 3, histogram(8)).duplicate, 1u) << "as the part has it";
}

TEST_F(StoreTest, TakesLateSamplesWithinTheWindow) {
  options_.out_of_order_window = Seconds{10};
  open();
  append("a", 20'000, 1);
  append("b", 30'000, 1);
  EXPECT_EQ(append("a", 19'999, 2).out_of_order, 1u) << "10 s behind the store's newest, not the series'";
  EXPECT_EQ(append("b", 25'000, 2).written, 1u);
  EXPECT_EQ(append("b", 20'000, 3).written, 1u);
  EXPECT_EQ(append("b", 25'000, 2).duplicate, 1u);
  EXPECT_EQ(append("b", 25'000, 4).conflicting, 1u);
  EXPECT_EQ(samples("b"), "20000=3 25000=2 30000=1");
  open();
  EXPECT_EQ(samples("b"), "20000=3 25000=2 30000=1");
  ASSERT_TRUE(store_->flush());
  EXPECT_EQ(samples("b"), "20000=3 25000=2 30000=1");
  EXPECT_EQ(append("b", 22'000, 5).written, 1u);
  EXPECT_EQ(append("b", 25'000, 6).written, 1u) << "parts are not looked at, but what was written first stays";
  EXPECT_EQ(samples("b"), "20000=3 22000=5 25000=2 30000=1");
  ASSERT_TRUE(store_->flush());
  ASSERT_TRUE(store_->merge(/*settle=*/true));
  EXPECT_EQ(part_files().size(), 1u);
  EXPECT_EQ(samples("b"), "20000=3 22000=5 25000=2 30000=1");
}

TEST_F(StoreTest, DropsPartsPastRetentionAndForgetsTheirSeries) {
  append("a", to_millis(clock_.now()), 1);
  ASSERT_TRUE(store_->flush());
  options_.retention = std::chrono::hours{24};
  open();
  clock_.advance(std::chrono::hours{25});
  append("b", to_millis(clock_.now()), 1);
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_EQ(store_->stats().parts_dropped_by_time, 1u);
  EXPECT_EQ(store_->stats().series_forgotten, 1u);
  EXPECT_THAT(part_files(), IsEmpty());
  EXPECT_EQ(store_->stats().series, 1u);
  EXPECT_THAT(store_->label_values("instance", {}, kFirstMs, kLastMs), ElementsAre("b"));
  append("a", to_millis(clock_.now()), 5);
  ASSERT_TRUE(store_->flush());
  open();
  EXPECT_THAT(warnings_, IsEmpty()) << "the catalogue has the labels of a under two ids";
  EXPECT_EQ(select().size(), 2u);
}

TEST_F(StoreTest, DropsTheOldestPartsWhenTheyAreTooLarge) {
  const auto now_ms = to_millis(clock_.now());
  for (int i = 0; i < 5; ++i) {
    append("a", now_ms + i, i);
    ASSERT_TRUE(store_->flush());
  }
  options_.retention_bytes = store_->stats().part_bytes / 2;
  open();
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_EQ(store_->stats().parts_dropped_by_size, 3u);
  EXPECT_LE(store_->stats().part_bytes, options_.retention_bytes);
  EXPECT_EQ(samples("a"), std::to_string(now_ms + 3) + "=3 " + std::to_string(now_ms + 4) + "=4");
}

TEST_F(StoreTest, KeepsTheStalenessMarkersBits) {
  append("a", 1, stale_nan());
  open();
  EXPECT_TRUE(is_stale_nan(select()[0].samples[0].value));
  ASSERT_TRUE(store_->flush());
  EXPECT_TRUE(is_stale_nan(select()[0].samples[0].value));
}

TEST_F(StoreTest, RefusesSeriesBeyondEachLimitAndNamesItsOption) {
  options_.series_max = 3;
  options_.labels_per_series_max = 3;
  options_.label_name_bytes_max = 10;
  options_.label_value_bytes_max = 10;
  open();
  const auto refusal = [&](const Labels& labels) {
    const auto series = store_->find_or_create(labels);
    if (series) return std::string("taken");
    EXPECT_EQ(series.error().code, Code::TooLarge);
    return series.error().message;
  };
  EXPECT_THAT(refusal(Labels({{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}})), HasSubstr("--labels-per-series-max"));
  EXPECT_THAT(refusal(Labels({{"abcdefghijk", "1"}})), HasSubstr("--label-name-bytes-max"));
  EXPECT_THAT(refusal(Labels({{"a", "12345678901"}})), HasSubstr("--label-value-bytes-max"));
  EXPECT_EQ(store_->stats().refused_labels, 3u);
  for (const char* instance : {"1", "2", "3"}) EXPECT_EQ(refusal(up(instance)), "taken");
  EXPECT_THAT(refusal(up("4")), HasSubstr("--series-max"));
  EXPECT_EQ(refusal(up("2")), "taken") << "it is known";
  EXPECT_EQ(store_->stats().refused_series_max, 1u);
  EXPECT_EQ(append("4", 1, 1).unknown_series, 1u) << "append() counts it";
  EXPECT_EQ(store_->find_or_create({}).error().code, Code::InvalidArgument);
}

TEST_F(StoreTest, RefusesMoreNewSeriesThanAMinuteMayBring) {
  options_.new_series_per_minute_max = 2;
  open();
  EXPECT_TRUE(store_->find_or_create(up("1")));
  EXPECT_TRUE(store_->find_or_create(up("2")));
  const auto third = store_->find_or_create(up("3"));
  ASSERT_FALSE(third);
  EXPECT_THAT(third.error().message, HasSubstr("--new-series-per-minute-max"));
  EXPECT_EQ(store_->stats().refused_new_series, 1u);
  clock_.advance(Seconds{60});
  EXPECT_TRUE(store_->find_or_create(up("3")));
}

TEST_F(StoreTest, DoesNotForgetASeriesThatWasResolvedAMomentAgo) {
  const auto now_ms = to_millis(clock_.now());
  append("a", now_ms, 1);
  ASSERT_TRUE(store_->flush());
  const auto a = store_->find_or_create(up("a"));
  const auto b = store_->find_or_create(up("b"));
  clock_.advance(Seconds{300});
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_EQ(store_->write({.samples = {{*b, now_ms, 1}}, .histograms = {}})->written, 1u);
  ASSERT_TRUE(store_->find_or_create(up("c")));
  clock_.advance(Seconds{601});
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_EQ(store_->stats().series_forgotten, 1u) << "c, which never had a sample";
  EXPECT_EQ(*store_->find_or_create(up("a")), *a);
}

TEST_F(StoreTest, ASelectionStaysAsItWasWhenItWasMade) {
  append("a", 1, 1);
  ASSERT_TRUE(store_->flush());
  append("a", 2, 2);
  const auto all = matcher("instance", MatchOp::NotEqual, "");
  const auto selection = store_->open_selection(std::span(&all, 1), kFirstMs, kLastMs);
  append("a", 3, 3);
  append("b", 3, 3);
  ASSERT_TRUE(store_->delete_series({}, kFirstMs, 2));
  ASSERT_TRUE(store_->flush());
  ASSERT_TRUE(store_->merge(/*settle=*/true));
  ASSERT_TRUE(store_->clean_tombstones());
  EXPECT_EQ(samples("a"), "3=3");
  ASSERT_EQ(selection->size(), 1u);
  SeriesData data;
  ASSERT_TRUE(selection->reader()->read(0, data));
  ASSERT_EQ(data.samples.size(), 2u);
  EXPECT_EQ(data.samples[1].value, 2);
}

TEST_F(StoreTest, TellsLabelsOfTheSeriesThatHaveSamplesInTime) {
  append("a", 1000, 1);
  append("b", 2000, 1);
  ASSERT_TRUE(store_->flush());
  append("c", 3000, 1);
  const auto values = [&](std::int64_t start_ms, std::int64_t end_ms) {
    return store_->label_values("instance", {}, start_ms, end_ms);
  };
  EXPECT_THAT(values(kFirstMs, kLastMs), ElementsAre("a", "b", "c"));
  EXPECT_THAT(values(1001, 2500), ElementsAre("b"));
  EXPECT_THAT(values(1001, 1999), IsEmpty()) << "the part has samples before and after";
  EXPECT_THAT(values(2000, 3000), ElementsAre("b", "c"));
  EXPECT_THAT(store_->label_names({}, kFirstMs, kLastMs), ElementsAre("__name__", "instance"));
  EXPECT_THAT(store_->label_names({}, 5000, kLastMs), IsEmpty());
  EXPECT_EQ(store_->series({}, 1000, 1000).size(), 1u);
  const auto counts = store_->cardinality(2);
  EXPECT_EQ(counts.series, 3u);
  EXPECT_EQ(counts.label_pairs, 4u);
  ASSERT_EQ(counts.series_by_metric.size(), 1u);
  EXPECT_EQ(counts.series_by_metric[0].count, 3u);
  EXPECT_EQ(counts.values_by_label[0].name, "instance");
  EXPECT_EQ(counts.series_by_label_value[0].name, "__name__=up");
  EXPECT_EQ(counts.series_by_label_value.size(), 2u);
}

}  // namespace
}  // namespace mamori::metrics
