#include "ingest/write_layers.h"

#include <gtest/gtest.h>

#include <memory>

namespace mamori::ingest {
namespace {

using metrics::RefHistogram;

RefHistogram histogram(metrics::SeriesRef series, std::int64_t time_ms) {
  return {series, time_ms, std::make_shared<metrics::Histogram>()};
}
RefHistogram marker(metrics::SeriesRef series, std::int64_t time_ms) { return {series, time_ms, nullptr}; }

TEST(WriteLayers, IsOneWhenNoSeriesChangesItsKind) {
  const auto layers = write_layers({{1, 10, 1}, {1, 20, 2}}, {histogram(2, 10), histogram(2, 20), marker(3, 10)});
  ASSERT_EQ(layers.size(), 1u);
  EXPECT_EQ(layers[0].samples.samples.size(), 2u);
  EXPECT_EQ(layers[0].histograms.histograms.size(), 2u);
  ASSERT_EQ(layers[0].histograms.samples.size(), 1u);
  EXPECT_TRUE(metrics::is_stale_nan(layers[0].histograms.samples[0].value));
}

TEST(WriteLayers, WritesAMarkerAfterTheHistogramsBeforeIt) {
  const auto layers = write_layers({}, {histogram(1, 10), histogram(2, 10), marker(1, 20), histogram(1, 30)});
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_EQ(layers[0].histograms.histograms.size(), 2u);
  EXPECT_EQ(layers[1].histograms.samples.size(), 1u);
  ASSERT_EQ(layers[2].histograms.histograms.size(), 1u);
  EXPECT_EQ(layers[2].histograms.histograms[0].time_ms, 30);
}

TEST(WriteLayers, WritesASeriesThatTurnsIntoHistogramsInItsOrderOfTime) {
  const auto layers = write_layers({{1, 10, 1}, {1, 30, 1}, {2, 99, 1}}, {histogram(1, 20)});
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_EQ(layers[0].samples.samples.size(), 2u) << "series 1 at 10, and series 2, which has no histogram";
  EXPECT_EQ(layers[1].histograms.histograms.size(), 1u);
  ASSERT_EQ(layers[2].samples.samples.size(), 1u);
  EXPECT_EQ(layers[2].samples.samples[0].time_ms, 30);
}

TEST(WriteLayers, KeepsTheOrderWithinASeries) {
  const auto layers = write_layers({{7, 3, 1}, {7, 1, 1}, {7, 2, 1}}, {});
  ASSERT_EQ(layers.size(), 1u);
  EXPECT_EQ(layers[0].samples.samples[0].time_ms, 3) << "as sent";
}

}  // namespace
}  // namespace mamori::ingest
