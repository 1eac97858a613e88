// FileStore's work behind the scenes: frozen heads become parts, and the log that they stood in is dropped.
#include <algorithm>

#include "base/log.h"
#include "metrics/detail/file_store.h"
#include "metrics/detail/part_merge.h"
#include "metrics/detail/source_merge.h"

namespace mamori::metrics::detail {
namespace {

constexpr Seconds kRetry{5};  // after a failure: the disk may have room again

/// Says a failure once, until it is another one or none.
class FailureLog {
 public:
  explicit FailureLog(std::string_view what) : what_(what) {}
  void note(const Result<void>& outcome) {
    const auto now = outcome ? std::string() : outcome.error().message;
    if (now == last_) return;
    last_ = now;
    if (!outcome) log_warn(what_, {{"error", now}});
    if (outcome) log_info("it goes on", {{"after", what_}});
  }

 private:
  const std::string_view what_;
  std::string last_;
};

}  // namespace

void FileStore::work() {
  FailureLog flushes("samples cannot be written out as a part; they stay in memory and in the log");
  FailureLog merges("parts are not merged for now");
  bool quiet = false;  // nothing to do until a head is full
  Nanos wait = options_.settle_after;
  while (!closing_) {
    bool woken = false;
    {
      std::unique_lock guard(work_mutex_);
      const auto is_wanted = [this] { return flush_wanted_ || closing_; };
      woken = quiet ? (work_wake_.wait(guard, is_wanted), true) : work_wake_.wait_for(guard, wait, is_wanted);
      flush_wanted_ = false;
    }
    if (closing_) return;
    const auto flushed = flush_frozen();
    flushes.note(flushed);
    // Without a new part for a while, what is only few is merged too.
    const auto merged = flushed ? merge(/*settle=*/!woken) : Result<bool>(false);
    if (closing_) return;
    merges.note(merged ? Result<void>() : merged.error());
    const bool failed = !flushed || !merged;
    quiet = !failed && !woken;
    wait = failed ? kRetry : options_.settle_after;
  }
}

std::vector<StoredPart> FileStore::parts() const {
  const std::shared_lock guard(mutex_);
  return parts_;
}

std::vector<FrozenHead> FileStore::frozen() const {
  const std::shared_lock guard(mutex_);
  return frozen_;
}

Labels FileStore::labels_of(SeriesRef id) const {
  const std::shared_lock guard(mutex_);
  return index_.labels(id);
}

Result<void> FileStore::flush() {
  {
    const std::lock_guard writer(write_mutex_);
    if (active_->samples() > 0) {
      MAMORI_TRY_VOID(freeze());
    }
  }
  return flush_frozen();
}

Result<void> FileStore::flush_frozen() {
  const std::lock_guard guard(flush_mutex_);
  for (;;) {
    const auto waiting = frozen();
    if (waiting.empty()) return {};
    if (auto flushed = flush_one(waiting.front()); !flushed) {
      counters_.flushes_failed.fetch_add(1, std::memory_order_relaxed);
      return flushed;
    }
  }
}

Result<void> FileStore::flush_one(const FrozenHead& frozen) {
  if (catalogued_segment_ < frozen.last_segment) {  // not so when the part could not be written the last time
    MAMORI_TRY_VOID(catalogue_series(*frozen.head));
    catalogued_segment_ = frozen.last_segment;
  }
  const auto tombstones = tombstones_now();
  const PartName name{.first = frozen.last_segment, .last = frozen.last_segment, .deletions = tombstones->newest()};
  MAMORI_TRY(auto part, write_part(frozen, *tombstones, part_path(name)));
  {
    const std::unique_lock guard(mutex_);
    if (part) parts_.push_back({.name = name, .part = std::move(part)});
    frozen_.erase(frozen_.begin());
  }
  {
    const std::lock_guard writer(write_mutex_);  // or one that is about to wait would miss it
  }
  room_wake_.notify_all();
  counters_.flushes.fetch_add(1, std::memory_order_relaxed);
  return drop_log(frozen.last_segment + 1);
}

Result<void> FileStore::catalogue_series(const Head& head) {
  std::vector<SeriesLabels> series;
  SeriesRef next_id = 0;
  {
    const std::shared_lock guard(mutex_);
    for (const auto id : head.defined()) {
      next_id = std::max(next_id, id + 1);
      if (index_.has(id)) series.emplace_back(id, index_.labels(id));
    }
  }
  std::ranges::sort(series, {}, &SeriesLabels::first);
  return catalogue_->append(series, next_id);
}

Result<std::shared_ptr<const Part>> FileStore::write_part(const FrozenHead& frozen, const Tombstones& tombstones,
                                                          const std::string& path) {
  LazyPartWriter writer(path);
  SourceMerge merge;
  SeriesData data;
  for (const auto id : frozen.head->ids()) {
    const auto view = frozen.head->view(id);
    merge.begin(data);
    append_in_order(view, kFirstMs, kLastMs, data);
    merge.end_source(/*ascending=*/true);
    append_late(view, kFirstMs, kLastMs, data);
    merge.end_source(/*ascending=*/false);
    merge.finish();
    tombstones.apply(id, frozen.deletions, data, 0, 0);
    data.labels = labels_of(id);
    MAMORI_TRY_VOID(writer.add(id, data));
  }
  return writer.finish();
}

/// Deletions that stand only in the log must be in their file first.
Result<void> FileStore::drop_log(std::uint32_t before_segment) {
  MAMORI_TRY_VOID(write_tombstone_file());
  return wal_->drop_before(before_segment);
}

}  // namespace mamori::metrics::detail
