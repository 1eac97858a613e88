// metrics/detail/file_store.h: the store on disk: log, heads, parts, catalogue, tombstones put together.
// A sample is checked, logged, then put into the head; a full head waits, frozen, until it is a part; parts are merged.
// What always holds: what the log has from the oldest frozen head on, and the parts, are together all that was
// acknowledged; the log is dropped only behind a part and a catalogue that are on the disk.
//
// store_open.cc, store_write.cc, store_read.cc, store_flush.cc, store_merge.cc, store_retention.cc; store_admin.cc:
// deletions and snapshots.
#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "metrics/detail/catalogue.h"
#include "metrics/detail/head.h"
#include "metrics/detail/log_record.h"
#include "metrics/detail/merge_plan.h"
#include "metrics/detail/part_set.h"
#include "metrics/detail/series_index.h"
#include "metrics/detail/tombstones.h"
#include "metrics/store.h"

namespace mamori::metrics::detail {

class StoreSelection;

/// A head that no longer changes and waits for being a part.
struct FrozenHead {
  std::shared_ptr<const Head> head;
  std::uint32_t last_segment = 0;  // of the log: what it holds ends there
  std::uint32_t deletions = 0;     // number of the newest one that it is without samples of
};

class FileStore final : public Store {
 public:
  FileStore(std::string dir, StoreOptions options, const Clock& clock);
  ~FileStore() override;
  Result<void> recover(std::vector<std::string>& warnings);

  Result<SeriesRef> find_or_create(const Labels& labels) override;
  Result<AppendOutcome> write(const WriteBatch& batch) override;
  std::unique_ptr<Selection> open_selection(std::span<const Matcher> matchers, std::int64_t start_ms,
                                            std::int64_t end_ms) const override;
  std::vector<Labels> series(std::span<const Matcher> matchers, std::int64_t start_ms,
                             std::int64_t end_ms) const override;
  std::vector<std::string> label_names(std::span<const Matcher> matchers, std::int64_t start_ms,
                                       std::int64_t end_ms) const override;
  std::vector<std::string> label_values(std::string_view name, std::span<const Matcher> matchers, std::int64_t start_ms,
                                        std::int64_t end_ms) const override;
  Cardinality cardinality(std::size_t limit) const override;
  StoreStats stats() const override;
  Result<void> enforce_retention() override;
  Result<void> sync() override { return wal_->sync(); }
  Result<void> delete_series(std::span<const Matcher> matchers, std::int64_t start_ms, std::int64_t end_ms) override;
  Result<void> clean_tombstones() override;
  Result<std::string> snapshot(bool skip_head) override;

  /// Writes all that is in memory out as parts.
  Result<void> flush();
  /// Merges what is due; with `settle` also what is only few. Returns whether there was anything to do.
  Result<bool> merge(bool settle);

 private:
  static constexpr auto kNever = std::numeric_limits<std::int64_t>::min();
  static constexpr auto kFirstMs = std::numeric_limits<std::int64_t>::min();
  static constexpr auto kLastMs = std::numeric_limits<std::int64_t>::max();
  /// What the writer knows of a series.
  struct SeriesState {
    std::int64_t last_ms = kNever;  // of all it has, as far as known
    std::uint64_t last_bits = 0;    // of the value then, unless it is a histogram
    std::uint32_t touched_s = 0;    // when it was last resolved: such a series is not forgotten
    bool alive = false;
    bool logged = false;       // the log or the catalogue has its labels
    bool parts_known = false;  // last_ms takes into account what parts had when the store was opened
    bool last_is_histogram = false;
  };
  enum class Verdict : std::uint8_t { InOrder, Late, Duplicate, Conflicting, OutOfOrder, TooFarAhead, Unknown };
  /// One that is taken, with what its series' state was before, should the log not take it.
  struct Accepted {
    SeriesRef id = 0;
    bool late = false;
    std::int64_t time_ms = 0;
    double value = 0;
    const RefHistogram* histogram = nullptr;
    SeriesState* state = nullptr;
    SeriesState before;
  };
  struct Counters {
    std::atomic<std::uint64_t> samples_appended{0}, series_created{0}, series_forgotten{0}, flushes{0},
        flushes_failed{0}, merges{0}, merges_failed{0}, samples_merged{0}, parts_dropped_by_time{0},
        parts_dropped_by_size{0}, parts_damaged{0}, out_of_order_taken{0}, duplicates{0}, conflicting{0},
        out_of_order{0}, too_far_ahead{0}, unknown{0}, series_max{0}, new_series{0}, labels{0}, writes_unavailable{0};
  };

  // store_open.cc
  Result<void> check_layout() const;
  static Result<void> write_layout(const std::string& dir);
  Result<void> load_series(std::vector<std::string>& warnings);
  Result<void> name_from_parts(std::vector<std::string>& warnings);
  Result<void> replay_log(std::vector<std::string>& warnings);
  bool define(SeriesRef id, const Labels& labels, bool from_log);
  bool is_in_parts(SeriesRef id) const;

  // store_write.cc; all REQUIRE write_mutex_
  Result<SeriesRef> create(const Labels& labels);
  Result<void> check_labels(const Labels& labels);
  Result<void> wait_for_room(std::unique_lock<std::mutex>& writer);
  template <typename Value>
  void take(SeriesRef id, std::int64_t time_ms, const Value& value, std::int64_t ahead_ms, AppendOutcome& outcome);
  template <typename Value>
  Verdict judge_slowly(SeriesRef id, SeriesState& state, std::int64_t time_ms, const Value& value);
  void learn_last_from_parts(SeriesRef id, SeriesState& state);
  std::optional<SeriesData> stored_at(SeriesRef id, std::int64_t time_ms) const;
  void count(Verdict verdict, SeriesRef id, std::int64_t time_ms, AppendOutcome& outcome);
  std::string refusal(Verdict verdict, SeriesRef id, std::int64_t time_ms) const;
  void take_back();
  void put_into_head();
  void freeze_if_full();
  Result<void> freeze();
  bool is_full(unsigned times) const;

  // store_read.cc
  std::unique_ptr<StoreSelection> select_series(std::span<const Matcher> matchers, std::int64_t start_ms,
                                                std::int64_t end_ms) const;
  bool is_everything(std::span<const Matcher> matchers, std::int64_t start_ms, std::int64_t end_ms) const;

  // store_flush.cc
  void work();
  Result<void> flush_frozen();
  Result<void> flush_one(const FrozenHead& frozen);
  Result<void> catalogue_series(const Head& head);
  Result<std::shared_ptr<const Part>> write_part(const FrozenHead& frozen, const Tombstones& tombstones,
                                                 const std::string& path);
  Result<void> drop_log(std::uint32_t before_segment);
  Labels labels_of(SeriesRef id) const;
  bool index_has(SeriesRef id) const { return !labels_of(id).empty(); }
  std::vector<StoredPart> parts() const;  // as they are now
  std::vector<FrozenHead> frozen() const;
  std::shared_ptr<const Tombstones> tombstones_now() const;
  std::string part_path(const PartName& name) const { return dir_ + "/parts/" + to_string(name); }

  // store_merge.cc
  MergeBounds merge_bounds() const;
  Result<void> check_room_for(std::uint64_t bytes) const;
  Result<void> pause_merge();
  Result<void> merge_run(const std::vector<StoredPart>& run);
  void replace_parts(const std::vector<StoredPart>& run, StoredPart by);
  void leave_alone(const std::vector<StoredPart>& run);
  void delete_file(const PartName& name);
  static bool is_needed(const Deletion& deletion, const std::vector<StoredPart>& parts,
                        const std::vector<FrozenHead>& frozen);
  Result<void> prune_tombstones();
  Result<void> write_tombstone_file();

  // store_retention.cc
  void drop_parts_past_retention();
  void forget_series();
  Result<void> compact_catalogue();

  // store_admin.cc
  Result<void> fill_snapshot(const std::string& path);

  const std::string dir_;
  const StoreOptions options_;
  const Clock& clock_;

  // Locks are taken in this order. A flush or a merge goes on without the ones that writers and readers need.
  std::mutex merge_mutex_;           // one merge at a time
  std::mutex flush_mutex_;           // one flush at a time; guards catalogue_
  std::mutex write_mutex_;           // one writer at a time, from the check to the head
  std::mutex files_mutex_;           // parts' files are linked or deleted; guards tombstones_on_disk_
  mutable std::shared_mutex mutex_;  // what readers see: index_, active_, frozen_, parts_, tombstones_

  SeriesIndex index_;
  std::shared_ptr<Head> active_;
  std::vector<FrozenHead> frozen_;  // oldest first
  std::vector<StoredPart> parts_;   // as written
  std::shared_ptr<const Tombstones> tombstones_ = std::make_shared<const Tombstones>();

  // Guarded by write_mutex_.
  PagedArray<SeriesState> states_;
  SeriesRef next_id_ = 0;
  WriteRecord record_;
  std::vector<Accepted> accepted_;
  std::int64_t newest_ms_ = kNever, head_since_ms_ = 0;
  std::int64_t parts_end_ms_ = kNever;  // of the parts that were there when the store was opened
  std::int64_t minute_ = 0;
  std::size_t created_in_minute_ = 0;

  std::unique_ptr<Wal> wal_;
  std::unique_ptr<Catalogue> catalogue_;
  std::uint32_t catalogued_segment_ = 0;  // guarded by flush_mutex_: the series of heads up to it are in the catalogue
  std::shared_ptr<const Tombstones> tombstones_on_disk_;
  Counters counters_;

  std::mutex work_mutex_;
  std::condition_variable work_wake_;
  std::condition_variable room_wake_;  // with write_mutex_: a frozen head is gone
  std::atomic<bool> flush_wanted_{false};
  std::atomic<bool> closing_{false};
  std::thread worker_;
};

}  // namespace mamori::metrics::detail
