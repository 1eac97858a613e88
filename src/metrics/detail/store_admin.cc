// FileStore's deletions and snapshots.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/file.h"
#include "base/random.h"
#include "metrics/detail/file_store.h"

namespace mamori::metrics::detail {
namespace {

namespace fs = std::filesystem;

/// 20261125T081323Z-1f2e3d4c5b6a7988, as Prometheus names its own.
std::string snapshot_name(Timestamp now) {
  auto text = format_rfc3339(now).substr(0, 19);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  char random[20];
  std::snprintf(random, sizeof random, "Z-%016llx", static_cast<unsigned long long>(random_seed()));
  return text + random;
}

Result<void> link_or_copy(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return {};
  if (errno != EPERM && errno != EXDEV && errno != EMLINK && errno != EOPNOTSUPP) return io_error("link", to);
  std::error_code error;
  if (fs::copy_file(from, to, error)) return {};
  return Error{error == std::errc::no_space_on_device ? Code::Unavailable : Code::Io,
               "cannot copy " + from + " to " + to + ": " + error.message()};
}

}  // namespace

Result<void> FileStore::delete_series(std::span<const Matcher> matchers, std::int64_t start_ms, std::int64_t end_ms) {
  {
    const std::lock_guard writer(write_mutex_);
    Deletion deletion{.number = tombstones_now()->newest() + 1,
                      .start_ms = start_ms,
                      .end_ms = end_ms,
                      .ids = index_.select(matchers)};
    if (deletion.ids.empty() || start_ms > end_ms) return {};
    MAMORI_TRY_VOID(wal_->append(deletion_record(deletion)));
    const std::unique_lock guard(mutex_);
    for (const auto id : deletion.ids) active_->remove(id, start_ms, end_ms);
    tombstones_ = std::make_shared<const Tombstones>(tombstones_->with(std::move(deletion)));
  }
  // The log has it: should its own file not be written now, that is made up for before the log is dropped.
  return prune_tombstones();
}

Result<void> FileStore::clean_tombstones() {
  MAMORI_TRY_VOID(flush_frozen());
  const std::lock_guard merges(merge_mutex_);
  const auto tombstones = tombstones_now();
  for (const auto& stored : parts()) {
    const bool holds_deleted = std::ranges::any_of(
        tombstones->deletions(), [&](const Deletion& deletion) { return is_needed(deletion, {stored}, {}); });
    if (holds_deleted && !stored.damaged) {
      MAMORI_TRY_VOID(merge_run({stored}));
    }
  }
  return prune_tombstones();
}

Result<std::string> FileStore::snapshot(bool skip_head) {
  if (!skip_head) {
    MAMORI_TRY_VOID(flush());
  }
  const auto path = dir_ + "/snapshots/" + snapshot_name(clock_.now());
  const auto unfinished = path + ".tmp";
  auto made = fill_snapshot(unfinished);
  std::error_code error;
  if (made) {
    fs::rename(unfinished, path, error);
    if (!error) made = sync_dir(dir_ + "/snapshots");
    if (error) made = Error{Code::Io, "cannot rename " + unfinished + ": " + error.message()};
  }
  if (made) return path;
  fs::remove_all(unfinished, error);
  return std::move(made).error();
}

Result<void> FileStore::fill_snapshot(const std::string& path) {
  std::error_code error;
  fs::create_directories(path + "/parts", error);
  if (error) return Error{Code::Io, "cannot create " + path + ": " + error.message()};
  std::vector<SeriesLabels> series;
  SeriesRef next_id = 0;
  {
    const std::lock_guard writer(write_mutex_);
    next_id = next_id_;
    for (const auto id : index_.all()) series.emplace_back(id, index_.labels(id));
  }
  {
    // Until they are linked, no file of them is deleted.
    const std::lock_guard files(files_mutex_);
    std::shared_ptr<const Tombstones> tombstones;
    std::vector<StoredPart> linked;
    {
      const std::shared_lock guard(mutex_);
      tombstones = tombstones_;
      linked = parts_;
    }
    for (const auto& stored : linked) {
      MAMORI_TRY_VOID(link_or_copy(stored.part->path(), path + "/parts/" + to_string(stored.name)));
    }
    MAMORI_TRY_VOID(write_tombstones(path + "/tombstones", *tombstones));
  }
  CatalogueContents none;
  std::vector<std::string> warnings;
  MAMORI_TRY(const auto catalogue, Catalogue::open(path + "/catalogue", none, warnings));
  MAMORI_TRY_VOID(catalogue->append(series, next_id));
  MAMORI_TRY_VOID(write_layout(path));
  return sync_dir(path + "/parts");
}

}  // namespace mamori::metrics::detail
