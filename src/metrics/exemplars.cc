#include "metrics/exemplars.h"

#include <algorithm>
#include <bit>

namespace mamori::metrics {
namespace {

constexpr std::size_t kLabelCharactersMax = 128;  // OpenMetrics 1.0, "Exemplars"

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_too_long(const Labels& labels) {
  std::size_t total = 0;
  for (const auto& [name, value] : labels) total += characters(name) + characters(value);
  return total > kLabelCharactersMax;
}

bool is_same(const Exemplar& a, const Exemplar& b) {
  return a.time_ms == b.time_ms && std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value) &&
         a.labels == b.labels;
}

bool matches_all(const std::vector<Matcher>& matchers, const Labels& labels) {
  return std::ranges::all_of(matchers, [&](const Matcher& m) { return m.matches(labels.get(m.name())); });
}

}  // namespace

ExemplarRing::Outcome ExemplarRing::add(const Labels& series, const Exemplar& exemplar) {
  if (exemplars_max_ == 0) return Outcome::Off;
  if (is_too_long(exemplar.labels)) return Outcome::TooLong;
  const std::lock_guard guard(mutex_);
  if (const auto known = series_.find(series); known != series_.end()) {
    if (has(known->second, exemplar)) return Outcome::Duplicate;
    if (exemplar.time_ms < slots_[known->second.newest].exemplar.time_ms) return Outcome::OutOfOrder;
  }
  std::uint32_t at = static_cast<std::uint32_t>(slots_.size());
  if (slots_.size() < exemplars_max_) {
    slots_.emplace_back();
  } else {
    at = static_cast<std::uint32_t>(next_);
    next_ = (next_ + 1) % exemplars_max_;
    drop(at);
  }
  const auto entry = series_.try_emplace(series).first;
  auto& ends = entry->second;
  slots_[at] = {.exemplar = exemplar, .series = &entry->first, .older = ends.newest};
  if (ends.newest != kNone) slots_[ends.newest].newer = at;
  if (ends.oldest == kNone) ends.oldest = at;
  ends.newest = at;
  return Outcome::Kept;
}

/// A request that is sent again brings exemplars that are not the newest any more, so all of that time and later are
/// compared.
bool ExemplarRing::has(const Ends& ends, const Exemplar& exemplar) const {
  for (auto at = ends.newest; at != kNone && slots_[at].exemplar.time_ms >= exemplar.time_ms; at = slots_[at].older) {
    if (is_same(slots_[at].exemplar, exemplar)) return true;
  }
  return false;
}

/// The ring turns in the order of arrival, so the slot that gives way is the oldest one of its series.
void ExemplarRing::drop(std::uint32_t slot) {
  const auto entry = series_.find(*slots_[slot].series);
  auto& ends = entry->second;
  ends.oldest = slots_[slot].newer;
  if (ends.oldest == kNone) {
    series_.erase(entry);
  } else {
    slots_[ends.oldest].older = kNone;
  }
}

std::vector<SeriesExemplars> ExemplarRing::select(std::span<const std::vector<Matcher>> any_of, std::int64_t start_ms,
                                                  std::int64_t end_ms) const {
  std::vector<SeriesExemplars> result;
  const std::lock_guard guard(mutex_);
  for (const auto& [labels, ends] : series_) {
    if (std::ranges::none_of(any_of, [&](const auto& matchers) { return matches_all(matchers, labels); })) continue;
    SeriesExemplars one{.series = labels, .exemplars = {}};
    for (auto at = ends.oldest; at != kNone; at = slots_[at].newer) {
      const auto& exemplar = slots_[at].exemplar;
      if (exemplar.time_ms >= start_ms && exemplar.time_ms <= end_ms) one.exemplars.push_back(exemplar);
    }
    if (!one.exemplars.empty()) result.push_back(std::move(one));
  }
  std::ranges::sort(result, {}, &SeriesExemplars::series);
  return result;
}

ExemplarStats ExemplarRing::stats() const {
  const std::lock_guard guard(mutex_);
  return {.exemplars = slots_.size(), .exemplars_max = exemplars_max_, .series = series_.size()};
}

}  // namespace mamori::metrics
