#include "metrics/detail/log_record.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "metrics/detail/histogram_codec.h"
#include "metrics/detail/tombstones.h"
#include "metrics/store_fixture.h"

namespace mamori::metrics::detail {
namespace {

using testing::IsEmpty;

struct Read {
  std::vector<std::pair<SeriesRef, Labels>> definitions;
  std::vector<RefSample> samples;
  std::vector<RefHistogram> histograms;
  std::vector<Deletion> deletions;
  bool good = false;
};

Read read(std::string_view record) {
  Read result;
  std::vector<RefSample> scratch;
  const RecordVisitor visitor{
      .define = [&](SeriesRef id, Labels labels) { result.definitions.emplace_back(id, std::move(labels)); },
      .samples = [&](std::span<const RefSample> samples) { result.samples.assign(samples.begin(), samples.end()); },
      .histogram = [&](RefHistogram histogram) { result.histograms.push_back(std::move(histogram)); },
      .deletion = [&](Deletion deletion) { result.deletions.push_back(std::move(deletion)); }};
  result.good = read_record(record, scratch, visitor);
  return result;
}

TEST(LogRecord, GivesBackEachBitOfAWrite) {
  const std::vector<RefSample> samples = {
      {5, 1000, 1},
      {6, 1000, -0.0},
      {4'294'967'294, kLastMs, std::numeric_limits<double>::infinity()},
      {0, kFirstMs, stale_nan()},
      {1, 0, 9'007'199'254'740'991},
      {1, 1, 9'007'199'254'740'992},
      {1, 2, -9'007'199'254'740'991},
      {1, 3, 0.1},
      {1, 4, std::bit_cast<double>(0xfff8'dead'beef'0001ull)},
      {1, 5, std::numeric_limits<double>::denorm_min()},
  };
  Histogram histogram;
  histogram.reset = Histogram::Reset::NotReset;
  histogram.schema = kCustomBucketsSchema;
  histogram.sum = stale_nan();
  histogram.positive_spans = {{-2, 2}, {0, 0}, {3, 1}};
  histogram.positive = {1, 2, 3};
  histogram.custom_bounds = {0.1, 0.5};
  WriteRecord record;
  for (int round = 0; round < 2; ++round) {
    record.begin(samples.size());
    record.define(5, Labels({{"__name__", "up"}}));
    for (const auto& sample : samples) record.add(sample.series, sample.time_ms, sample.value);
    record.add(9, kFirstMs, histogram);
    record.add(2, 7, Histogram{});
    const auto back = read(record.finish());
    ASSERT_TRUE(back.good);
    ASSERT_EQ(back.definitions.size(), 1u);
    EXPECT_EQ(back.definitions[0].second.to_string(), "up");
    ASSERT_EQ(back.samples.size(), samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
      EXPECT_EQ(back.samples[i].series, samples[i].series);
      EXPECT_EQ(back.samples[i].time_ms, samples[i].time_ms);
      EXPECT_EQ(std::bit_cast<std::uint64_t>(back.samples[i].value), std::bit_cast<std::uint64_t>(samples[i].value));
    }
    ASSERT_EQ(back.histograms.size(), 2u);
    EXPECT_EQ(back.histograms[0].time_ms, kFirstMs);
    EXPECT_TRUE(same_histogram(*back.histograms[0].value, histogram));
    EXPECT_EQ(back.histograms[1].series, 2u);
  }
}

TEST(LogRecord, TakesThreeBytesForAUsualCounter) {
  WriteRecord record;
  record.begin(1000);
  for (SeriesRef id = 0; id < 1000; ++id) record.add(id, 1'700'000'000'000, 50);
  EXPECT_LT(record.finish().size(), 3 * 1000 + 30u);
}

TEST(LogRecord, RefusesARecordThatIsCutShortOrSenseless) {
  WriteRecord record;
  record.begin(2);
  record.define(1, Labels({{"__name__", "up"}}));
  record.add(1, 1000, 0.5);
  record.add(1, 2000, 7);
  record.add(1, 3000, *std::make_shared<Histogram>());
  const std::string whole(record.finish());
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(read(whole.substr(0, size)).good) << size;
  EXPECT_FALSE(read(whole + '\0').good);
  EXPECT_FALSE(read("\x01").good) << "of layout 1";
}

TEST(Deletions, AreGivenBackFromTheLogAndFromTheirFile) {
  const Deletion one{.number = 1, .start_ms = kFirstMs, .end_ms = 5, .ids = {0, 7, 4'000'000'000}};
  const auto back = read(deletion_record(one));
  ASSERT_TRUE(back.good);
  EXPECT_EQ(back.deletions[0], one);
  const TestFolder folder;
  const auto path = folder.path() + "/tombstones";
  std::vector<std::string> warnings;
  EXPECT_TRUE(read_tombstones(path, warnings)->empty());
  const auto both = Tombstones().with(one).with({.number = 2, .start_ms = 0, .end_ms = 1, .ids = {7}});
  ASSERT_TRUE(write_tombstones(path, both));
  auto again = read_tombstones(path, warnings);
  EXPECT_EQ(again->deletions(), both.deletions());
  ASSERT_TRUE(write_tombstones(path, both.only([](const Deletion&) { return false; })));
  EXPECT_EQ(read_tombstones(path, warnings)->newest(), 2u) << "no number is given twice";
  EXPECT_THAT(warnings, IsEmpty());
  ASSERT_TRUE(write_tombstones(path, both));
  std::filesystem::resize_file(path, 20);
  EXPECT_TRUE(read_tombstones(path, warnings)->empty());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_TRUE(std::filesystem::exists(path + ".damaged"));
}

TEST(Deletions, CountForWhatWasWrittenBeforeThem) {
  const auto tombstones = Tombstones()
                              .with({.number = 1, .start_ms = 10, .end_ms = 20, .ids = {3, 5}})
                              .with({.number = 2, .start_ms = 40, .end_ms = 50, .ids = {5}});
  const auto left = [&](SeriesRef id, std::uint32_t after) {
    SeriesData data;
    for (int i = 0; i <= 50; i += 10) data.samples.push_back({i, 1});
    tombstones.apply(id, after, data, 2, 0);
    return data.samples.size();
  };
  EXPECT_EQ(left(3, 0), 5u) << "the first two were another source's: 20 is gone, 10 is not";
  EXPECT_EQ(left(5, 0), 3u);
  EXPECT_EQ(left(5, 1), 4u);
  EXPECT_EQ(left(5, 2), 6u);
  EXPECT_EQ(left(4, 0), 6u);
}

}  // namespace
}  // namespace mamori::metrics::detail
