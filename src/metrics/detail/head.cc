#include "metrics/detail/head.h"

#include <algorithm>

#include "metrics/detail/histogram_codec.h"

namespace mamori::metrics::detail {
namespace {

template <typename T>
void append_block(std::span<const T> block, std::int64_t start_ms, std::int64_t end_ms, std::vector<T>& out) {
  if (block.front().time_ms > end_ms || block.back().time_ms < start_ms) return;
  if (block.front().time_ms >= start_ms && block.back().time_ms <= end_ms) {
    out.insert(out.end(), block.begin(), block.end());
    return;
  }
  for (const auto& point : block) {
    if (point.time_ms >= start_ms && point.time_ms <= end_ms) out.push_back(point);
  }
}

template <typename T>
void append_unordered(const ChainView<T>& chain, std::int64_t start_ms, std::int64_t end_ms, std::vector<T>& out) {
  chain.for_each_block([&](std::span<const T> block) {
    for (const auto& point : block) {
      if (point.time_ms >= start_ms && point.time_ms <= end_ms) out.push_back(point);
    }
  });
}

template <typename T>
const T* find_at(const ChainView<T>& chain, std::int64_t time_ms) {
  const T* found = nullptr;
  chain.for_each_block([&](std::span<const T> block) {
    for (const auto& point : block) {
      if (point.time_ms == time_ms) found = &point;
    }
  });
  return found;
}

void destroy(const ChainView<HistogramPoint>& chain) {
  chain.for_each_block([](std::span<const HistogramPoint> block) {
    for (const auto& point : block) std::destroy_at(&point);
  });
}

}  // namespace

Head::~Head() {
  extra_.for_each([](SeriesRef, const Extra& extra) {
    destroy(extra.histograms.view());
    destroy(extra.late_histograms.view());
  });
  for (const auto& chain : replaced_) destroy(chain.view());
}

void Head::add(SeriesRef id, HistogramPoint point) {
  noted(point.time_ms);
  histogram_bytes_ += histogram_bytes(*point.value);
  extra_.at(id).histograms.add(arena_, std::move(point));
}

void Head::add_late(SeriesRef id, const Sample& sample) {
  noted(sample.time_ms);
  auto& late = extra_.at(id).late_samples;
  late.add(arena_, sample);
  longest_late_ = std::max(longest_late_, late.count());
}

void Head::add_late(SeriesRef id, HistogramPoint point) {
  noted(point.time_ms);
  histogram_bytes_ += histogram_bytes(*point.value);
  auto& late = extra_.at(id).late_histograms;
  late.add(arena_, std::move(point));
  longest_late_ = std::max(longest_late_, late.count());
}

template <typename T>
void Head::cut(Chain<T>& chain, std::int64_t start_ms, std::int64_t end_ms) {
  Chain<T> kept;
  chain.view().for_each_block([&](std::span<const T> block) {
    for (const auto& point : block) {
      if (point.time_ms < start_ms || point.time_ms > end_ms) kept.add(arena_, point);
    }
  });
  if (kept.count() == chain.count()) {
    if constexpr (!std::is_trivially_destructible_v<T>) replaced_.push_back(kept);
    return;
  }
  if constexpr (!std::is_trivially_destructible_v<T>) replaced_.push_back(chain);
  chain = kept;
}

void Head::remove(SeriesRef id, std::int64_t start_ms, std::int64_t end_ms) {
  if (auto* samples = series_.find(id)) cut(*samples, start_ms, end_ms);
  if (auto* extra = extra_.find(id)) {
    cut(extra->histograms, start_ms, end_ms);
    cut(extra->late_samples, start_ms, end_ms);
    cut(extra->late_histograms, start_ms, end_ms);
  }
}

HeadView Head::view(SeriesRef id) const {
  HeadView view;
  if (const auto* samples = series_.find(id)) view.samples = samples->view();
  if (const auto* extra = extra_.find(id)) {
    view.histograms = extra->histograms.view();
    view.late_samples = extra->late_samples.view();
    view.late_histograms = extra->late_histograms.view();
  }
  return view;
}

std::optional<SeriesData> Head::at(SeriesRef id, std::int64_t time_ms) const {
  const auto seen = view(id);
  for (const auto& chain : {seen.samples, seen.late_samples}) {
    if (const auto* sample = find_at(chain, time_ms))
      return SeriesData{.labels = {}, .samples = {*sample}, .histograms = {}};
  }
  for (const auto& chain : {seen.histograms, seen.late_histograms}) {
    if (const auto* point = find_at(chain, time_ms))
      return SeriesData{.labels = {}, .samples = {}, .histograms = {*point}};
  }
  return std::nullopt;
}

std::vector<SeriesRef> Head::ids() const {
  std::vector<SeriesRef> ids, others;
  series_.for_each([&](SeriesRef id, const Chain<Sample>& samples) {
    if (!samples.empty()) ids.push_back(id);
  });
  extra_.for_each([&](SeriesRef id, const Extra& extra) {
    if (!extra.histograms.empty() || !extra.late_samples.empty() || !extra.late_histograms.empty())
      others.push_back(id);
  });
  if (others.empty()) return ids;
  std::vector<SeriesRef> all;
  all.reserve(ids.size() + others.size());
  std::ranges::set_union(ids, others, std::back_inserter(all));
  return all;
}

std::uint64_t Head::bytes() const {
  return sample_bytes() + series_.bytes() + extra_.bytes() + defined_.capacity() * sizeof(SeriesRef);
}

void append_in_order(const HeadView& view, std::int64_t start_ms, std::int64_t end_ms, SeriesData& out) {
  view.samples.for_each_block(
      [&](std::span<const Sample> block) { append_block(block, start_ms, end_ms, out.samples); });
  view.histograms.for_each_block(
      [&](std::span<const HistogramPoint> block) { append_block(block, start_ms, end_ms, out.histograms); });
}

void append_late(const HeadView& view, std::int64_t start_ms, std::int64_t end_ms, SeriesData& out) {
  append_unordered(view.late_samples, start_ms, end_ms, out.samples);
  append_unordered(view.late_histograms, start_ms, end_ms, out.histograms);
}

}  // namespace mamori::metrics::detail
