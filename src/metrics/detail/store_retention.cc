// FileStore's retention: parts that are too old or too many leave, and series without samples are forgotten.
#include <algorithm>

#include "base/log.h"
#include "metrics/detail/file_store.h"
#include "metrics/detail/id_set.h"

namespace mamori::metrics::detail {
namespace {

// A series that was resolved this recently may still be sent a sample.
constexpr std::uint32_t kForgetAfterSeconds = 600;
constexpr std::size_t kCatalogueSmall = 10'000;  // entries: below, rewriting is not worth its trouble

}  // namespace

Result<void> FileStore::enforce_retention() {
  drop_parts_past_retention();
  MAMORI_TRY_VOID(prune_tombstones());
  forget_series();
  MAMORI_TRY_VOID(compact_catalogue());
  const std::lock_guard writer(write_mutex_);
  freeze_if_full();
  return {};
}

void FileStore::drop_parts_past_retention() {
  const auto oldest_ms = to_millis(clock_.now() - options_.retention);
  std::vector<StoredPart> dropped;
  {
    const std::unique_lock guard(mutex_);
    const auto drop = [&](auto at, std::atomic<std::uint64_t>& counter) {
      dropped.push_back(*at);
      counter.fetch_add(1, std::memory_order_relaxed);
      return parts_.erase(at);
    };
    std::uint64_t bytes = 0;
    for (auto at = parts_.begin(); at != parts_.end();) {
      const auto& info = at->part->info();
      if (info.end_ms < oldest_ms) {
        at = drop(at, counters_.parts_dropped_by_time);
      } else {
        bytes += info.bytes;
        ++at;
      }
    }
    while (options_.retention_bytes != 0 && bytes > options_.retention_bytes && parts_.size() > 1) {
      const auto oldest =
          std::ranges::min_element(parts_, {}, [](const StoredPart& stored) { return stored.part->info().end_ms; });
      bytes -= oldest->part->info().bytes;
      drop(oldest, counters_.parts_dropped_by_size);
    }
  }
  for (const auto& stored : dropped) {
    delete_file(stored.name);
    log_info("a part is past retention", {{"path", stored.part->path()}});
  }
}

/// Twice: first without keeping writers out, then, for the few that seem to be without samples, with certainty.
void FileStore::forget_series() {
  const auto now_s = static_cast<std::uint32_t>(to_millis(clock_.now()) / 1000);
  std::vector<SeriesRef> candidates;
  const auto before = parts();
  {
    const std::shared_lock guard(mutex_);
    candidates = index_.all();
  }
  if (candidates.empty()) return;
  IdSet stored(candidates.front(), candidates.back());
  for (const auto& part : before) {
    for (const auto id : part.part->series()) {
      if (id >= candidates.front() && id <= candidates.back()) stored.add(id);
    }
  }
  std::erase_if(candidates, [&](SeriesRef id) { return stored.has(id); });
  if (candidates.empty()) return;

  const std::lock_guard writer(write_mutex_);
  const auto waiting = frozen();
  const auto after = parts();
  std::erase_if(candidates, [&](SeriesRef id) {
    const auto* state = states_.find(id);
    return now_s < state->touched_s + kForgetAfterSeconds || active_->has(id) ||
           std::ranges::any_of(
               waiting, [&](const FrozenHead& one) { return one.head->has(id); }) ||
           std::ranges::any_of(after, [&](const StoredPart& one) { return one.part->find(id).has_value(); });
  });
  if (candidates.empty()) return;
  const std::unique_lock guard(mutex_);
  index_.remove(candidates);
  for (const auto id : candidates) states_.at(id) = {};
  states_.free_pages([](const SeriesState& state) { return !state.alive; });
  counters_.series_forgotten.fetch_add(candidates.size(), std::memory_order_relaxed);
}

/// All series of the index: what is not in a part yet is harmless there.
Result<void> FileStore::compact_catalogue() {
  const std::lock_guard flushes(flush_mutex_);
  std::vector<SeriesLabels> series;
  SeriesRef next_id = 0;
  {
    const std::lock_guard writer(write_mutex_);
    if (catalogue_->entries() < kCatalogueSmall || catalogue_->entries() / 2 < index_.size()) return {};
    next_id = next_id_;
    for (const auto id : index_.all()) {
      if (states_.find(id)->logged) series.emplace_back(id, index_.labels(id));
    }
  }
  return catalogue_->rewrite(series, next_id);
}

}  // namespace mamori::metrics::detail
