#include "logs/store.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "logs/detail/batch.h"
#include "logs/detail/merge.h"
#include "logs/detail/part.h"

namespace mamori::logs {
namespace {

namespace fs = std::filesystem;
using detail::Batch;
using detail::Part;
using detail::PartLine;

// A head that nobody seals keeps its write-ahead log from being dropped; a day bounds both.
constexpr Nanos kHeadAgeMax = std::chrono::days{1};
// How many heads' worth of lines may wait in memory while the disk refuses parts.
constexpr std::size_t kHeadsMax = 4;
constexpr Seconds kSealRetry{1};
constexpr Seconds kAppendWaitMax{10};

void widen(StreamStats& stats, const std::string& stream, std::uint64_t lines, Timestamp first, Timestamp last) {
  stats.first = stats.lines == 0 ? first : std::min(stats.first, first);
  stats.last = stats.lines == 0 ? last : std::max(stats.last, last);
  stats.lines += lines;
  stats.stream = stream;
}

/// Lines that are durable in the write-ahead log and not yet in parts.
struct Head {
  std::vector<std::shared_ptr<const Batch>> batches;
  std::map<std::string, StreamStats> stats;
  std::size_t bytes = 0;
  Timestamp opened_at;

  void add(std::shared_ptr<const Batch> batch, Timestamp now) {
    if (batches.empty()) opened_at = now;
    bytes += batch->bytes.size() + batch->entries.size() * sizeof(detail::Entry);
    for (const auto& entry : batch->entries) {
      const auto& stream = batch->streams[entry.stream];
      widen(stats[stream], stream, 1, entry.time, entry.time);
    }
    batches.push_back(std::move(batch));
  }
};

/// A head that is being written to parts. `done`: the streams that are written already, should a try fail half-way.
struct Sealing {
  Head head;
  std::uint32_t sealed_below = 0;
  std::map<std::string, std::shared_ptr<Part>> done;
};

class StoreImpl final : public Store {
 public:
  StoreImpl(std::string dir, StoreOptions options, const Clock& clock)
      : parts_dir_(dir + "/parts"), damaged_dir_(dir + "/damaged"), options_(std::move(options)), clock_(clock) {}

  ~StoreImpl() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    room_.notify_all();
    if (sealer_.joinable()) sealer_.join();
    if (wal_) (void)wal_->sync();
  }

  Result<void> start(const std::string& dir, std::vector<std::string>& warnings) {
    std::error_code failure;
    fs::create_directories(parts_dir_, failure);
    if (failure) return Error{Code::Io, "create " + parts_dir_ + ": " + failure.message()};
    // The log first: it holds the lock that keeps a second process away from the parts.
    MAMORI_TRY(auto records, read_log(dir + "/wal", warnings));
    std::map<std::string, std::uint32_t> sealed_below;
    MAMORI_TRY_VOID(open_parts(sealed_below, warnings));
    MAMORI_TRY_VOID(take_records(std::move(records), sealed_below));
    sealer_ = std::thread([this] { seal_in_background(); });
    return {};
  }

  Result<void> append(std::span<const Line> lines) override {
    if (lines.empty()) return {};
    MAMORI_TRY_VOID(wait_for_room());
    std::string record = detail::encode_batch(lines);
    auto batch = std::make_shared<Batch>();
    {
      // Shared: many callers share one fsync. The sealer takes it alone, so that a record and its lines are on the same
      // side of a rotation.
      const std::shared_lock gate(gate_);
      MAMORI_TRY_VOID(written(wal_->append(record)));
      MAMORI_TRY(*batch, detail::decode_batch(std::move(record)));
      const std::lock_guard lock(mutex_);
      add_to_head(std::move(batch));
    }
    return {};
  }

  Result<ScanCost> scan(const ScanRange& range, const std::function<bool(const Line&)>& visit) const override {
    std::vector<std::shared_ptr<const Batch>> batches;
    std::vector<std::unique_ptr<detail::Run>> runs;
    {
      const std::lock_guard lock(mutex_);
      if (sealing_) batches = sealing_->head.batches;
      batches.insert(batches.end(), head_.batches.begin(), head_.batches.end());
      for (const auto& part : parts_) {
        const auto& index = part->index();
        if (index.last < range.start || index.first >= range.end) continue;
        if (glob_matches(range.stream_pattern, index.stream)) runs.push_back(detail::run_of_part(part, range));
      }
    }
    runs.push_back(detail::run_of_batches(std::move(batches), range));
    return detail::merge(std::move(runs), range.newest_first, visit);
  }

  std::vector<StreamStats> streams() const override {
    std::map<std::string, StreamStats> all;
    const std::lock_guard lock(mutex_);
    for (const auto& part : parts_) {
      const auto& index = part->index();
      widen(all[index.stream], index.stream, index.lines, index.first, index.last);
    }
    const auto add = [&](const Head& head) {
      for (const auto& [name, stats] : head.stats) widen(all[name], name, stats.lines, stats.first, stats.last);
    };
    if (sealing_) add(sealing_->head);
    add(head_);
    std::vector<StreamStats> out;
    for (auto& [name, stats] : all) out.push_back(std::move(stats));
    return out;
  }

  Result<void> seal() override {
    const std::lock_guard one_at_a_time(seal_mutex_);
    const auto frozen = freeze();
    if (frozen && !*frozen) return {};
    Result<void> result = frozen ? write_parts() : Result<void>(frozen.error());
    {
      const std::lock_guard lock(mutex_);
      seal_failed_ = !result;  // the next try is a second away
    }
    room_.notify_all();
    if (!result) return result;
    return wal_->drop_before(sealed_below_);
  }

  Result<void> enforce_retention() override {
    std::vector<std::shared_ptr<Part>> expired;
    bool head_is_old = false;
    {
      const std::lock_guard lock(mutex_);
      const Timestamp now = clock_.now();
      head_is_old = !head_.batches.empty() && now - head_.opened_at > kHeadAgeMax;
      std::erase_if(parts_, [&](const std::shared_ptr<Part>& part) {
        const bool past = part->newest() < now - keep(part->index().stream);
        if (past) expired.push_back(part);
        return past;
      });
    }
    Result<void> outcome;
    for (const auto& part : expired) {
      if (auto dropped = part->drop(); !dropped) outcome = std::move(dropped);  // found again at the next start
    }
    if (head_is_old) MAMORI_TRY_VOID(seal());
    return outcome;
  }

  void set_retention(std::vector<std::pair<std::string, Nanos>> retention) override {
    const std::lock_guard lock(mutex_);
    options_.retention = std::move(retention);
  }

  Result<void> sync() override { return wal_->sync(); }

 private:
  // ---- opening ----

  Result<void> open_parts(std::map<std::string, std::uint32_t>& sealed_below, std::vector<std::string>& warnings) {
    std::vector<std::string> paths;
    std::error_code failure;
    for (fs::directory_iterator it(parts_dir_, failure), end; !failure && it != end; it.increment(failure)) {
      const auto path = it->path();
      if (path.extension() == ".part") paths.push_back(path.string());
      std::error_code ignored;
      if (path.extension() == ".tmp") fs::remove(path, ignored);  // a draft; its lines are in the write-ahead log
    }
    if (failure) return Error{Code::Io, "read " + parts_dir_ + ": " + failure.message()};
    std::ranges::sort(paths);
    for (const auto& path : paths) {
      auto part = detail::open_part(path);
      if (!part && part.error().code != Code::Corrupt) return std::move(part).error();
      if (!part) {
        warnings.push_back(part.error().message + ": " + set_aside(path));
        continue;
      }
      const auto& index = (*part)->index();
      next_seq_ = std::max(next_seq_, index.last_seq + 1);
      auto& below = sealed_below[index.stream];
      below = std::max(below, index.sealed_below);
      parts_.push_back(*std::move(part));
    }
    return {};
  }

  std::string set_aside(const std::string& path) {
    std::error_code failure;
    fs::create_directories(damaged_dir_, failure);
    const std::string target = damaged_dir_ + "/" + fs::path(path).filename().string();
    if (!failure) fs::rename(path, target, failure);
    if (failure) return "left where it is and not read (" + failure.message() + ")";
    return "set aside as " + target;
  }

  struct Record {
    std::uint32_t segment = 0;
    std::shared_ptr<Batch> batch;
  };

  Result<std::vector<Record>> read_log(const std::string& wal_dir, std::vector<std::string>& warnings) {
    std::vector<Record> records;
    std::size_t bad = 0;
    const auto take = [&](std::uint32_t segment, std::string_view payload) {
      auto batch = detail::decode_batch(std::string(payload));
      if (!batch) {
        ++bad;
        return;
      }
      records.push_back({segment, std::make_shared<Batch>(*std::move(batch))});
    };
    MAMORI_TRY(wal_, Wal::open(wal_dir, options_.wal, take, warnings));
    if (bad > 0) warnings.push_back(wal_dir + ": " + std::to_string(bad) + " records make no sense and were left out");
    return records;
  }

  /// Takes what is in no part yet. A crash between writing parts and dropping segments leaves lines in both; those of
  /// the parts win.
  Result<void> take_records(std::vector<Record> records, const std::map<std::string, std::uint32_t>& sealed_below) {
    std::optional<std::uint32_t> needed_from;
    for (auto& record : records) {
      std::erase_if(record.batch->entries, [&](const detail::Entry& entry) {
        const auto at = sealed_below.find(record.batch->streams[entry.stream]);
        return at != sealed_below.end() && record.segment < at->second;
      });
      if (record.batch->entries.empty()) continue;
      if (!needed_from) needed_from = record.segment;
      add_to_head(std::move(record.batch));
    }
    if (!needed_from) needed_from = wal_->segments().back().number;
    return wal_->drop_before(*needed_from);
  }

  // ---- appending ----

  /// REQUIRES: mutex_ is held, or nobody else is there yet.
  void add_to_head(std::shared_ptr<Batch> batch) {
    for (auto& entry : batch->entries) entry.seq = next_seq_++;
    head_.add(std::move(batch), clock_.now());
    if (head_.bytes >= options_.head_bytes_max) wake_.notify_one();
  }

  /// What the disk refuses is worth another try, whatever the reason; nothing of it was kept.
  static Result<void> written(const Result<std::uint32_t>& segment) {
    if (segment) return {};
    if (segment.error().code == Code::TooLarge) return segment.error();
    return Error{Code::Unavailable, segment.error().message};
  }

  Result<void> wait_for_room() {
    std::unique_lock lock(mutex_);
    const auto full = [&] {
      return head_.bytes + (sealing_ ? sealing_->head.bytes : 0) > kHeadsMax * options_.head_bytes_max;
    };
    if (!full()) return {};
    room_.wait_for(lock, kAppendWaitMax, [&] { return !full() || seal_failed_ || stopping_; });
    if (!full()) return {};
    return Error{Code::Unavailable, "too many log lines wait for the disk: parts cannot be written to " + parts_dir_};
  }

  // ---- sealing ----

  void seal_in_background() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const auto wanted = [&] {
        return stopping_ || (!seal_failed_ && (sealing_ || head_.bytes >= options_.head_bytes_max));
      };
      if (!wake_.wait_for(lock, kSealRetry, wanted) && !seal_failed_) continue;
      if (stopping_) return;
      lock.unlock();
      auto result = seal();
      if (!result && !told_) {
        log_error("log lines cannot be written to parts; they stay in the write-ahead log",
                  {{"error", result.error().message}, {"remedy", "free some disk space"}});
      }
      told_ = !result;
      lock.lock();
    }
  }

  /// Takes the head away to be sealed, unless a try that failed is still there. False if there is nothing to seal.
  Result<bool> freeze() {
    const std::unique_lock gate(gate_);
    {
      const std::lock_guard lock(mutex_);
      if (sealing_) return true;
      if (head_.batches.empty()) return false;
    }
    MAMORI_TRY(sealed_below_, wal_->rotate());
    const std::lock_guard lock(mutex_);
    sealing_ = std::make_unique<Sealing>();
    sealing_->head = std::move(head_);
    sealing_->sealed_below = sealed_below_;
    head_ = Head{};
    return true;
  }

  /// REQUIRES: seal_mutex_ is held, so that nobody else changes sealing_.
  Result<void> write_parts() {
    std::map<std::string, std::vector<PartLine>> lines;
    for (const auto& batch : sealing_->head.batches) {
      for (const auto& entry : batch->entries) {
        lines[batch->streams[entry.stream]].push_back({entry.time, entry.seq, batch->json(entry)});
      }
    }
    for (auto& [stream, of_stream] : lines) {
      if (sealing_->done.contains(stream)) continue;
      std::ranges::sort(of_stream, [](const PartLine& a, const PartLine& b) {
        return std::pair{a.time, a.seq} < std::pair{b.time, b.seq};
      });
      MAMORI_TRY(auto part, detail::write_part(parts_dir_, stream, of_stream, sealing_->sealed_below,
                                               options_.block_bytes_max, clock_.now()));
      sealing_->done[stream] = std::move(part);
    }
    const std::lock_guard lock(mutex_);
    for (auto& [stream, part] : sealing_->done) parts_.push_back(std::move(part));
    sealing_.reset();
    return {};
  }

  /// REQUIRES: mutex_ is held.
  Nanos keep(const std::string& stream) const {
    for (const auto& [pattern, time] : options_.retention) {
      if (glob_matches(pattern, stream)) return time;
    }
    return options_.retention_default;
  }

  const std::string parts_dir_, damaged_dir_;
  StoreOptions options_;
  const Clock& clock_;
  std::unique_ptr<Wal> wal_;

  std::shared_mutex gate_;        // appends shared, rotation alone; taken before mutex_
  std::mutex seal_mutex_;         // one sealer at a time; taken before gate_
  mutable std::mutex mutex_;      // guards all below
  std::condition_variable wake_;  // the sealer's
  std::condition_variable room_;  // appenders'
  Head head_;
  std::unique_ptr<Sealing> sealing_;
  std::vector<std::shared_ptr<Part>> parts_;
  std::uint64_t next_seq_ = 1;
  bool stopping_ = false;
  bool seal_failed_ = false;

  std::uint32_t sealed_below_ = 0;  // guarded by seal_mutex_
  bool told_ = false;               // the sealer thread's own
  std::thread sealer_;
};

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& dir, StoreOptions options, const Clock& clock,
                                           std::vector<std::string>& warnings) {
  auto store = std::make_unique<StoreImpl>(dir, std::move(options), clock);
  MAMORI_TRY_VOID(store->start(dir, warnings));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace mamori::logs
