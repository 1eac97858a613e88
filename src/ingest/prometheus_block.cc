#include "ingest/prometheus_block.h"

#include <fcntl.h>
#include <simdjson.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "base/file.h"
#include "base/wal.h"
#include "ingest/prometheus_chunk.h"

namespace mamori::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kIndexMagic = 0xBAAAD700, kChunksMagic = 0x85BD40DD, kTombstonesMagic = 0x0130BA30;
constexpr std::size_t kTocBytes = 6 * 8 + 4;

class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd() < 0) return io_error("open", path);
    struct stat status{};
    if (::fstat(file.fd(), &status) != 0) return io_error("fstat", path);
    MappedFile mapped;
    mapped.size_ = static_cast<std::size_t>(status.st_size);
    if (mapped.size_ == 0) return mapped;
    void* data = ::mmap(nullptr, mapped.size_, PROT_READ, MAP_PRIVATE, file.fd(), 0);
    if (data == MAP_FAILED) return io_error("mmap", path);
    mapped.data_ = data;
    return mapped;
  }
  MappedFile(MappedFile&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  std::string_view bytes() const { return {static_cast<const char*>(data_), data_ == nullptr ? 0 : size_}; }

 private:
  MappedFile() = default;
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Big-endian numbers and Go's varints from the front; past the end zeros, and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  std::size_t left() const { return bytes_.size(); }
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  template <typename T>
  T number() {
    T value = 0;
    for (const char c : take(sizeof(T))) value = static_cast<T>(value << 8 | static_cast<unsigned char>(c));
    return value;
  }
  std::uint64_t uvarint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[0]);
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::int64_t varint() {
    const auto value = uvarint();
    return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1)));
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

struct Deleted {
  std::int64_t start_ms = 0, end_ms = 0;  // both included
};

class DirBlock final : public PrometheusBlock {
 public:
  DirBlock(std::string dir, MappedFile index) : dir_(std::move(dir)), index_(std::move(index)) {}

  Result<void> load() {
    MAMORI_TRY_VOID(read_meta());
    MAMORI_TRY_VOID(read_toc());
    MAMORI_TRY_VOID(read_symbols());
    for (int number = 1;; ++number) {
      char name[32];
      std::snprintf(name, sizeof name, "/chunks/%06d", number);
      if (!fs::exists(dir_ + name)) break;
      MAMORI_TRY(auto segment, MappedFile::open(dir_ + name));
      Reader in(segment.bytes());
      if (in.number<std::uint32_t>() != kChunksMagic) return corrupt(name, "is no file of chunks");
      segments_.push_back(std::move(segment));
    }
    return read_tombstones();
  }

  const PrometheusBlockInfo& info() const override { return info_; }

  Result<void> each_series(const std::function<Result<void>(const metrics::SeriesData&)>& visit) const override {
    std::uint64_t at = series_begin_;
    metrics::SeriesData data;
    while (true) {
      at = (at + 15) / 16 * 16;  // an entry's number is its offset in steps of 16
      if (at >= series_end_) return {};
      Reader in(index_.bytes().substr(at, series_end_ - at));
      const auto before = in.left();
      const auto length = in.uvarint();
      if (length == 0 && in.ok()) {  // padding before the next section
        at += 16;
        continue;
      }
      const auto entry = in.take(length);
      const auto crc = in.number<std::uint32_t>();
      if (!in.ok() || crc32c(entry) != crc)
        return corrupt("/index", "the series at byte " + std::to_string(at) + " is damaged");
      data.samples.clear();
      data.histograms.clear();
      MAMORI_TRY_VOID(read_series(entry, at / 16, data));
      if (!data.samples.empty() || !data.histograms.empty()) MAMORI_TRY_VOID(visit(data));
      at += before - in.left();
    }
  }

 private:
  Error corrupt(const std::string& file, const std::string& what) const {
    return {Code::Corrupt, dir_ + file + ": " + what};
  }

  Result<void> read_meta() {
    info_.ulid = fs::path(dir_).filename().string();
    MAMORI_TRY(const auto text, read_if_there(dir_ + "/meta.json"));
    if (!text) return Error{Code::NotFound, dir_ + " is no block of Prometheus: it has no meta.json"};
    simdjson::dom::parser parser;
    simdjson::dom::element meta;
    if (parser.parse(*text).get(meta) != simdjson::SUCCESS) return corrupt("/meta.json", "is no JSON");
    if (meta["minTime"].get(info_.start_ms) != simdjson::SUCCESS ||
        meta["maxTime"].get(info_.end_ms) != simdjson::SUCCESS)
      return corrupt("/meta.json", "says no minTime and maxTime");
    if (meta["stats"]["numSeries"].get(info_.series) != simdjson::SUCCESS) info_.series = 0;
    if (meta["stats"]["numSamples"].get(info_.samples) != simdjson::SUCCESS) info_.samples = 0;
    return {};
  }

  Result<void> read_toc() {
    const auto bytes = index_.bytes();
    Reader in(bytes);
    if (in.number<std::uint32_t>() != kIndexMagic) return corrupt("/index", "is no index of Prometheus");
    version_ = in.number<std::uint8_t>();
    if (version_ != 1 && version_ != 2)
      return corrupt("/index", "has format " + std::to_string(version_) + "; 1 and 2 can be read");
    if (bytes.size() < kTocBytes + 5) return corrupt("/index", "ends too early");
    const auto toc = bytes.substr(bytes.size() - kTocBytes);
    Reader table(toc);
    symbols_at_ = table.number<std::uint64_t>();
    series_begin_ = table.number<std::uint64_t>();
    // The series end where the next section begins; a section that is not there has the offset 0.
    series_end_ = bytes.size() - kTocBytes;
    for (int section = 0; section < 4; ++section) {
      const auto offset = table.number<std::uint64_t>();
      if (offset > series_begin_) series_end_ = std::min(series_end_, offset);
    }
    if (crc32c(toc.substr(0, toc.size() - 4)) != table.number<std::uint32_t>())
      return corrupt("/index", "the checksum of the table of contents is wrong");
    if (symbols_at_ > bytes.size() || series_begin_ > bytes.size())
      return corrupt("/index", "a section lies past the end");
    return {};
  }

  Result<void> read_symbols() {
    Reader in(index_.bytes().substr(symbols_at_));
    const auto length = in.number<std::uint32_t>();
    const auto table = in.take(length);
    if (!in.ok() || crc32c(table) != in.number<std::uint32_t>())
      return corrupt("/index", "the symbol table is damaged");
    Reader symbols(table);
    const auto count = symbols.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto offset = static_cast<std::uint32_t>(symbols_at_ + 4 + (table.size() - symbols.left()));
      const auto text = symbols.take(symbols.uvarint());
      if (!symbols.ok()) return corrupt("/index", "the symbol table ends too early");
      symbols_.emplace(version_ == 1 ? offset : i, text);
    }
    return {};
  }

  Result<void> read_tombstones() {
    MAMORI_TRY(const auto text, read_if_there(dir_ + "/tombstones"));
    if (!text) return {};
    Reader in(*text);
    if (in.number<std::uint32_t>() != kTombstonesMagic || in.number<std::uint8_t>() != 1)
      return corrupt("/tombstones", "is no file of tombstones of format 1");
    while (in.ok() && in.left() > 4) {
      const auto series = in.uvarint();
      const auto start_ms = in.varint(), end_ms = in.varint();
      deleted_[series].push_back({start_ms, end_ms});
    }
    if (!in.ok() || in.left() != 4) return corrupt("/tombstones", "ends in the middle of an entry");
    return {};
  }

  Result<std::string_view> symbol(std::uint64_t reference) const {
    const auto at = symbols_.find(static_cast<std::uint32_t>(reference));
    if (reference > UINT32_MAX || at == symbols_.end()) return corrupt("/index", "a series names an unknown symbol");
    return at->second;
  }

  Result<void> read_series(std::string_view entry, std::uint64_t number, metrics::SeriesData& data) const {
    Reader in(entry);
    const auto label_count = in.uvarint();
    if (label_count > in.left()) return corrupt("/index", "a series has too many labels");
    std::vector<metrics::Labels::Pair> pairs;
    for (std::uint64_t i = 0; i < label_count; ++i) {
      MAMORI_TRY(const auto name, symbol(in.uvarint()));
      MAMORI_TRY(const auto value, symbol(in.uvarint()));
      pairs.emplace_back(name, value);
    }
    data.labels = metrics::Labels::from_pairs(std::move(pairs));
    const auto chunk_count = in.uvarint();
    std::int64_t last_ms = 0;
    std::int64_t reference = 0;
    for (std::uint64_t i = 0; i < chunk_count; ++i) {
      const std::int64_t start_ms = i == 0 ? in.varint() : last_ms + static_cast<std::int64_t>(in.uvarint());
      last_ms = start_ms + static_cast<std::int64_t>(in.uvarint());
      reference = i == 0 ? static_cast<std::int64_t>(in.uvarint()) : reference + in.varint();
      if (!in.ok()) return corrupt("/index", "a series ends too early");
      MAMORI_TRY_VOID(read_chunk(static_cast<std::uint64_t>(reference), data));
    }
    if (const auto gone = deleted_.find(number); gone != deleted_.end()) {
      const auto is_gone = [&](const auto& point) {
        return std::ranges::any_of(gone->second, [&](const Deleted& range) {
          return point.time_ms >= range.start_ms && point.time_ms <= range.end_ms;
        });
      };
      std::erase_if(data.samples, is_gone);
      std::erase_if(data.histograms, is_gone);
    }
    return {};
  }

  Result<void> read_chunk(std::uint64_t reference, metrics::SeriesData& data) const {
    const auto segment = reference >> 32;
    const auto offset = reference & UINT32_MAX;
    char name[32];
    std::snprintf(name, sizeof name, "/chunks/%06d", static_cast<int>(segment) + 1);
    if (segment >= segments_.size() || offset > segments_[segment].bytes().size())
      return corrupt(name, "is missing, or ends before a chunk that the index names");
    Reader in(segments_[segment].bytes().substr(offset));
    const auto length = in.uvarint();
    if (length >= in.left()) return corrupt(name, "the chunk at byte " + std::to_string(offset) + " ends too early");
    const auto body = in.take(length + 1);
    if (!in.ok() || crc32c(body) != in.number<std::uint32_t>())
      return corrupt(name, "the chunk at byte " + std::to_string(offset) + " has a wrong checksum");
    const auto read = read_prometheus_chunk(static_cast<PrometheusChunk>(body[0]), body.substr(1), data);
    if (!read) return corrupt(name, "the chunk at byte " + std::to_string(offset) + ": " + read.error().message);
    return {};
  }

  const std::string dir_;
  const MappedFile index_;
  PrometheusBlockInfo info_;
  int version_ = 0;
  std::uint64_t symbols_at_ = 0, series_begin_ = 0, series_end_ = 0;
  std::map<std::uint32_t, std::string_view> symbols_;  // by number; in format 1 by offset
  std::vector<MappedFile> segments_;
  std::map<std::uint64_t, std::vector<Deleted>> deleted_;  // by series number
};

}  // namespace

Result<std::unique_ptr<PrometheusBlock>> PrometheusBlock::open(const std::string& dir) {
  if (!fs::exists(dir + "/index")) return Error{Code::NotFound, dir + " is no block of Prometheus: it has no index"};
  MAMORI_TRY(auto index, MappedFile::open(dir + "/index"));
  auto block = std::make_unique<DirBlock>(dir, std::move(index));
  MAMORI_TRY_VOID(block->load());
  return std::unique_ptr<PrometheusBlock>(std::move(block));
}

Result<std::vector<std::string>> find_prometheus_blocks(const std::string& dir) {
  std::error_code error;
  if (!fs::is_directory(dir)) return Error{Code::NotFound, dir + " is no folder"};
  if (fs::exists(dir + "/meta.json") && fs::exists(dir + "/index")) return std::vector{dir};
  std::vector<std::string> found;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    const auto path = it->path().string();
    if (fs::exists(path + "/meta.json") && fs::exists(path + "/index")) found.push_back(path);
  }
  if (error) return Error{Code::Io, "cannot list " + dir + ": " + error.message()};
  if (found.empty())
    return Error{Code::NotFound, dir + " holds no block of Prometheus (a folder with index and meta.json)"};
  // A block's name is a ULID: the order of names is the order in which they were made.
  std::ranges::sort(found);
  return found;
}

}  // namespace mamori::ingest
