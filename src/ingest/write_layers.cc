#include "ingest/write_layers.h"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace mamori::ingest {
namespace {

using metrics::RefHistogram;
using metrics::RefSample;
using metrics::SeriesRef;

enum class Kind : std::uint8_t { Sample, Marker, Histogram };

struct Item {
  SeriesRef series = 0;
  std::int64_t time_ms = 0;
  Kind kind = Kind::Sample;
  std::uint32_t index = 0;  // in `samples` or `histograms`
};

/// The items of series that have histograms, by series and time; those of a time in the order they were sent.
std::vector<Item> items_of_histogram_series(const std::vector<RefSample>& samples,
                                            const std::vector<RefHistogram>& histograms) {
  std::vector<Item> items;
  std::vector<SeriesRef> series;
  for (std::uint32_t i = 0; i < histograms.size(); ++i) {
    const auto kind = histograms[i].value == nullptr ? Kind::Marker : Kind::Histogram;
    items.push_back({histograms[i].series, histograms[i].time_ms, kind, i});
    series.push_back(histograms[i].series);
  }
  std::ranges::sort(series);
  for (std::uint32_t i = 0; i < samples.size(); ++i) {
    if (std::ranges::binary_search(series, samples[i].series))
      items.push_back({samples[i].series, samples[i].time_ms, Kind::Sample, i});
  }
  std::ranges::stable_sort(items, {}, [](const Item& item) { return std::tuple(item.series, item.time_ms); });
  return items;
}

}  // namespace

std::vector<WriteLayer> write_layers(std::vector<RefSample> samples, std::vector<RefHistogram> histograms) {
  std::vector<std::uint32_t> sample_layers(samples.size()), histogram_layers(histograms.size());
  std::uint32_t layer = 0, last_layer = 0;
  const auto items = items_of_histogram_series(samples, histograms);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool first = i == 0 || items[i].series != items[i - 1].series;
    if (first) {
      layer = 0;
    } else if (items[i].kind != items[i - 1].kind) {
      ++layer;
    }
    (items[i].kind == Kind::Sample ? sample_layers : histogram_layers)[items[i].index] = layer;
    last_layer = std::max(last_layer, layer);
  }
  std::vector<WriteLayer> layers(last_layer + 1);
  for (std::size_t i = 0; i < samples.size(); ++i) layers[sample_layers[i]].samples.samples.push_back(samples[i]);
  for (std::size_t i = 0; i < histograms.size(); ++i) {
    auto& batch = layers[histogram_layers[i]].histograms;
    if (histograms[i].value == nullptr) {
      batch.samples.push_back({histograms[i].series, histograms[i].time_ms, metrics::stale_nan()});
    } else {
      batch.histograms.push_back(std::move(histograms[i]));
    }
  }
  return layers;
}

}  // namespace mamori::ingest
