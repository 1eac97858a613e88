// Parts that earlier versions wrote are read for ever. tests/golden/metrics-part-vN.part was written by the version
// that began format N, from the series below: `MAMORI_WRITE_GOLDEN=1 metrics_test --gtest_filter=PartGolden*` writes
// the present format's.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "metrics/part.h"

namespace mamori::metrics {
namespace {

constexpr std::int64_t kStartMs = 1'750'000'000'000;

/// The same numbers wherever it runs.
class Dice {
 public:
  std::uint64_t next() { return state_ = state_ * 6364136223846793005u + 1442695040888963407u, state_ >> 33; }

 private:
  std::uint64_t state_ = 1;
};

SeriesData named(const char* name) {
  return {.labels = Labels({{"__name__", name}, {"job", "shop"}}), .samples = {}, .histograms = {}};
}

/// One series for each way to pack values and times.
std::vector<SeriesData> golden_series() {
  Dice dice;
  std::vector<SeriesData> all;
  const auto add = [&](const char* name, std::size_t count, auto late, auto value) {
    all.push_back(named(name));
    for (std::size_t i = 0; i < count; ++i)
      all.back().samples.push_back({kStartMs + static_cast<std::int64_t>(i) * 15'000 + late(i), value(i)});
  };
  const auto on_time = [](std::size_t) { return std::int64_t{0}; };
  double count = 1e6, counted = 3e15;
  add("constant", 300, on_time, [](std::size_t) { return 1.0; });
  add("counter", 300, on_time, [&](std::size_t i) { return count = i == 200 ? 0 : count + double(dice.next() % 40); });
  add("bucket", 300, on_time, [&](std::size_t) { return count = count + double(dice.next() % 3); });
  add("decimal", 300, on_time, [&](std::size_t) { return double(dice.next() % 5000) / 1000; });
  add("bytes", 300, on_time, [&](std::size_t) { return double(dice.next() % 9000) * 4096; });
  add("wide", 40, on_time, [&](std::size_t) { return counted += double(dice.next()); });
  double seconds = 0;
  add("sum", 300, on_time, [&](std::size_t) { return seconds += double(dice.next() % 900) / 1000; });
  add("noise", 130, on_time, [&](std::size_t) { return std::ldexp(double(dice.next()), -40) / 3; });
  const auto a_little_late = [&](std::size_t) { return static_cast<std::int64_t>(dice.next() % 20); };
  add("late", 300, a_little_late, [](std::size_t i) { return double(i); });
  add("alone", 1, on_time, [](std::size_t) { return 7.5; });
  const double odd[] = {std::numeric_limits<double>::infinity(),
                        -std::numeric_limits<double>::infinity(),
                        std::bit_cast<double>(0x7ff8000000000123ull),
                        stale_nan(),
                        -0.0,
                        3,
                        5e-324};
  add("odd", 70, on_time, [&](std::size_t i) { return odd[i % 7]; });
  add("ended", 20, on_time, [&](std::size_t i) { return i == 19 ? stale_nan() : 2.0; });

  all.push_back(named("histogram"));
  for (int i = 0; i < 60; ++i) {
    Histogram histogram{.schema = 3, .zero_threshold = 0.001, .zero_count = double(i), .sum = double(i) * 1.25};
    histogram.positive_spans = {{-2, 2}, {3, i < 30 ? 1u : 2u}};
    for (std::size_t b = 0; b < (i < 30 ? 3 : 4); ++b) histogram.positive.push_back(double(i) * double(b + 1));
    histogram.count = histogram.zero_count;
    for (const double bucket : histogram.positive) histogram.count += bucket;
    histogram.reset = i == 0 ? Histogram::Reset::Unknown : Histogram::Reset::NotReset;
    all.back().histograms.push_back({kStartMs + i * 15'000, std::make_shared<const Histogram>(histogram)});
  }
  return all;
}

TEST(PartGolden, AnEarlierVersionsPartIsRead) {
  const std::string path = std::string(MAMORI_SOURCE_DIR) + "/tests/golden/metrics-part-v1.part";
  const auto want = golden_series();
  if (std::getenv("MAMORI_WRITE_GOLDEN") != nullptr) {
    auto writer = PartWriter::create(path);
    ASSERT_TRUE(writer);
    for (std::size_t i = 0; i < want.size(); ++i) ASSERT_TRUE((*writer)->add(static_cast<SeriesRef>(3 * i), want[i]));
    ASSERT_TRUE((*writer)->finish());
  }
  const auto part = Part::open(path);
  ASSERT_TRUE(part) << part.error().message;
  ASSERT_EQ((*part)->series().size(), want.size());
  const auto labels = (*part)->labels();
  ASSERT_TRUE(labels);
  const auto cursor = (*part)->cursor();
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ((*part)->series()[i], 3 * i);
    EXPECT_EQ((*labels)[i], want[i].labels);
    SeriesData got;
    ASSERT_TRUE(cursor->read(i, INT64_MIN, INT64_MAX, got));
    const auto name = want[i].labels.to_string();
    ASSERT_EQ(got.samples.size(), want[i].samples.size()) << name;
    for (std::size_t k = 0; k < got.samples.size(); ++k) {
      EXPECT_EQ(got.samples[k].time_ms, want[i].samples[k].time_ms) << name << " " << k;
      EXPECT_EQ(std::bit_cast<std::uint64_t>(got.samples[k].value),
                std::bit_cast<std::uint64_t>(want[i].samples[k].value))
          << name << " " << k;
    }
    ASSERT_EQ(got.histograms.size(), want[i].histograms.size()) << name;
    for (std::size_t k = 0; k < got.histograms.size(); ++k) {
      EXPECT_EQ(got.histograms[k].time_ms, want[i].histograms[k].time_ms);
      EXPECT_EQ(*got.histograms[k].value, *want[i].histograms[k].value);
    }
  }
}

}  // namespace
}  // namespace mamori::metrics
