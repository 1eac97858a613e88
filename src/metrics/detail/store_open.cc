// FileStore's start: parts are opened, series named, the log replayed.
#include <algorithm>
#include <filesystem>
#include <limits>

#include "base/file.h"
#include "base/log.h"
#include "metrics/detail/file_store.h"

namespace mamori::metrics::detail {
namespace {

namespace fs = std::filesystem;

constexpr int kLayout = 2;
constexpr std::string_view kLayoutText = "mamori metrics, layout ";

std::string layout_file(const std::string& dir) { return dir + "/LAYOUT"; }

std::string layout_text() { return std::string(kLayoutText) + std::to_string(kLayout) + "\n"; }

bool has_files(const std::string& dir) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    if (entry.path().filename() != "LOCK") return true;
  }
  return false;
}

}  // namespace

FileStore::FileStore(std::string dir, StoreOptions options, const Clock& clock)
    : dir_(std::move(dir)), options_(std::move(options)), clock_(clock), active_(std::make_shared<Head>()) {}

FileStore::~FileStore() {
  closing_ = true;
  {
    const std::lock_guard guard(work_mutex_);
    flush_wanted_ = true;
  }
  work_wake_.notify_all();
  room_wake_.notify_all();
  if (worker_.joinable()) worker_.join();
}

Result<void> FileStore::recover(std::vector<std::string>& warnings) {
  std::error_code error;
  fs::create_directories(dir_, error);
  if (error) return Error{Code::Io, "cannot create " + dir_ + ": " + error.message()};
  MAMORI_TRY_VOID(check_layout());
  fs::create_directories(dir_ + "/parts", error);
  if (error) return Error{Code::Io, "cannot create " + dir_ + "/parts: " + error.message()};
  std::size_t damaged = 0;
  MAMORI_TRY(parts_, open_parts(dir_ + "/parts", warnings, damaged));
  counters_.parts_damaged = damaged;
  MAMORI_TRY(const auto tombstones, read_tombstones(dir_ + "/tombstones", warnings));
  auto newest = tombstones.newest();
  for (const auto& stored : parts_) {
    newest = std::max(newest, stored.name.deletions);
    parts_end_ms_ = std::max(parts_end_ms_, stored.part->info().end_ms);
  }
  newest_ms_ = parts_end_ms_;
  tombstones_ = std::make_shared<const Tombstones>(tombstones.deletions(), newest);
  tombstones_on_disk_ = tombstones_;
  MAMORI_TRY_VOID(load_series(warnings));
  MAMORI_TRY_VOID(replay_log(warnings));
  MAMORI_TRY_VOID(prune_tombstones());
  head_since_ms_ = to_millis(clock_.now());
  if (options_.background) worker_ = std::thread([this] { work(); });
  return {};
}

/// The file comes before all others, so a folder with others but without it is none of ours, or of layout 1.
Result<void> FileStore::check_layout() const {
  const auto path = layout_file(dir_);
  MAMORI_TRY(const auto text, read_if_there(path));
  if (!text) {
    if (!has_files(dir_ + "/wal") && !has_files(dir_ + "/parts")) return write_layout(dir_);
    return Error{Code::Corrupt,
                 dir_ +
                     " has no file LAYOUT: it was written by a version of mamori before 0.1.0, whose metrics this one "
                     "cannot read; move the folder away, and a new one is begun"};
  }
  if (*text == layout_text()) return {};
  return Error{Code::Corrupt, path + " names another layout than " + std::to_string(kLayout) +
                                  ", which this version of mamori reads; start the version that wrote it, or move the "
                                  "folder away, and a new one is begun"};
}

Result<void> FileStore::write_layout(const std::string& dir) {
  return write_atomically(layout_file(dir), layout_text());
}

bool FileStore::is_in_parts(SeriesRef id) const {
  return std::ranges::any_of(parts_, [&](const StoredPart& stored) { return stored.part->find(id).has_value(); });
}

/// False when the id, or the labels, mean something else that has samples.
bool FileStore::define(SeriesRef id, const Labels& labels, bool from_log) {
  next_id_ = std::max(next_id_, id == std::numeric_limits<SeriesRef>::max() ? id : id + 1);
  if (const auto& known = index_.labels(id); !known.empty()) return known == labels;
  if (const auto other = index_.find(labels)) {
    // The series was forgotten, and its labels came again: the old id stays in the catalogue until that is compacted.
    if (is_in_parts(*other) || active_->has(*other)) return false;
    const std::vector<SeriesRef> old = {*other};
    index_.remove(old);
    states_.at(*other) = {};
  }
  index_.add(id, labels);
  states_.at(id) = {
      .touched_s = static_cast<std::uint32_t>(to_millis(clock_.now()) / 1000), .alive = true, .logged = true};
  if (from_log) active_->note_defined(id);
  return true;
}

Result<void> FileStore::load_series(std::vector<std::string>& warnings) {
  CatalogueContents contents;
  MAMORI_TRY(catalogue_, Catalogue::open(dir_ + "/catalogue", contents, warnings));
  std::ranges::sort(contents.series, {}, &SeriesLabels::first);  // lists of ids are fastest filled in this order
  std::size_t unclear = 0;
  for (const auto& [id, labels] : contents.series) unclear += define(id, labels, /*from_log=*/false) ? 0 : 1;
  next_id_ = std::max(next_id_, contents.next_id);
  if (unclear > 0) {
    warnings.push_back(catalogue_->path() + ": " + std::to_string(unclear) +
                       " series have an id or labels that others have; their samples cannot be found");
  }
  return name_from_parts(warnings);
}

/// What the catalogue should know but does not, for it was damaged: each part has the labels of its own series.
Result<void> FileStore::name_from_parts(std::vector<std::string>& warnings) {
  std::vector<SeriesLabels> found;
  for (const auto& stored : parts_) {
    const auto ids = stored.part->series();
    if (std::ranges::all_of(ids, [&](SeriesRef id) { return index_.has(id); })) continue;
    const auto labels = stored.part->labels();
    if (!labels || labels->size() != ids.size()) {
      warnings.push_back(stored.part->path() +
                         ": the catalogue does not name all of its series, and neither does it: " +
                         (labels ? "it names another number of them" : labels.error().message));
      continue;
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (index_.has(ids[i]) || (*labels)[i].empty()) continue;
      if (define(ids[i], (*labels)[i], /*from_log=*/false)) found.emplace_back(ids[i], (*labels)[i]);
    }
  }
  if (found.empty()) return {};
  warnings.push_back(catalogue_->path() + ": " + std::to_string(found.size()) +
                     " series that were missing were found in the parts again");
  return catalogue_->append(found, next_id_);
}

Result<void> FileStore::replay_log(std::vector<std::string>& warnings) {
  std::uint32_t flushed = 0;
  for (const auto& stored : parts_) flushed = std::max(flushed, stored.name.last);
  std::size_t unknown = 0, senseless = 0;
  const auto state_of = [&](SeriesRef id) {
    auto* state = states_.find(id);
    if (state == nullptr || !state->alive) ++unknown, state = nullptr;
    return state;
  };
  const auto note = [&](SeriesState& state, std::int64_t time_ms, bool is_histogram, std::uint64_t bits) {
    newest_ms_ = std::max(newest_ms_, time_ms);
    if (time_ms <= state.last_ms) return false;
    state.last_ms = time_ms;
    state.last_is_histogram = is_histogram;
    state.last_bits = bits;
    state.parts_known = time_ms > parts_end_ms_;
    return true;
  };
  RecordVisitor visitor;
  visitor.define = [&](SeriesRef id, const Labels& labels) {
    if (!define(id, labels, /*from_log=*/true)) ++senseless;
  };
  visitor.samples = [&](std::span<const RefSample> samples) {
    for (const auto& sample : samples) {
      auto* state = state_of(sample.series);
      if (state == nullptr) continue;
      const bool in_order = note(*state, sample.time_ms, false, std::bit_cast<std::uint64_t>(sample.value));
      const Sample one{sample.time_ms, sample.value};
      in_order ? active_->add(sample.series, one) : active_->add_late(sample.series, one);
    }
  };
  visitor.histogram = [&](RefHistogram histogram) {
    auto* state = state_of(histogram.series);
    if (state == nullptr) return;
    const bool in_order = note(*state, histogram.time_ms, true, std::numeric_limits<std::uint64_t>::max());
    HistogramPoint one{histogram.time_ms, std::move(histogram.value)};
    in_order ? active_->add(histogram.series, std::move(one)) : active_->add_late(histogram.series, std::move(one));
  };
  visitor.deletion = [&](Deletion deletion) {
    for (const auto id : deletion.ids) active_->remove(id, deletion.start_ms, deletion.end_ms);
    if (deletion.number > tombstones_->newest())
      tombstones_ = std::make_shared<const Tombstones>(tombstones_->with(std::move(deletion)));
  };
  std::vector<RefSample> scratch;
  auto options = options_.wal;
  options.segment_bytes_max = std::numeric_limits<std::uint32_t>::max();  // turned by freeze()
  options.first_segment = flushed + 1;
  const auto replay = [&](std::uint32_t segment, std::string_view record) {
    if (segment > flushed && !read_record(record, scratch, visitor)) ++senseless;
  };
  MAMORI_TRY(wal_, Wal::open(dir_ + "/wal", options, replay, warnings));
  if (unknown > 0) {
    warnings.push_back(dir_ + "/wal: " + std::to_string(unknown) +
                       " samples are of series whose names were lost in damaged files; they are left out");
  }
  if (senseless > 0) {
    warnings.push_back(dir_ + "/wal: " + std::to_string(senseless) +
                       " records make no sense although their checksums are right; they are left out");
  }
  return wal_->drop_before(flushed + 1);
}

}  // namespace mamori::metrics::detail
