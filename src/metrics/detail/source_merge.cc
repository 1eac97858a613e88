#include "metrics/detail/source_merge.h"

#include <algorithm>
#include <tuple>

namespace mamori::metrics::detail {

void SourceMerge::begin(SeriesData& out) {
  out.samples.clear();
  out.histograms.clear();
  out_ = &out;
  ends_.clear();
  newest_ms_ = std::numeric_limits<std::int64_t>::min();
  any_ = overlap_ = false;
}

void SourceMerge::end_source(bool ascending) {
  const auto samples_from = this->samples_from(), histograms_from = this->histograms_from();
  ends_.push_back({out_->samples.size(), out_->histograms.size()});
  const auto note = [&](const auto& points, std::size_t from, std::int64_t newest_ms) {
    if (points.size() == from) return newest_ms;
    if (any_ && points[from].time_ms <= newest_ms_) overlap_ = true;
    return std::max(newest_ms, points.back().time_ms);
  };
  auto newest_ms = newest_ms_;
  newest_ms = note(out_->samples, samples_from, newest_ms);
  newest_ms = note(out_->histograms, histograms_from, newest_ms);
  const bool appended = out_->samples.size() > samples_from || out_->histograms.size() > histograms_from;
  if (appended && !ascending) overlap_ = true;
  any_ = any_ || appended;
  newest_ms_ = newest_ms;
}

void SourceMerge::merge() {
  struct Item {
    std::int64_t time_ms;
    std::uint32_t source;
    bool histogram;
    std::size_t index;
  };
  std::vector<Item> items;
  items.reserve(out_->samples.size() + out_->histograms.size());
  std::size_t sample = 0, histogram = 0;
  for (std::uint32_t source = 0; source < ends_.size(); ++source) {
    for (; sample < ends_[source].samples; ++sample)
      items.push_back({out_->samples[sample].time_ms, source, false, sample});
    for (; histogram < ends_[source].histograms; ++histogram)
      items.push_back({out_->histograms[histogram].time_ms, source, true, histogram});
  }
  std::ranges::sort(items, {},
                    [](const Item& item) { return std::tuple(item.time_ms, item.source, item.histogram, item.index); });
  const auto twice = std::ranges::unique(items, {}, &Item::time_ms);
  items.erase(twice.begin(), twice.end());
  std::vector<Sample> samples;
  std::vector<HistogramPoint> histograms;
  for (const auto& item : items) {
    if (item.histogram) {
      histograms.push_back(std::move(out_->histograms[item.index]));
    } else {
      samples.push_back(out_->samples[item.index]);
    }
  }
  out_->samples = std::move(samples);
  out_->histograms = std::move(histograms);
}

}  // namespace mamori::metrics::detail
