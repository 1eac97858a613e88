// FileStore's parts are merged, and tombstones that no part needs any more are dropped.
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/log.h"
#include "metrics/detail/file_store.h"
#include "metrics/detail/part_merge.h"

namespace mamori::metrics::detail {
namespace {

constexpr Nanos kSpanMin = std::chrono::hours{2}, kSpanMax = std::chrono::days{31};

bool has_name(const std::vector<StoredPart>& parts, const PartName& name) {
  return std::ranges::any_of(parts, [&](const StoredPart& part) { return part.name == name; });
}

}  // namespace

MergeBounds FileStore::merge_bounds() const {
  const auto span = std::clamp<Nanos>(options_.retention / 10, kSpanMin, kSpanMax);
  return {.samples_small = options_.head_samples_max,
          .span_ms_max = std::chrono::duration_cast<Millis>(span).count(),
          .bytes_max = options_.retention_bytes / 10};
}

Result<bool> FileStore::merge(bool settle) {
  const std::lock_guard guard(merge_mutex_);
  for (bool any = false;; any = true) {
    const auto now = parts();
    std::vector<PlannedPart> planned;
    for (const auto& [name, part, damaged] : now)
      planned.push_back({part->info().samples, part->info().bytes, part->info().end_ms, damaged});
    auto plan = plan_merge(planned, merge_bounds());
    if (!plan && settle) plan = plan_settling(planned, merge_bounds());
    if (!plan) return any;
    const auto begin = now.begin();
    MAMORI_TRY_VOID(merge_run(
        {begin + static_cast<std::ptrdiff_t>(plan->first), begin + static_cast<std::ptrdiff_t>(plan->second)}));
  }
}

/// Between two series: a full head does not wait until a large merge has ended.
Result<void> FileStore::pause_merge() {
  if (closing_) return Error{Code::Unavailable, "the store is closing"};
  if (options_.background && flush_wanted_.exchange(false)) {
    if (const auto flushed = flush_frozen(); !flushed) flush_wanted_ = true;  // whoever does it next says why
  }
  return {};
}

/// The file system must not be filled to the last byte by what only saves space: samples need it more.
Result<void> FileStore::check_room_for(std::uint64_t bytes) const {
  struct statvfs info{};
  if (::statvfs(dir_.c_str(), &info) != 0) return io_error("statvfs", dir_);
  const auto needed = bytes + options_.disk_free_min;
  if (static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize >= needed) return {};
  return Error{Code::Unavailable, "less than " + std::to_string(needed) + " bytes are free for " + dir_};
}

Result<void> FileStore::merge_run(const std::vector<StoredPart>& run) {
  std::uint64_t bytes = 0, samples = 0;
  for (const auto& stored : run) {
    bytes += stored.part->info().bytes;
    samples += stored.part->info().samples;
  }
  MAMORI_TRY_VOID(check_room_for(bytes));
  const auto tombstones = tombstones_now();
  const PartName name{.first = run.front().name.first, .last = run.back().name.last, .deletions = tombstones->newest()};
  auto merged = merge_parts({.parts = run,
                             .tombstones = *tombstones,
                             .path = part_path(name),
                             .labels_of = [this](SeriesRef id) { return labels_of(id); },
                             .pause = [this] { return pause_merge(); }});
  if (!merged) {
    if (closing_) return std::move(merged).error();
    counters_.merges_failed.fetch_add(1, std::memory_order_relaxed);
    if (merged.error().code != Code::Corrupt) return std::move(merged).error();
    log_error("parts cannot be merged, and stay as they are", {{"error", merged.error().message}});
    leave_alone(run);
    return {};
  }
  replace_parts(run, {.name = name, .part = *std::move(merged)});
  counters_.merges.fetch_add(1, std::memory_order_relaxed);
  counters_.samples_merged.fetch_add(samples, std::memory_order_relaxed);
  return prune_tombstones();
}

/// Puts one part, or none when its `part` is null, in the place of others, whose files are deleted.
void FileStore::replace_parts(const std::vector<StoredPart>& run, StoredPart by) {
  {
    const std::unique_lock guard(mutex_);
    const auto is_replaced = [&](const StoredPart& stored) { return has_name(run, stored.name); };
    auto at = std::ranges::find_if(parts_, is_replaced);
    if (at != parts_.end() && by.part) {
      *at++ = by;
      by.part.reset();
    }
    parts_.erase(std::remove_if(at, parts_.end(), is_replaced), parts_.end());
  }
  for (const auto& stored : run) delete_file(stored.name);
  if (by.part) delete_file(by.name);  // retention dropped all that it was made of meanwhile
}

/// Of the parts of a merge that failed, those with bytes that cannot be read are found by reading each alone.
void FileStore::leave_alone(const std::vector<StoredPart>& run) {
  std::vector<StoredPart> bad;
  for (const auto& stored : run) {
    const auto cursor = stored.part->cursor();
    SeriesData data;
    bool good = true;
    for (std::size_t i = 0; good && i < stored.part->series().size(); ++i) {
      data.samples.clear();
      data.histograms.clear();
      good = cursor->read(i, kFirstMs, kLastMs, data) && index_has(stored.part->series()[i]);
    }
    if (!good) bad.push_back(stored);
  }
  // Should each be good alone, none is tried again all the same: the merge would only fail once more.
  const auto& marked = bad.empty() ? run : bad;
  counters_.parts_damaged.fetch_add(marked.size(), std::memory_order_relaxed);
  const std::unique_lock guard(mutex_);
  for (auto& stored : parts_) stored.damaged = stored.damaged || has_name(marked, stored.name);
}

void FileStore::delete_file(const PartName& name) {
  const std::lock_guard files(files_mutex_);
  const auto path = part_path(name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    log_warn("a part that is not needed any more cannot be deleted", {{"error", io_error("unlink", path).message}});
}

std::shared_ptr<const Tombstones> FileStore::tombstones_now() const {
  const std::shared_lock guard(mutex_);
  return tombstones_;
}

/// A deletion is needed while something that was written before it, and not anew since, has its series and its time.
bool FileStore::is_needed(const Deletion& deletion, const std::vector<StoredPart>& parts,
                          const std::vector<FrozenHead>& frozen) {
  const auto any_id = [&](auto has) { return std::ranges::any_of(deletion.ids, has); };
  for (const auto& stored : parts) {
    const auto& info = stored.part->info();
    if (stored.name.deletions >= deletion.number || info.end_ms < deletion.start_ms || info.start_ms > deletion.end_ms)
      continue;
    if (any_id([&](SeriesRef id) { return stored.part->find(id).has_value(); })) return true;
  }
  return std::ranges::any_of(frozen, [&](const FrozenHead& one) {
    return one.deletions < deletion.number && one.head->overlaps(deletion.start_ms, deletion.end_ms) &&
           any_id([&](SeriesRef id) { return one.head->has(id); });
  });
}

Result<void> FileStore::prune_tombstones() {
  // What holds deleted samples only ever becomes something that holds them too, or not any more: so a deletion that is
  // not needed now will not be.
  std::shared_ptr<const Tombstones> before;
  std::vector<StoredPart> parts;
  std::vector<FrozenHead> frozen;
  {
    const std::shared_lock guard(mutex_);
    before = tombstones_;
    parts = parts_;
    frozen = frozen_;
  }
  std::vector<std::uint32_t> done;
  for (const auto& deletion : before->deletions()) {
    if (!is_needed(deletion, parts, frozen)) done.push_back(deletion.number);
  }
  if (!done.empty()) {
    const std::unique_lock guard(mutex_);
    tombstones_ = std::make_shared<const Tombstones>(tombstones_->only(
        [&](const Deletion& deletion) { return !std::ranges::binary_search(done, deletion.number); }));
  }
  return write_tombstone_file();
}

Result<void> FileStore::write_tombstone_file() {
  const std::lock_guard files(files_mutex_);
  const auto now = tombstones_now();
  if (now == tombstones_on_disk_) return {};
  MAMORI_TRY_VOID(write_tombstones(dir_ + "/tombstones", *now));
  tombstones_on_disk_ = now;
  return {};
}

}  // namespace mamori::metrics::detail
