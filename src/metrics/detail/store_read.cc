// FileStore's reads: selections, label sets, names and values, figures.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "metrics/detail/file_store.h"
#include "metrics/detail/selection.h"

namespace mamori::metrics::detail {
namespace {

bool overlaps(const PartInfo& info, std::int64_t start_ms, std::int64_t end_ms) {
  return info.start_ms <= end_ms && info.end_ms >= start_ms;
}

}  // namespace

std::unique_ptr<Selection> FileStore::open_selection(std::span<const Matcher> matchers, std::int64_t start_ms,
                                                     std::int64_t end_ms) const {
  return select_series(matchers, start_ms, end_ms);
}

std::unique_ptr<StoreSelection> FileStore::select_series(std::span<const Matcher> matchers, std::int64_t start_ms,
                                                         std::int64_t end_ms) const {
  StoreSelection::Snapshot snapshot{.start_ms = start_ms, .end_ms = end_ms};
  {
    const std::shared_lock guard(mutex_);
    snapshot.ids = index_.select(matchers);
    snapshot.labels.reserve(snapshot.ids.size());
    for (const auto id : snapshot.ids) snapshot.labels.push_back(index_.labels(id));
    for (const auto& stored : parts_) {
      if (overlaps(stored.part->info(), start_ms, end_ms)) snapshot.parts.push_back(stored);
    }
    for (const auto& frozen : frozen_) {
      if (frozen.head->overlaps(start_ms, end_ms)) snapshot.frozen.push_back(frozen);
    }
    snapshot.tombstones = tombstones_;
    if (active_->overlaps(start_ms, end_ms)) {
      snapshot.active = active_;
      snapshot.views.reserve(snapshot.ids.size());
      for (std::size_t i = 0; i < snapshot.ids.size(); ++i) {
        const auto view = active_->view(snapshot.ids[i]);
        snapshot.views.push_back(view.samples);
        if (view.has_more_than_samples()) snapshot.extras.emplace_back(i, view);
      }
    }
  }
  return std::make_unique<StoreSelection>(std::move(snapshot));
}

std::vector<Labels> FileStore::series(std::span<const Matcher> matchers, std::int64_t start_ms,
                                      std::int64_t end_ms) const {
  const auto selection = select_series(matchers, start_ms, end_ms);
  const auto reader = selection->reader();
  std::vector<Labels> found;
  SeriesData data;
  for (std::size_t i = 0; i < selection->size(); ++i) {
    if (!selection->surely_has_samples(i)) {
      if (const auto read = reader->read(i, data); !read) {
        log_error("a series cannot be read",
                  {{"series", selection->labels(i).to_string()}, {"error", read.error().message}});
      } else if (data.samples.empty() && data.histograms.empty()) {
        continue;
      }
    }
    found.push_back(selection->labels(i));
  }
  std::ranges::sort(found);
  return found;
}

/// Of everything, the index knows: no series is looked at.
bool FileStore::is_everything(std::span<const Matcher> matchers, std::int64_t start_ms, std::int64_t end_ms) const {
  if (!matchers.empty()) return false;
  const auto known = stats();
  return start_ms <= known.oldest_ms && end_ms >= known.newest_ms;
}

std::vector<std::string> FileStore::label_names(std::span<const Matcher> matchers, std::int64_t start_ms,
                                                std::int64_t end_ms) const {
  if (!is_everything(matchers, start_ms, end_ms)) return Store::label_names(matchers, start_ms, end_ms);
  const std::shared_lock guard(mutex_);
  return index_.label_names();
}

std::vector<std::string> FileStore::label_values(std::string_view name, std::span<const Matcher> matchers,
                                                 std::int64_t start_ms, std::int64_t end_ms) const {
  if (!is_everything(matchers, start_ms, end_ms)) return Store::label_values(name, matchers, start_ms, end_ms);
  const std::shared_lock guard(mutex_);
  return index_.label_values(name);
}

Cardinality FileStore::cardinality(std::size_t limit) const {
  const std::shared_lock guard(mutex_);
  return index_.cardinality(limit);
}

StoreStats FileStore::stats() const {
  StoreStats stats;
  const auto note = [&](std::int64_t start_ms, std::int64_t end_ms) {
    stats.oldest_ms = std::min(stats.oldest_ms, start_ms);
    stats.newest_ms = std::max(stats.newest_ms, end_ms);
  };
  {
    const std::shared_lock guard(mutex_);
    stats.series = index_.size();
    stats.bytes_in_memory = index_.bytes() + active_->bytes();
    stats.head_samples = active_->samples();
    note(active_->start_ms(), active_->end_ms());
    for (const auto& frozen : frozen_) {
      stats.bytes_in_memory += frozen.head->bytes();
      stats.head_samples += frozen.head->samples();
      note(frozen.head->start_ms(), frozen.head->end_ms());
    }
    stats.heads_waiting = frozen_.size();
    stats.parts = parts_.size();
    for (const auto& stored : parts_) {
      const auto& info = stored.part->info();
      stats.part_samples += info.samples;
      stats.part_bytes += info.bytes;
      note(info.start_ms, info.end_ms);
    }
    stats.deletions_pending = tombstones_->deletions().size();
  }
  for (const auto& segment : wal_->segments()) stats.log_bytes += segment.bytes;
  const auto& of = counters_;
  stats.samples_appended = of.samples_appended;
  stats.series_created = of.series_created;
  stats.series_forgotten = of.series_forgotten;
  stats.flushes = of.flushes;
  stats.flushes_failed = of.flushes_failed;
  stats.merges = of.merges;
  stats.merges_failed = of.merges_failed;
  stats.samples_merged = of.samples_merged;
  stats.parts_dropped_by_time = of.parts_dropped_by_time;
  stats.parts_dropped_by_size = of.parts_dropped_by_size;
  stats.parts_damaged = of.parts_damaged;
  stats.out_of_order_taken = of.out_of_order_taken;
  stats.duplicates = of.duplicates;
  stats.refused_conflicting = of.conflicting;
  stats.refused_out_of_order = of.out_of_order;
  stats.refused_too_far_ahead = of.too_far_ahead;
  stats.refused_unknown = of.unknown;
  stats.refused_series_max = of.series_max;
  stats.refused_new_series = of.new_series;
  stats.refused_labels = of.labels;
  stats.writes_unavailable = of.writes_unavailable;
  stats.log_sync_failures = wal_->sync_failures();
  return stats;
}

}  // namespace mamori::metrics::detail
