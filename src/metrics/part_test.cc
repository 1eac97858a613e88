#include "metrics/part.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

namespace mamori::metrics {
namespace {

namespace fs = std::filesystem;

class PartTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-part-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    path_ = dir_ + "/0001.part";
  }
  void TearDown() override { fs::remove_all(dir_); }

  static SeriesData series(const std::string& name, const std::vector<double>& values, std::int64_t start_ms = 0,
                           std::int64_t step_ms = 15'000) {
    SeriesData data{.labels = Labels({{"__name__", name}, {"job", "shop"}}), .samples = {}, .histograms = {}};
    for (std::size_t i = 0; i < values.size(); ++i)
      data.samples.push_back({start_ms + static_cast<std::int64_t>(i) * step_ms, values[i]});
    return data;
  }

  std::shared_ptr<const Part> write(const std::vector<std::pair<SeriesRef, SeriesData>>& all) {
    auto writer = PartWriter::create(path_);
    EXPECT_TRUE(writer);
    for (const auto& [id, data] : all) EXPECT_TRUE((*writer)->add(id, data));
    EXPECT_TRUE((*writer)->finish());
    auto part = Part::open(path_);
    EXPECT_TRUE(part) << part.error().message;
    return *part;
  }

  static void expect_equal(const SeriesData& got, const SeriesData& want) {
    ASSERT_EQ(got.samples.size(), want.samples.size());
    for (std::size_t i = 0; i < got.samples.size(); ++i) {
      EXPECT_EQ(got.samples[i].time_ms, want.samples[i].time_ms) << i;
      EXPECT_EQ(std::bit_cast<std::uint64_t>(got.samples[i].value), std::bit_cast<std::uint64_t>(want.samples[i].value))
          << i << ": " << got.samples[i].value << " " << want.samples[i].value;
    }
    ASSERT_EQ(got.histograms.size(), want.histograms.size());
    for (std::size_t i = 0; i < got.histograms.size(); ++i) {
      EXPECT_EQ(got.histograms[i].time_ms, want.histograms[i].time_ms);
      EXPECT_EQ(*got.histograms[i].value, *want.histograms[i].value);
    }
  }

  static SeriesData read(const Part& part, std::size_t index, std::int64_t start_ms = INT64_MIN,
                         std::int64_t end_ms = INT64_MAX) {
    SeriesData out;
    const auto outcome = part.cursor()->read(index, start_ms, end_ms, out);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return out;
  }

  void check(const std::vector<double>& values) {
    const auto data = series("one", values);
    expect_equal(read(*write({{7, data}}), 0), data);
  }

  std::string dir_, path_;
};

TEST_F(PartTest, GivesBackEveryBitOfEveryKindOfValue) {
  const double inf = std::numeric_limits<double>::infinity();
  check({1});
  check({0, 0, 0, 0});
  check({1, 2, 3, 5, 8, 13});
  check({0.1, 0.2, 0.30000000000000004, 0.4});  // a decimal, nearly
  check({12.5, 12.75, 12.25});
  check({1e300, -1e300, 5e-324, -5e-324, 0});
  check({-0.0, 0.0, -0.0});
  check({stale_nan()});
  check({1, stale_nan(), 2, stale_nan(), stale_nan()});
  check({stale_nan(), stale_nan(), 5});
  check({std::bit_cast<double>(0x7ff8000000000001ull), std::bit_cast<double>(0xfff0000000000123ull)});
  check({inf, -inf, 1, inf});
  check({9007199254740991, 9007199254740992, 9007199254740993.0 + 2});
  check({4096, 8192, 16384, 4096});
  check({M_PI, M_E, M_SQRT2, 1.0 / 3});
  check({100, 5, 200, 6});  // resets
}

TEST_F(PartTest, KeepsASumOfDecimalsInLittle) {
  std::vector<double> values;
  double sum = 0;
  for (int i = 0; i < 5000; ++i) {
    sum += 0.001 * (i * 7919 % 1000);
    values.push_back(sum);
  }
  check(values);
  EXPECT_LT(fs::file_size(path_), values.size() * 3);
}

TEST_F(PartTest, FindsSeriesByIdAndTellsTheirLabels) {
  const auto part = write({{3, series("a", {1, 2})}, {9, series("b", {3})}, {4'000'000'000, series("c", {4})}});
  EXPECT_EQ(part->info().series, 3u);
  EXPECT_EQ(part->info().samples, 4u);
  EXPECT_EQ(part->info().start_ms, 0);
  EXPECT_EQ(part->info().end_ms, 15'000);
  EXPECT_EQ(part->find(9), 1u);
  EXPECT_EQ(part->find(4), std::nullopt);
  EXPECT_EQ(part->series()[2], 4'000'000'000u);
  const auto labels = part->labels();
  ASSERT_TRUE(labels) << labels.error().message;
  EXPECT_EQ((*labels)[1].to_string(), "b{job=\"shop\"}");
}

TEST_F(PartTest, ReadsSeriesOfDifferentLengthsAndTimesInAnyOrder) {
  std::vector<std::pair<SeriesRef, SeriesData>> all;
  for (SeriesRef id = 0; id < 300; ++id) {
    std::vector<double> values;
    for (std::size_t i = 0; i < 1 + id * 37 % 1700; ++i) values.push_back(static_cast<double>(i * (id + 1) % 997));
    all.emplace_back(id * 2, series("s" + std::to_string(id), values, id % 5 * 1000, 1000 + id % 3));
  }
  const auto part = write(all);
  const auto cursor = part->cursor();
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto i = k * 131 % all.size();
    SeriesData out;
    ASSERT_TRUE(cursor->read(i, INT64_MIN, INT64_MAX, out));
    expect_equal(out, all[i].second);
    out = {};
    ASSERT_TRUE(cursor->read(i, 100'000, 200'000, out));
    SeriesData want;
    for (const auto& sample : all[i].second.samples) {
      if (sample.time_ms >= 100'000 && sample.time_ms <= 200'000) want.samples.push_back(sample);
    }
    expect_equal(out, want);
  }
}

TEST_F(PartTest, KeepsHistogramsBesideSamples) {
  auto data = series("h", {stale_nan()}, 1'000'000);
  for (int i = 0; i < 1000; ++i) {
    Histogram histogram{.reset = static_cast<Histogram::Reset>(i % 4), .schema = i < 500 ? 3 : kCustomBucketsSchema};
    histogram.count = i * 5;
    histogram.sum = i * 0.1;
    histogram.positive_spans = {{-2, 2}, {1, 1}};
    histogram.positive = {i * 1.0, i * 2.0, i % 7 == 0 ? 0.5 : 2.0 * i};
    if (i >= 500) histogram.custom_bounds = {0.1, 1, 10};
    data.histograms.push_back({i * 15'000, std::make_shared<Histogram>(histogram)});
  }
  const auto part = write({{1, series("a", {1})}, {2, data}, {3, series("b", {2})}});
  expect_equal(read(*part, 1), data);
  EXPECT_EQ(part->info().samples, 1003u);
  EXPECT_EQ(read(*part, 1, 15'000, 30'000).histograms.size(), 2u);
}

TEST_F(PartTest, LeavesNothingBehindWithoutFinish) {
  {
    auto writer = PartWriter::create(path_);
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->add(1, series("a", {1})));
  }
  EXPECT_TRUE(fs::is_empty(dir_));
}

TEST_F(PartTest, ADamagedByteAnywhereIsNoticed) {
  std::vector<double> values;
  for (int i = 0; i < 2000; ++i) values.push_back(std::sin(i));
  const auto data = series("a", values);
  write({{1, data}, {2, series("b", {1, 2, 3})}});
  std::string bytes;
  {
    std::ifstream in(path_, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  for (std::size_t at = 0; at < bytes.size(); at += at < 100 || at + 400 > bytes.size() ? 1 : 97) {
    auto damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    std::ofstream(path_, std::ios::binary) << damaged;
    const auto part = Part::open(path_);
    if (!part) {
      EXPECT_EQ(part.error().code, Code::Corrupt);
      EXPECT_NE(part.error().message.find(path_), std::string::npos);
      continue;
    }
    bool noticed = !(*part)->labels();
    for (std::size_t i = 0; i < (*part)->series().size(); ++i) {
      SeriesData out;
      noticed |= !(*part)->cursor()->read(i, INT64_MIN, INT64_MAX, out);
    }
    EXPECT_TRUE(noticed) << "byte " << at << " of " << bytes.size();
  }
}

}  // namespace
}  // namespace mamori::metrics
