#include "base/wal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "base/file.h"
#include "base/log.h"

namespace mamori {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "MAMOWAL1";
constexpr std::size_t kHeaderBytes = 8;  // of a record: length and checksum
constexpr std::uint64_t kRecordBytesMax = 1u << 30;

std::string reason() { return std::generic_category().message(errno); }

std::uint32_t read_u32(const char* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, 4);
  return value;  // little endian is the only byte order this program is built for
}
static_assert(std::endian::native == std::endian::little);

std::string segment_path(const std::string& dir, std::uint32_t number) {
  char name[16];
  std::snprintf(name, sizeof name, "%08x.wal", number);
  return dir + "/" + name;
}

/// The number in "0000002a.wal"; nothing for any other name.
std::optional<std::uint32_t> segment_number(const std::string& name) {
  if (name.size() != 12 || !name.ends_with(".wal")) return std::nullopt;
  const auto digits = name.substr(0, 8);
  if (digits.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  return static_cast<std::uint32_t>(std::stoul(digits, nullptr, 16));
}

/// A whole file, mapped for reading.
class Mapping {
 public:
  static Result<Mapping> of(const std::string& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd() < 0) return io_error("open", path);
    struct stat info{};
    if (::fstat(file.fd(), &info) != 0) return io_error("fstat", path);
    Mapping mapping;
    mapping.size_ = static_cast<std::size_t>(info.st_size);
    if (mapping.size_ == 0) return mapping;
    mapping.data_ = ::mmap(nullptr, mapping.size_, PROT_READ, MAP_PRIVATE, file.fd(), 0);
    if (mapping.data_ == MAP_FAILED) {
      mapping.data_ = nullptr;
      return io_error("mmap", path);
    }
    return mapping;
  }
  Mapping(Mapping&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  std::string_view bytes() const { return {static_cast<const char*>(data_), data_ == nullptr ? 0 : size_}; }

 private:
  Mapping() = default;
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Hands each whole record to `visit`; returns the offset behind the last one.
std::size_t read_records(std::string_view bytes, const std::function<void(std::string_view)>& visit) {
  if (!bytes.starts_with(kMagic)) return 0;
  std::size_t at = kMagic.size();
  while (bytes.size() - at >= kHeaderBytes) {
    const std::uint64_t length = read_u32(bytes.data() + at);
    // A length of 0 is never written: a tail of zeros, as a crash may leave, must not read as records.
    if (length == 0 || length > bytes.size() - at - kHeaderBytes) break;
    const auto payload = bytes.substr(at + kHeaderBytes, length);
    if (crc32c(payload) != read_u32(bytes.data() + at + 4)) break;
    visit(payload);
    at += kHeaderBytes + length;
  }
  return at;
}

bool is_newer_version(std::string_view bytes) {
  return bytes.size() >= kMagic.size() && bytes.starts_with(kMagic.substr(0, 7)) && bytes[7] >= '2' && bytes[7] <= '9';
}

/// Zeros are what a crash may leave of a write that was never acknowledged; anything else may have been a record, for
/// damage to a length looks like a write that was cut short.
bool holds_nothing(std::string_view rest) { return rest.find_first_not_of('\0') == std::string_view::npos; }

Result<void> write_whole(const std::string& path, std::string_view bytes) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.fd() < 0) return io_error("open", path);
  return write_all(file.fd(), bytes, path);
}

class FileWal final : public Wal {
 public:
  FileWal(std::string dir, const WalOptions& options, File lock)
      : dir_(std::move(dir)), options_(options), lock_(std::move(lock)) {}

  ~FileWal() override {
    {
      const std::lock_guard guard(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    if (syncer_.joinable()) syncer_.join();
    [[maybe_unused]] const auto synced = sync();
  }

  Result<void> recover(const Replay& replay, std::vector<std::string>& warnings) {
    std::vector<std::uint32_t> numbers;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(dir_, error)) {
      if (const auto number = segment_number(entry.path().filename().string())) numbers.push_back(*number);
    }
    if (error) return Error{Code::Io, "cannot list " + dir_ + ": " + error.message()};
    std::ranges::sort(numbers);
    for (const auto number : numbers) {
      MAMORI_TRY(const auto bytes, recover_segment(number, replay, warnings));
      segments_.push_back({.number = number, .bytes = bytes, .path = segment_path(dir_, number)});
    }
    if (segments_.empty() || segments_.back().number < options_.first_segment) return open_next(options_.first_segment);
    file_ = File(::open(segments_.back().path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file_.fd() < 0) return io_error("open", segments_.back().path);
    return {};
  }

  void start_syncer() {
    if (options_.fsync == Fsync::Interval) syncer_ = std::thread([this] { sync_now_and_then(); });
  }

  Result<std::uint32_t> append(std::string_view payload) override {
    if (payload.empty()) return invalid_argument("an empty record cannot be logged");
    if (payload.size() > kRecordBytesMax) return Error{Code::TooLarge, "a record is larger than 1 GiB"};
    std::unique_lock guard(mutex_);
    const auto is_full = [&] {
      return segments_.back().bytes > kMagic.size() &&
             segments_.back().bytes + kHeaderBytes + payload.size() > options_.segment_bytes_max;
    };
    // Another appender may have opened the next segment while this one waited.
    wake_.wait(guard, [&] { return !syncing_ || !(is_full() || distrusted_); });
    if (is_full()) MAMORI_TRY_VOID(rotate_locked());
    if (distrusted_) MAMORI_TRY_VOID(open_next(segments_.back().number + 1));
    MAMORI_TRY_VOID(write_record(payload));
    const auto segment = segments_.back().number;
    const auto mine = ++appended_;
    if (options_.fsync == Fsync::Always) MAMORI_TRY_VOID(wait_synced(guard, mine));
    return segment;
  }

  Result<void> sync() override {
    std::unique_lock guard(mutex_);
    const auto asked_before = std::exchange(asked_, appended_);
    const auto number = appended_;
    drain_syncs(guard, number);
    return verdict(asked_before + 1, number);
  }

  Result<std::uint32_t> rotate() override {
    std::unique_lock guard(mutex_);
    wake_.wait(guard, [this] { return !syncing_; });
    MAMORI_TRY_VOID(rotate_locked());
    return segments_.back().number;
  }

  Result<void> drop_before(std::uint32_t segment) override {
    const std::lock_guard guard(mutex_);
    while (segments_.size() > 1 && segments_.front().number < segment) {
      if (::unlink(segments_.front().path.c_str()) != 0 && errno != ENOENT)
        return io_error("unlink", segments_.front().path);
      segments_.erase(segments_.begin());
    }
    return {};
  }

  std::uint64_t sync_failures() const override {
    const std::lock_guard guard(mutex_);
    return sync_failures_;
  }

  std::vector<WalSegment> segments() const override {
    const std::lock_guard guard(mutex_);
    return segments_;
  }

 private:
  /// Replays one file and cuts off what is damaged; returns the bytes that are good.
  Result<std::uint64_t> recover_segment(std::uint32_t number, const Replay& replay,
                                        std::vector<std::string>& warnings) {
    const auto path = segment_path(dir_, number);
    std::size_t good = 0;
    {
      MAMORI_TRY(const auto mapping, Mapping::of(path));
      if (is_newer_version(mapping.bytes())) {
        return Error{Code::Corrupt, path + " was written by a newer version; start that one, or move the file away"};
      }
      good = read_records(mapping.bytes(), [&](std::string_view payload) { replay(number, payload); });
      const auto rest = mapping.bytes().substr(good);
      if (rest.empty() && good > 0) return good;
      if (!rest.empty()) {
        std::string warning = path + ": " + std::to_string(rest.size()) + " bytes from offset " + std::to_string(good);
        if (holds_nothing(rest)) {
          warning += " are zeros, left of a write that was cut short; they are removed";
        } else {
          auto aside = path + ".damaged-" + std::to_string(good);
          for (int n = 2; fs::exists(aside); ++n)
            aside = path + ".damaged-" + std::to_string(good) + "-" + std::to_string(n);
          MAMORI_TRY_VOID(write_whole(aside, rest));
          warning += " are no whole record (a write that was cut short, or damage); they are set aside as " + aside;
        }
        warnings.push_back(warning);
      }
    }
    if (good == 0) {  // not even the magic bytes are whole
      MAMORI_TRY_VOID(write_whole(path, kMagic));
      return kMagic.size();
    }
    if (::truncate(path.c_str(), static_cast<off_t>(good)) != 0) return io_error("truncate", path);
    return good;
  }

  Result<void> open_next(std::uint32_t number) {
    const auto path = segment_path(dir_, number);
    File next(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (next.fd() < 0) return unavailable("open", path);
    if (::write(next.fd(), kMagic.data(), kMagic.size()) != static_cast<ssize_t>(kMagic.size())) {
      const auto error = unavailable("write", path);
      ::unlink(path.c_str());
      return error;
    }
    if (options_.fsync != Fsync::Never) {
      if (auto synced = sync_folder(); !synced) {
        ::unlink(path.c_str());  // or the next try would find it there
        return synced;
      }
    }
    file_ = std::move(next);
    distrusted_ = false;
    segments_.push_back({.number = number, .bytes = kMagic.size(), .path = path});
    return {};
  }

  /// Syncs with the lock held: a record that came in between would wait for the next file's fsync and be called durable
  /// without being so. It is rare, once per segment. REQUIRES: mutex_ is held and nobody is syncing.
  Result<void> rotate_locked() {
    if (synced_ < appended_ && options_.fsync != Fsync::Never) finish_sync(sync_file(file_.fd()), errno, appended_);
    synced_ = appended_;
    wake_.notify_all();
    return open_next(segments_.back().number + 1);
  }

  Result<void> sync_folder() const {
    if (!options_.fdatasync) return sync_dir(dir_);
    const File folder(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (options_.fdatasync(folder.fd()) != 0) return unavailable("fsync", dir_);
    return {};
  }

  int sync_file(int fd) const { return options_.fdatasync ? options_.fdatasync(fd) : ::fdatasync(fd); }

  /// Takes note of how an fsync of everything up to `covers` went. After a failure no later fsync of that file tells
  /// anything about these records, so they count as lost for whoever waits for them, and the file gets no more of them.
  /// REQUIRES: mutex_ is held.
  void finish_sync(int outcome, int error, std::uint64_t covers) {
    if (outcome != 0 && covers > synced_) {
      errno = error;
      const auto why = unavailable("fdatasync", segments_.back().path);
      log_error("records may not survive a power cut", {{"records", covers - synced_}, {"error", why.message}});
      ++sync_failures_;
      // Waiters are few and soon gone: ranges that nobody can wait for any more are of no use.
      if (lost_.size() == kLostRangesMax) lost_.erase(lost_.begin());
      lost_.push_back({.first = synced_ + 1, .last = covers, .why = why});
      distrusted_ = true;
    }
    synced_ = std::max(synced_, covers);
  }

  /// Why the record numbered `number`, or with `first` any from there on, may not be on the disk.
  Result<void> verdict(std::uint64_t first, std::uint64_t number) const {
    for (const auto& range : lost_) {
      if (range.first <= number && first <= range.last) return range.why;
    }
    return {};
  }

  static Error unavailable(std::string_view call, const std::string& path) {
    const bool full = errno == ENOSPC || errno == EDQUOT;
    return {Code::Unavailable, std::string(call) + " " + path + ": " + reason() +
                                   (full ? "; free some space, then it goes on by itself" : "")};
  }

  Result<void> write_record(std::string_view payload) {
    auto& segment = segments_.back();
    char header[kHeaderBytes];
    const auto length = static_cast<std::uint32_t>(payload.size());
    const auto checksum = crc32c(payload);
    std::memcpy(header, &length, 4);
    std::memcpy(header + 4, &checksum, 4);
    std::size_t done = 0;
    const std::size_t total = kHeaderBytes + payload.size();
    while (done < total) {
      iovec parts[2];
      int count = 0;
      if (done < kHeaderBytes) parts[count++] = {header + done, kHeaderBytes - done};
      const std::size_t skip = done < kHeaderBytes ? 0 : done - kHeaderBytes;
      parts[count++] = {const_cast<char*>(payload.data()) + skip, payload.size() - skip};
      const auto n = ::pwritev(file_.fd(), parts, count, static_cast<off_t>(segment.bytes + done));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        const auto error = unavailable("write", segment.path);
        // What was written of this record must not stay: the next one overwrites it from the same offset, and should
        // the cut fail too, recovery finds a record whose checksum is wrong and stops before it.
        [[maybe_unused]] const int cut = ::ftruncate(file_.fd(), static_cast<off_t>(segment.bytes));
        return error;
      }
      done += static_cast<std::size_t>(n);
    }
    segment.bytes += total;
    return {};
  }

  Result<void> wait_synced(std::unique_lock<std::mutex>& guard, std::uint64_t number) {
    drain_syncs(guard, number);
    return verdict(number, number);
  }

  /// Returns when an fsync that covers the appends up to `number` has ended, well or not. Whoever finds nobody syncing
  /// does it for all who wait.
  void drain_syncs(std::unique_lock<std::mutex>& guard, std::uint64_t number) {
    while (synced_ < number) {
      if (syncing_) {
        wake_.wait(guard);
        continue;
      }
      syncing_ = true;
      const auto covers = appended_;
      const int fd = file_.fd();
      guard.unlock();
      const int outcome = options_.fsync == Fsync::Never ? 0 : sync_file(fd);
      const int error = errno;
      guard.lock();
      syncing_ = false;
      finish_sync(outcome, error, covers);
      wake_.notify_all();
    }
  }

  void sync_now_and_then() {
    std::unique_lock guard(mutex_);
    while (!closing_) {
      wake_.wait_for(guard, options_.fsync_interval, [this] { return closing_; });
      drain_syncs(guard, appended_);
    }
  }

  const std::string dir_;
  const WalOptions options_;
  const File lock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<WalSegment> segments_;  // oldest first; the last one is written to
  File file_;
  struct LostRange {
    std::uint64_t first = 0, last = 0;
    Error why;
  };
  static constexpr std::size_t kLostRangesMax = 64;

  std::uint64_t appended_ = 0, synced_ = 0;
  std::uint64_t asked_ = 0;  // what sync() has answered for
  std::vector<LostRange> lost_;
  std::uint64_t sync_failures_ = 0;
  bool distrusted_ = false;  // the current file's last fsync failed: the next record opens a new one
  bool syncing_ = false, closing_ = false;
  std::thread syncer_;
};

}  // namespace

Result<std::unique_ptr<Wal>> Wal::open(const std::string& dir, const WalOptions& options, const Replay& replay,
                                       std::vector<std::string>& warnings) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) return Error{Code::Io, "cannot create " + dir + ": " + error.message()};
  const auto lock_path = dir + "/LOCK";
  File lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd() < 0) return io_error("open", lock_path);
  if (::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) {
    return Error{Code::Unavailable, dir + " is in use by another process"};
  }
  auto wal = std::make_unique<FileWal>(dir, options, std::move(lock));
  MAMORI_TRY_VOID(wal->recover(replay, warnings));
  wal->start_syncer();
  return std::unique_ptr<Wal>(std::move(wal));
}

}  // namespace mamori
