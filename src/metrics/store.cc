#include "metrics/store.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "base/log.h"
#include "metrics/gorilla.h"
#include "metrics/legacy_part.h"

namespace mamori::metrics {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunkSamples =
    120;  // 30 minutes at 15 s: small enough to decode little, large enough to pack well
// The head becomes a part at this age or size, so that a restart replays a bounded log.
constexpr std::int64_t kHeadMillis = 2 * 3600 * 1000;
constexpr std::uint64_t kHeadLogBytes = 64u << 20;
constexpr char kSeriesRecord = 1, kSamplesRecord = 2;

using SeriesId = SeriesRef;

struct HeadChunk {
  std::int64_t start_ms = 0, end_ms = 0;
  GorillaEncoder samples;
};

struct Series {
  Labels labels;
  std::vector<Chunk> stored;  // in parts, ascending
  std::vector<HeadChunk> head;
  std::int64_t last_ms = std::numeric_limits<std::int64_t>::min();
  double last_value = 0;
  bool logged = false;  // this process wrote its labels to the current log, under its own number
};

template <typename T>
void append_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename T>
bool take_raw(std::string_view& bytes, T& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return true;
}

bool take_text(std::string_view& bytes, std::string_view& text) {
  std::uint32_t length = 0;
  if (!take_raw(bytes, length) || length > bytes.size()) return false;
  text = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return true;
}

struct CopiedSelection final : Selection {
  std::vector<SeriesData> data;
  std::size_t size() const override { return data.size(); }
  const Labels& labels(std::size_t i) const override { return data[i].labels; }
  std::unique_ptr<SeriesReader> reader() const override {
    struct Reader final : SeriesReader {
      explicit Reader(const std::vector<SeriesData>& data_) : data(data_) {}
      Result<void> read(std::size_t i, SeriesData& out) override {
        out.samples = data[i].samples;
        out.histograms = data[i].histograms;
        return {};
      }
      const std::vector<SeriesData>& data;
    };
    return std::make_unique<Reader>(data);
  }
};

class FileStore final : public Store {
 public:
  FileStore(std::string dir, StoreOptions options, const Clock& clock)
      : dir_(std::move(dir)), options_(std::move(options)), clock_(clock) {}

  Result<void> recover(std::vector<std::string>& warnings) {
    std::error_code error;
    fs::create_directories(dir_ + "/parts", error);
    if (error) return Error{Code::Io, "cannot create " + dir_ + "/parts: " + error.message()};
    MAMORI_TRY_VOID(load_parts(warnings));
    auto wal_options = options_.wal;
    wal_options.segment_bytes_max = std::numeric_limits<std::uint32_t>::max();  // turned by seal_head()
    std::size_t unknown = 0;
    MAMORI_TRY(wal_, Wal::open(
                         dir_ + "/wal", wal_options,
                         [&](std::uint32_t, std::string_view record) { unknown += replay(record); }, warnings));
    log_ids_.clear();
    if (unknown > 0) {
      warnings.push_back(dir_ + "/wal: " + std::to_string(unknown) +
                         " samples belong to series whose names were damaged; left out");
    }
    head_since_ms_ = to_millis(clock_.now());
    return {};
  }

  Result<SeriesRef> find_or_create(const Labels& labels) override {
    if (labels.empty()) return invalid_argument("a series needs at least one label");
    const std::lock_guard writer(append_mutex_);
    return series_of(labels);
  }

  Result<AppendOutcome> write(const WriteBatch& batch) override {
    // One writer at a time, from the log to memory; readers are held up only for the last step.
    const std::lock_guard writer(append_mutex_);
    AppendOutcome outcome;
    std::vector<RefSample> accepted;
    std::unordered_map<SeriesId, std::int64_t> last_in_batch;
    std::string definitions, values;
    for (const auto& sample : batch.samples) {
      if (sample.series >= series_.size() || !series_[sample.series]) {
        ++outcome.unknown_series;
        continue;
      }
      auto& series = *series_[sample.series];
      const auto known = last_in_batch.find(sample.series);
      const auto last_ms = known == last_in_batch.end() ? series.last_ms : known->second;
      if (sample.time_ms <= last_ms) {
        const bool same = sample.time_ms == series.last_ms &&
                          std::bit_cast<std::uint64_t>(sample.value) == std::bit_cast<std::uint64_t>(series.last_value);
        ++(same ? outcome.duplicate : outcome.out_of_order);
        continue;
      }
      last_in_batch[sample.series] = sample.time_ms;
      if (!series.logged) log_definition(definitions, sample.series, series.labels);
      append_raw(values, sample.series);
      append_raw(values, sample.time_ms);
      append_raw(values, sample.value);
      accepted.push_back(sample);
    }
    if (accepted.empty()) return outcome;
    MAMORI_TRY_VOID(wal_->append(definitions + kSamplesRecord + values));
    {
      const std::unique_lock guard(mutex_);
      for (const auto& sample : accepted) {
        series_[sample.series]->logged = true;
        push(*series_[sample.series], {sample.time_ms, sample.value});
      }
      samples_appended_ += accepted.size();
    }
    outcome.written = accepted.size();
    maybe_seal_head();
    return outcome;
  }

  std::unique_ptr<Selection> open_selection(std::span<const Matcher> matchers, std::int64_t start_ms,
                                            std::int64_t end_ms) const override {
    auto selection = std::make_unique<CopiedSelection>();
    const std::shared_lock guard(mutex_);
    for (const auto id : matching(matchers)) {
      SeriesData data{.labels = series_[id]->labels, .samples = {}, .histograms = {}};
      collect(*series_[id], start_ms, end_ms, data.samples);
      if (!data.samples.empty()) selection->data.push_back(std::move(data));
    }
    return selection;
  }

  std::vector<Labels> series(std::span<const Matcher> matchers, std::int64_t start_ms,
                             std::int64_t end_ms) const override {
    std::vector<Labels> result;
    const std::shared_lock guard(mutex_);
    for (const auto id : matching(matchers)) {
      if (overlaps(*series_[id], start_ms, end_ms)) result.push_back(series_[id]->labels);
    }
    return result;
  }

  StoreStats stats() const override {
    const std::shared_lock guard(mutex_);
    StoreStats stats{.series = by_labels_.size(), .samples_appended = samples_appended_};
    for (const auto& series : series_) {
      if (!series) continue;
      for (const auto& chunk : series->head)
        stats.bytes_in_memory += chunk.samples.bytes().capacity() + sizeof(HeadChunk);
      stats.bytes_in_memory += series->stored.capacity() * sizeof(Chunk) + sizeof(Series);
    }
    return stats;
  }

  Result<void> enforce_retention() override {
    const std::lock_guard writer(append_mutex_);
    const auto oldest_ms = to_millis(clock_.now() - options_.retention);
    const std::unique_lock guard(mutex_);
    for (auto it = parts_.begin(); it != parts_.end();) {
      const auto& part = *it;
      if (part->end_ms() >= oldest_ms) {
        ++it;
        continue;
      }
      const auto first = part->path();
      forget_chunks(*part);
      std::error_code error;
      fs::remove(first, error);
      if (error) return Error{Code::Io, "cannot delete " + first + ": " + error.message()};
      it = parts_.erase(it);
    }
    forget_empty_series();
    return {};
  }

  Result<void> sync() override { return wal_->sync(); }

 private:
  Result<void> load_parts(std::vector<std::string>& warnings) {
    std::vector<std::string> paths;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(dir_ + "/parts", error)) {
      if (entry.path().extension() == ".part") paths.push_back(entry.path().string());
      if (entry.path().extension() == ".tmp") fs::remove(entry.path(), error);  // a write that a crash cut short
    }
    if (error) return Error{Code::Io, "cannot list " + dir_ + "/parts: " + error.message()};
    std::ranges::sort(paths);  // names are numbers of equal width
    for (const auto& path : paths) {
      next_part_ = std::stoull(fs::path(path).stem().string(), nullptr, 16) + 1;
      auto part = LegacyPart::open(path);
      if (part) {
        attach(*part);
        continue;
      }
      if (part.error().code != Code::Corrupt) return std::move(part).error();
      fs::rename(path, path + ".damaged", error);
      warnings.push_back(part.error().message + "; set aside as " + path + ".damaged, the rest is used");
    }
    return {};
  }

  void attach(const std::shared_ptr<const LegacyPart>& part) {
    for (const auto& one : part->series()) {
      auto& series = *series_[series_of(one.labels)];
      series.stored.insert(series.stored.end(), one.chunks.begin(), one.chunks.end());
      if (!one.chunks.empty()) series.last_ms = std::max(series.last_ms, one.chunks.back().end_ms);
    }
    parts_.push_back(part);
  }

  SeriesId series_of(const Labels& labels) {
    const auto hash = labels.hash();
    const auto [begin, end] = by_hash_.equal_range(hash);
    for (auto it = begin; it != end; ++it) {
      if (series_[it->second]->labels == labels) return it->second;
    }
    const std::unique_lock guard(mutex_);
    const auto id = static_cast<SeriesId>(series_.size());
    series_.push_back(std::make_unique<Series>());
    series_.back()->labels = labels;
    by_hash_.emplace(hash, id);
    by_labels_.emplace(labels, id);
    for (const auto& [name, value] : labels) postings_[std::string(name)][std::string(value)].push_back(id);
    return id;
  }

  static void log_definition(std::string& out, SeriesId id, const Labels& labels) {
    out += kSeriesRecord;
    append_raw(out, id);
    append_raw(out, static_cast<std::uint32_t>(labels.size()));
    for (const auto& [name, value] : labels) {
      append_raw(out, static_cast<std::uint32_t>(name.size()));
      out += name;
      append_raw(out, static_cast<std::uint32_t>(value.size()));
      out += value;
    }
  }

  /// Applies one log record; returns how many samples had no series.
  std::size_t replay(std::string_view record) {
    std::size_t unknown = 0;
    while (!record.empty()) {
      const char kind = record[0];
      record.remove_prefix(1);
      if (kind == kSeriesRecord && replay_definition(record)) continue;
      if (kind != kSamplesRecord) return unknown + 1;
      SeriesId logged_id = 0;
      Sample sample;
      while (take_raw(record, logged_id) && take_raw(record, sample.time_ms) && take_raw(record, sample.value)) {
        const auto known = log_ids_.find(logged_id);
        if (known == log_ids_.end()) {
          ++unknown;
        } else if (auto& series = *series_[known->second]; sample.time_ms > series.last_ms) {
          push(series, sample);
        }
      }
      return unknown;
    }
    return unknown;
  }

  bool replay_definition(std::string_view& record) {
    SeriesId logged_id = 0;
    std::uint32_t count = 0;
    if (!take_raw(record, logged_id) || !take_raw(record, count)) return false;
    std::vector<std::pair<std::string, std::string>> pairs;
    for (std::uint32_t i = 0; i < count; ++i) {
      std::string_view name, value;
      if (!take_text(record, name) || !take_text(record, value)) return false;
      pairs.emplace_back(name, value);
    }
    log_ids_[logged_id] = series_of(Labels(std::move(pairs)));
    return true;
  }

  static void push(Series& series, const Sample& sample) {
    if (series.head.empty() || series.head.back().samples.count() >= kChunkSamples) {
      series.head.push_back({.start_ms = sample.time_ms, .end_ms = sample.time_ms, .samples = {}});
    }
    auto& chunk = series.head.back();
    chunk.samples.append(sample);
    chunk.end_ms = sample.time_ms;
    series.last_ms = sample.time_ms;
    series.last_value = sample.value;
  }

  /// REQUIRES: append_mutex_ is held.
  void maybe_seal_head() {
    const auto segments = wal_->segments();
    const bool old = to_millis(clock_.now()) - head_since_ms_ >= kHeadMillis;
    if (!old && segments.back().bytes < kHeadLogBytes) return;
    if (const auto sealed = seal_head(); !sealed) {
      // The log still holds all of it; the next append tries again.
      log_warn("the metrics head could not be written as a part", {{"error", sealed.error().message}});
    }
  }

  Result<void> seal_head() {
    std::vector<LegacyPartSeries> sealed;
    for (const auto& series : series_) {
      if (!series || series->head.empty()) continue;
      LegacyPartSeries one{.labels = series->labels, .chunks = {}};
      for (const auto& chunk : series->head) {
        one.chunks.push_back(
            {chunk.start_ms, chunk.end_ms, static_cast<std::uint32_t>(chunk.samples.count()), chunk.samples.bytes()});
      }
      sealed.push_back(std::move(one));
    }
    char name[32];
    std::snprintf(name, sizeof name, "/parts/%016llx.part", static_cast<unsigned long long>(next_part_));
    const auto path = dir_ + name;
    MAMORI_TRY_VOID(LegacyPart::write(path, sealed));
    MAMORI_TRY(const auto part, LegacyPart::open(path));
    ++next_part_;
    {
      const std::unique_lock guard(mutex_);
      for (auto& series : series_) {
        if (!series) continue;
        series->head.clear();
        series->head.shrink_to_fit();
        series->logged = false;
      }
      for (const auto& one : part->series()) {
        auto& series = *series_[by_labels_.at(one.labels)];
        series.stored.insert(series.stored.end(), one.chunks.begin(), one.chunks.end());
      }
      parts_.push_back(part);
    }
    head_since_ms_ = to_millis(clock_.now());
    MAMORI_TRY(const auto next, wal_->rotate());
    return wal_->drop_before(next);
  }

  /// REQUIRES: mutex_ is held.
  std::vector<SeriesId> matching(std::span<const Matcher> matchers) const {
    std::vector<SeriesId> result;
    const auto keep = [&](SeriesId id) {
      const auto& series = series_[id];
      if (!series) return;
      for (const auto& matcher : matchers) {
        if (!matcher.matches(series->labels.get(matcher.name()))) return;
      }
      result.push_back(id);
    };
    const std::vector<SeriesId>* narrowest = nullptr;
    for (const auto& matcher : matchers) {
      if (matcher.op() != MatchOp::Equal || matcher.value().empty()) continue;
      const auto name = postings_.find(matcher.name());
      if (name == postings_.end()) return result;
      const auto value = name->second.find(matcher.value());
      if (value == name->second.end()) return result;
      if (narrowest == nullptr || value->second.size() < narrowest->size()) narrowest = &value->second;
    }
    if (narrowest != nullptr) {
      for (const auto id : *narrowest) keep(id);
    } else {
      for (SeriesId id = 0; id < series_.size(); ++id) keep(id);
    }
    std::ranges::sort(result, [&](SeriesId a, SeriesId b) { return series_[a]->labels < series_[b]->labels; });
    return result;
  }

  static bool overlaps(const Series& series, std::int64_t start_ms, std::int64_t end_ms) {
    const auto in_range = [&](const auto& chunk) { return chunk.end_ms >= start_ms && chunk.start_ms <= end_ms; };
    return std::ranges::any_of(series.stored, in_range) || std::ranges::any_of(series.head, in_range);
  }

  void collect(const Series& series, std::int64_t start_ms, std::int64_t end_ms, std::vector<Sample>& out) const {
    const auto take = [&](std::string_view bytes, std::size_t count, std::int64_t from_ms, std::int64_t to_ms) {
      if (to_ms < start_ms || from_ms > end_ms) return;
      const auto before = out.size();
      if (const auto decoded = gorilla_decode(bytes, count, out); !decoded) {
        log_error("a chunk of samples cannot be read",
                  {{"series", series.labels.to_string()}, {"error", decoded.error().message}});
        out.resize(before);
        return;
      }
      const auto outside = [&](const Sample& sample) { return sample.time_ms < start_ms || sample.time_ms > end_ms; };
      const auto added = out.begin() + static_cast<std::ptrdiff_t>(before);
      out.erase(std::remove_if(added, out.end(), outside), out.end());
    };
    for (const auto& chunk : series.stored) take(chunk.bytes, chunk.count, chunk.start_ms, chunk.end_ms);
    for (const auto& chunk : series.head)
      take(chunk.samples.bytes(), chunk.samples.count(), chunk.start_ms, chunk.end_ms);
  }

  void forget_chunks(const LegacyPart& part) {
    for (const auto& one : part.series()) {
      const auto known = by_labels_.find(one.labels);
      if (known == by_labels_.end()) continue;
      auto& stored = series_[known->second]->stored;
      std::erase_if(stored, [&](const Chunk& chunk) {
        return std::ranges::any_of(one.chunks,
                                   [&](const Chunk& gone) { return gone.bytes.data() == chunk.bytes.data(); });
      });
    }
  }

  void forget_empty_series() {
    for (SeriesId id = 0; id < series_.size(); ++id) {
      auto& series = series_[id];
      // A series of the current log keeps its number: samples in the log refer to it.
      if (!series || !series->stored.empty() || !series->head.empty() || series->logged) continue;
      for (const auto& [name, value] : series->labels) {
        auto& values = postings_[std::string(name)];
        auto& ids = values[std::string(value)];
        std::erase(ids, id);
        if (ids.empty()) values.erase(std::string(value));
      }
      const auto [begin, end] = by_hash_.equal_range(series->labels.hash());
      for (auto it = begin; it != end; ++it) {
        if (it->second == id) {
          by_hash_.erase(it);
          break;
        }
      }
      by_labels_.erase(series->labels);
      series.reset();
    }
  }

  const std::string dir_;
  const StoreOptions options_;
  const Clock& clock_;
  std::mutex append_mutex_;                      // taken before mutex_
  mutable std::shared_mutex mutex_;              // guards what readers see
  std::vector<std::unique_ptr<Series>> series_;  // by SeriesId; null: forgotten
  std::unordered_multimap<std::uint64_t, SeriesId> by_hash_;
  std::map<Labels, SeriesId> by_labels_;
  std::map<std::string, std::map<std::string, std::vector<SeriesId>, std::less<>>, std::less<>> postings_;
  std::vector<std::shared_ptr<const LegacyPart>> parts_;
  std::unordered_map<SeriesId, SeriesId> log_ids_;  // while the log is replayed: its numbers to ours
  std::unique_ptr<Wal> wal_;
  std::uint64_t samples_appended_ = 0, next_part_ = 1;
  std::int64_t head_since_ms_ = 0;
};

}  // namespace

double stale_nan() { return std::bit_cast<double>(kStaleNanBits); }
bool is_stale_nan(double value) { return std::bit_cast<std::uint64_t>(value) == kStaleNanBits; }

Result<AppendOutcome> Store::append(std::span<const SeriesSample> samples) {
  WriteBatch batch;
  std::size_t refused = 0;
  std::string first_refused;
  for (const auto& [labels, sample] : samples) {
    const auto series = find_or_create(labels);
    if (series) {
      batch.samples.push_back({*series, sample.time_ms, sample.value});
    } else if (refused++ == 0) {
      first_refused = series.error().message;
    }
  }
  MAMORI_TRY(auto outcome, write(batch));
  outcome.unknown_series += refused;
  if (outcome.first_refused.empty()) outcome.first_refused = first_refused;
  return outcome;
}

std::vector<SeriesData> Store::select(std::span<const Matcher> matchers, std::int64_t start_ms,
                                      std::int64_t end_ms) const {
  std::vector<SeriesData> result;
  const auto selection = open_selection(matchers, start_ms, end_ms);
  const auto reader = selection->reader();
  for (std::size_t i = 0; i < selection->size(); ++i) {
    SeriesData data{.labels = selection->labels(i), .samples = {}, .histograms = {}};
    if (const auto read = reader->read(i, data); !read) {
      log_error("a series cannot be read", {{"series", data.labels.to_string()}, {"error", read.error().message}});
      continue;
    }
    if (!data.samples.empty() || !data.histograms.empty()) result.push_back(std::move(data));
  }
  std::ranges::sort(result, {}, &SeriesData::labels);
  return result;
}

Result<std::unique_ptr<Store>> Store::open(const std::string& dir, StoreOptions options, const Clock& clock,
                                           std::vector<std::string>& warnings) {
  auto store = std::make_unique<FileStore>(dir, std::move(options), clock);
  MAMORI_TRY_VOID(store->recover(warnings));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace mamori::metrics
