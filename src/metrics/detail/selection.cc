#include "metrics/detail/selection.h"

#include <algorithm>

namespace mamori::metrics::detail {
namespace {

/// Where the ids stand in a part. Both ascend: a walk through both when there are many ids, else each is looked for.
std::vector<std::uint32_t> places_in(const Part& part, const std::vector<SeriesRef>& ids, std::uint32_t none) {
  std::vector<std::uint32_t> places(ids.size(), none);
  const auto all = part.series();
  if (ids.size() < all.size() / 16) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (const auto place = part.find(ids[i])) places[i] = static_cast<std::uint32_t>(*place);
    }
    return places;
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    while (at < all.size() && all[at] < ids[i]) ++at;
    if (at < all.size() && all[at] == ids[i]) places[i] = static_cast<std::uint32_t>(at);
  }
  return places;
}

}  // namespace

StoreSelection::StoreSelection(Snapshot snapshot) : of_(std::move(snapshot)) {
  for (const auto& stored : of_.parts) places_.push_back(places_in(*stored.part, of_.ids, kNone));
  // Series without any source are left out: those that ended long ago.
  std::size_t kept = 0;
  auto extra = of_.extras.begin();
  for (std::size_t i = 0; i < of_.ids.size(); ++i) {
    const bool has_extra = extra != of_.extras.end() && extra->first == i;
    const bool has_source =
        has_extra || (of_.active && of_.views[i].count > 0) ||
        std::ranges::any_of(places_, [&](const auto& places) { return places[i] != kNone; }) ||
        std::ranges::any_of(of_.frozen, [&](const FrozenHead& frozen) { return frozen.head->has(of_.ids[i]); });
    if (has_extra) {
      extra->first = kept;
      ++extra;
    }
    if (!has_source) continue;
    if (kept != i) {
      of_.ids[kept] = of_.ids[i];
      of_.labels[kept] = std::move(of_.labels[i]);
      if (of_.active) of_.views[kept] = of_.views[i];
      for (auto& places : places_) places[kept] = places[i];
    }
    ++kept;
  }
  of_.ids.resize(kept);
  of_.labels.resize(kept);
}

std::unique_ptr<SeriesReader> StoreSelection::reader() const { return std::make_unique<StoreReader>(*this); }

HeadView StoreSelection::active_view(std::size_t i) const {
  if (!of_.active) return {};
  const auto extra = std::ranges::lower_bound(of_.extras, i, {}, &std::pair<std::size_t, HeadView>::first);
  if (extra != of_.extras.end() && extra->first == i) return extra->second;
  return {.samples = of_.views[i], .late_samples = {}, .histograms = {}, .late_histograms = {}};
}

bool StoreSelection::surely_has_samples(std::size_t i) const {
  const auto in_range = [&](std::int64_t ms) { return ms >= of_.start_ms && ms <= of_.end_ms; };
  bool found = false;
  const auto look = [&](const auto& chain) {
    chain.for_each_block(
        [&](auto block) { found = found || in_range(block.front().time_ms) || in_range(block.back().time_ms); });
  };
  const auto seen = active_view(i);
  look(seen.samples);
  look(seen.histograms);
  if (found) return true;
  if (!of_.tombstones->empty()) return false;
  for (std::size_t p = 0; p < of_.parts.size(); ++p) {
    const auto& info = of_.parts[p].part->info();
    if (places_[p][i] != kNone && in_range(info.start_ms) && in_range(info.end_ms)) return true;
  }
  return false;
}

StoreReader::StoreReader(const StoreSelection& selection)
    : selection_(selection), cursors_(selection.of_.parts.size()) {}

Result<void> StoreReader::read(std::size_t i, SeriesData& out) {
  const auto& of = selection_.of_;
  const auto id = of.ids[i];
  merge_.begin(out);
  for (std::size_t p = 0; p < of.parts.size(); ++p) {
    const auto place = selection_.places_[p][i];
    if (place == StoreSelection::kNone) continue;
    if (!cursors_[p]) cursors_[p] = of.parts[p].part->cursor();
    MAMORI_TRY_VOID(cursors_[p]->read(place, of.start_ms, of.end_ms, out));
    if (!of.tombstones->empty()) {
      of.tombstones->apply(id, of.parts[p].name.deletions, out, merge_.samples_from(), merge_.histograms_from());
    }
    merge_.end_source(/*ascending=*/true);
  }
  for (const auto& frozen : of.frozen) {
    const auto view = frozen.head->view(id);
    if (view.empty()) continue;
    append_in_order(view, of.start_ms, of.end_ms, out);
    of.tombstones->apply(id, frozen.deletions, out, merge_.samples_from(), merge_.histograms_from());
    merge_.end_source(/*ascending=*/true);
    append_late(view, of.start_ms, of.end_ms, out);
    of.tombstones->apply(id, frozen.deletions, out, merge_.samples_from(), merge_.histograms_from());
    merge_.end_source(/*ascending=*/false);
  }
  read_head(selection_.active_view(i), out);
  merge_.finish();
  return {};
}

/// Of the active head: what was deleted is gone from it already.
void StoreReader::read_head(const HeadView& view, SeriesData& out) {
  if (view.empty()) return;
  append_in_order(view, selection_.of_.start_ms, selection_.of_.end_ms, out);
  merge_.end_source(/*ascending=*/true);
  if (view.late_samples.count == 0 && view.late_histograms.count == 0) return;
  append_late(view, selection_.of_.start_ms, selection_.of_.end_ms, out);
  merge_.end_source(/*ascending=*/false);
}

}  // namespace mamori::metrics::detail
