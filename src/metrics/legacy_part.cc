#include "metrics/legacy_part.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

#include "base/file.h"
#include "base/wal.h"

namespace mamori::metrics {
namespace {

constexpr std::string_view kMagic = "MAMOPRT1";
constexpr std::size_t kChecksumBytes = 4;

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out += text;
}

void append_i64(std::string& out, std::int64_t value) {
  char bytes[8];
  std::memcpy(bytes, &value, 8);
  out.append(bytes, 8);
}

/// Reads forward; a read beyond the end makes it bad and gives zeros from then on.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    bad_ = true;
    return 0;
  }
  std::string_view text() { return take(varint()); }
  std::string_view take(std::uint64_t count) {
    if (count > rest_.size()) {
      bad_ = true;
      return {};
    }
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::int64_t i64() {
    std::int64_t value = 0;
    const auto bytes = take(8);
    if (bytes.size() == 8) std::memcpy(&value, bytes.data(), 8);
    return value;
  }
  bool bad() const { return bad_; }
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool bad_ = false;
};

class MappedPart final : public LegacyPart {
 public:
  MappedPart(std::string path, void* data, std::size_t size) : path_(std::move(path)), data_(data), size_(size) {}
  ~MappedPart() override { ::munmap(data_, size_); }

  Result<void> read() {
    const std::string_view all(static_cast<const char*>(data_), size_);
    const auto corrupt = [&](const char* what) { return Error{Code::Corrupt, path_ + ": " + what}; };
    if (size_ < kMagic.size() + kChecksumBytes || !all.starts_with(kMagic)) return corrupt("is no metrics part");
    const auto body = all.substr(0, size_ - kChecksumBytes);
    std::uint32_t checksum = 0;
    std::memcpy(&checksum, all.data() + body.size(), kChecksumBytes);
    if (crc32c(body) != checksum) return corrupt("its checksum is wrong");
    Reader reader(body.substr(kMagic.size()));
    const auto series_count = reader.varint();
    for (std::uint64_t i = 0; i < series_count && !reader.bad(); ++i) read_series(reader);
    if (reader.bad() || reader.left() > 0) return corrupt("its form is wrong");
    return {};
  }

  const std::vector<LegacyPartSeries>& series() const override { return series_; }
  std::int64_t end_ms() const override { return end_ms_; }
  std::uint64_t bytes() const override { return size_; }
  const std::string& path() const override { return path_; }

 private:
  void read_series(Reader& reader) {
    std::vector<std::pair<std::string, std::string>> pairs;
    const auto label_count = reader.varint();
    for (std::uint64_t i = 0; i < label_count && !reader.bad(); ++i) {
      const auto name = reader.text();
      const auto value = reader.text();
      pairs.emplace_back(name, value);
    }
    LegacyPartSeries one{.labels = Labels(std::move(pairs)), .chunks = {}};
    const auto chunk_count = reader.varint();
    for (std::uint64_t i = 0; i < chunk_count && !reader.bad(); ++i) {
      Chunk chunk;
      chunk.start_ms = reader.i64();
      chunk.end_ms = reader.i64();
      chunk.count = static_cast<std::uint32_t>(reader.varint());
      chunk.bytes = reader.text();
      end_ms_ = std::max(end_ms_, chunk.end_ms);
      one.chunks.push_back(chunk);
    }
    if (!reader.bad()) series_.push_back(std::move(one));
  }

  const std::string path_;
  void* const data_;
  const std::size_t size_;
  std::vector<LegacyPartSeries> series_;
  std::int64_t end_ms_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace

Result<std::shared_ptr<const LegacyPart>> LegacyPart::open(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return io_error("open", path);
  struct stat info{};
  if (::fstat(file.fd(), &info) != 0) return io_error("fstat", path);
  if (info.st_size == 0) return Error{Code::Corrupt, path + ": is empty"};
  void* data = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, file.fd(), 0);
  if (data == MAP_FAILED) return io_error("mmap", path);
  auto part = std::make_shared<MappedPart>(path, data, static_cast<std::size_t>(info.st_size));
  MAMORI_TRY_VOID(part->read());
  return std::shared_ptr<const LegacyPart>(std::move(part));
}

Result<void> LegacyPart::write(const std::string& path, std::span<const LegacyPartSeries> series) {
  std::string bytes(kMagic);
  append_varint(bytes, series.size());
  for (const auto& one : series) {
    append_varint(bytes, one.labels.size());
    for (const auto& [name, value] : one.labels) {
      append_text(bytes, name);
      append_text(bytes, value);
    }
    append_varint(bytes, one.chunks.size());
    for (const auto& chunk : one.chunks) {
      append_i64(bytes, chunk.start_ms);
      append_i64(bytes, chunk.end_ms);
      append_varint(bytes, chunk.count);
      append_text(bytes, chunk.bytes);
    }
  }
  const std::uint32_t checksum = crc32c(bytes);
  bytes.append(reinterpret_cast<const char*>(&checksum), kChecksumBytes);

  return write_atomically(path, bytes);
}

}  // namespace mamori::metrics
