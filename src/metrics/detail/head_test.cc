#include "metrics/detail/head.h"

#include <gmock/gmock.h>

#include "metrics/detail/source_merge.h"

namespace mamori::metrics::detail {
namespace {

std::string text(const Head& head, SeriesRef id, std::int64_t start_ms, std::int64_t end_ms) {
  SeriesData data;
  SourceMerge merge;
  merge.begin(data);
  append_in_order(head.view(id), start_ms, end_ms, data);
  merge.end_source(true);
  append_late(head.view(id), start_ms, end_ms, data);
  merge.end_source(false);
  merge.finish();
  std::string out;
  for (const auto& sample : data.samples)
    out += std::to_string(sample.time_ms) + "=" + std::to_string(static_cast<int>(sample.value)) + " ";
  for (const auto& point : data.histograms) out += std::to_string(point.time_ms) + "=h ";
  return out;
}

std::shared_ptr<const Histogram> histogram() { return std::make_shared<const Histogram>(); }

TEST(Head, GivesEachSeriesItsSamplesInARange) {
  Head head;
  for (int i = 0; i < 1000; ++i) {
    head.add(7, Sample{i, static_cast<double>(i)});
    head.add(3, Sample{i * 2, 1});
  }
  EXPECT_EQ(text(head, 7, 499, 502), "499=499 500=500 501=501 502=502 ");
  EXPECT_EQ(text(head, 7, 998, 5000), "998=998 999=999 ");
  EXPECT_EQ(text(head, 8, 0, 5000), "");
  EXPECT_EQ(head.ids(), (std::vector<SeriesRef>{3, 7}));
  EXPECT_EQ(head.samples(), 2000u);
  EXPECT_EQ(head.start_ms(), 0);
  EXPECT_EQ(head.end_ms(), 1998);
  EXPECT_TRUE(head.overlaps(1998, 5000));
  EXPECT_FALSE(head.overlaps(1999, 5000));
}

TEST(Head, PutsLateSamplesAndHistogramsInTheirPlace) {
  Head head;
  head.add(1, Sample{10, 1});
  head.add(1, HistogramPoint{20, histogram()});
  head.add_late(1, Sample{5, 2});
  head.add_late(1, Sample{10, 3});
  head.add_late(2, HistogramPoint{7, histogram()});
  EXPECT_EQ(text(head, 1, 0, 100), "5=2 10=1 20=h ") << "what came in order counts";
  EXPECT_EQ(text(head, 2, 0, 100), "7=h ");
  EXPECT_EQ(head.ids(), (std::vector<SeriesRef>{1, 2}));
  EXPECT_EQ(head.longest_late(), 2u);
  EXPECT_EQ(head.at(1, 5)->samples[0].value, 2);
  EXPECT_EQ(head.at(1, 20)->histograms.size(), 1u);
  EXPECT_FALSE(head.at(1, 6));
}

TEST(Head, TakesARangeAwayWhichEarlierViewsKeep) {
  Head head;
  const auto value = histogram();
  for (int i = 0; i < 100; ++i) head.add(1, Sample{i, 1});
  for (int i = 100; i < 140; ++i) head.add(1, HistogramPoint{i, value});
  const auto before = head.view(1);
  head.remove(1, 2, 137);
  head.remove(1, 1000, 2000);
  head.remove(2, 0, 1000);
  EXPECT_EQ(text(head, 1, 0, 1000), "0=1 1=1 138=h 139=h ");
  SeriesData data;
  append_in_order(before, 0, 1000, data);
  EXPECT_EQ(data.samples.size(), 100u);
  EXPECT_EQ(data.histograms.size(), 40u);
  head.add(1, Sample{200, 1});
  EXPECT_EQ(text(head, 1, 100, 1000), "200=1 138=h 139=h ");
}

TEST(Head, LetsGoOfItsHistograms) {
  const auto value = histogram();
  {
    Head head;
    for (int i = 0; i < 100; ++i) head.add(1, HistogramPoint{i, value});
    head.remove(1, 3, 60);
    head.add_late(1, HistogramPoint{5, value});
    EXPECT_GT(value.use_count(), 100);
  }
  EXPECT_EQ(value.use_count(), 1);
}

TEST(Head, TakesSixteenBytesASampleAndAThirdMoreAtMost) {
  Head head;
  for (int i = 0; i < 75; ++i) {
    for (SeriesRef id = 0; id < 2000; ++id) head.add(id, Sample{i, 1});
  }
  EXPECT_LT(head.sample_bytes(), 2000u * 75 * 16 * 4 / 3);
  EXPECT_LT(head.bytes() - head.sample_bytes(), 2100u * 32);
}

TEST(SourceMerge, GivesEachTimeToTheSourceThatCameFirst) {
  SeriesData data;
  SourceMerge merge;
  for (int round = 0; round < 2; ++round) {
    merge.begin(data);
    data.samples.insert(data.samples.end(), {{10, 1}, {30, 1}});
    merge.end_source(true);
    data.samples.insert(data.samples.end(), {{10, 2}, {20, 2}});
    data.histograms.push_back({30, histogram()});
    data.histograms.push_back({40, histogram()});
    merge.end_source(true);
    merge.end_source(true);
    data.samples.insert(data.samples.end(), {{40, 3}, {5, 3}, {5, 4}});
    merge.end_source(false);
    merge.finish();
    ASSERT_EQ(data.samples.size(), 4u);
    EXPECT_EQ(data.samples[0].value, 3);
    EXPECT_EQ(data.samples[1].value, 1);
    EXPECT_EQ(data.samples[2].value, 2);
    ASSERT_EQ(data.histograms.size(), 1u);
    EXPECT_EQ(data.histograms[0].time_ms, 40);
  }
}

}  // namespace
}  // namespace mamori::metrics::detail
