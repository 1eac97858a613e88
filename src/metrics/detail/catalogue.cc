#include "metrics/detail/catalogue.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>

#include "base/wal.h"
#include "metrics/detail/log_record.h"

namespace mamori::metrics::detail {
namespace {

constexpr std::string_view kMagic = "MAMOCAT1";
constexpr std::size_t kHeaderBytes = 12;           // of a batch: packed bytes, bytes, checksum
constexpr std::size_t kBatchBytes = 4u << 20;      // then the next one begins: bounds what reading one takes
constexpr std::size_t kBatchBytesMax = 64u << 20;  // one series may be larger than a batch should
constexpr int kLevel = 3;  // names repeat from series to series: a twentieth of the bytes is left, at 300 MB/s

std::string batch(std::string_view content) {
  std::string packed(ZSTD_compressBound(content.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), kLevel));
  std::string out;
  put_raw(out, static_cast<std::uint32_t>(packed.size()));
  put_raw(out, static_cast<std::uint32_t>(content.size()));
  put_raw(out, crc32c(packed, crc32c(out)));
  return out + packed;
}

std::string batches(std::span<const SeriesLabels> series, SeriesRef next_id) {
  std::string out, content;
  const auto begin = [&] {
    content.clear();
    put_varint(content, next_id);
  };
  begin();
  for (const auto& [id, labels] : series) {
    put_varint(content, id);
    put_labels(content, labels);
    if (content.size() < kBatchBytes) continue;
    out += batch(content);
    begin();
  }
  return out + batch(content);
}

bool read_batch(std::string_view packed, std::size_t size, CatalogueContents& contents) {
  if (size > kBatchBytesMax || ZSTD_getFrameContentSize(packed.data(), packed.size()) != size) return false;
  std::string content(size, '\0');
  if (ZSTD_decompress(content.data(), size, packed.data(), packed.size()) != size) return false;
  ByteReader reader(content);
  const auto next_id = reader.varint();
  if (next_id > std::numeric_limits<SeriesRef>::max()) return false;
  const auto before = contents.series.size();
  while (reader.ok() && reader.left() > 0) {
    const auto id = reader.varint();
    Labels labels;
    if (!take_labels(reader, labels) || id >= next_id) {
      contents.series.resize(before);
      return false;
    }
    contents.series.emplace_back(static_cast<SeriesRef>(id), std::move(labels));
  }
  contents.next_id = std::max(contents.next_id, static_cast<SeriesRef>(next_id));
  return reader.ok();
}

Result<File> open_file(const std::string& path) {
  File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.fd() < 0) return io_error("open", path);
  return file;
}

}  // namespace

std::size_t read_catalogue(std::string_view bytes, CatalogueContents& contents) {
  if (!bytes.starts_with(kMagic)) return 0;
  std::size_t at = kMagic.size();
  while (bytes.size() - at >= kHeaderBytes) {
    ByteReader header(bytes.substr(at, kHeaderBytes));
    const auto packed_size = header.raw<std::uint32_t>();
    const auto size = header.raw<std::uint32_t>();
    const auto checksum = header.raw<std::uint32_t>();
    if (packed_size > bytes.size() - at - kHeaderBytes) break;
    const auto packed = bytes.substr(at + kHeaderBytes, packed_size);
    if (crc32c(packed, crc32c(bytes.substr(at, 8))) != checksum || !read_batch(packed, size, contents)) break;
    at += kHeaderBytes + packed_size;
  }
  return at;
}

Result<std::unique_ptr<Catalogue>> Catalogue::open(std::string path, CatalogueContents& contents,
                                                   std::vector<std::string>& warnings) {
  MAMORI_TRY(const auto bytes, read_if_there(path));
  if (!bytes) {
    MAMORI_TRY_VOID(write_atomically(path, kMagic));
  } else if (const auto good = read_catalogue(*bytes, contents); good < bytes->size() || good == 0) {
    if (is_newer_version(*bytes, kMagic)) {
      return Error{Code::Corrupt, path + " was written by a newer version of mamori; start that one"};
    }
    const auto aside = path + ".damaged-" + std::to_string(good);
    MAMORI_TRY_VOID(write_atomically(aside, std::string_view(*bytes).substr(good)));
    MAMORI_TRY_VOID(write_atomically(path, good == 0 ? kMagic : std::string_view(*bytes).substr(0, good)));
    warnings.push_back(path + ": " + std::to_string(bytes->size() - good) + " bytes from offset " +
                       std::to_string(good) + " are damaged, or of a write that was cut short; they are set aside as " +
                       aside + ", and what they named is taken from the parts");
  }
  MAMORI_TRY(auto file, open_file(path));
  const auto size = ::lseek(file.fd(), 0, SEEK_END);
  if (size < 0) return io_error("lseek", path);
  std::unique_ptr<Catalogue> catalogue(new Catalogue(std::move(path), std::move(file)));
  catalogue->bytes_ = static_cast<std::uint64_t>(size);
  catalogue->entries_ = contents.series.size();
  return catalogue;
}

Result<void> Catalogue::append(std::span<const SeriesLabels> series, SeriesRef next_id) {
  if (series.empty()) return {};
  if (file_.fd() < 0) {
    MAMORI_TRY(file_, open_file(path_));
  }
  MAMORI_TRY_VOID(write_at_end(batches(series, next_id)));
  entries_ += series.size();
  return {};
}

Result<void> Catalogue::write_at_end(std::string_view bytes) {
  const auto undo = [&](Error error) {
    // Should the cut fail too: the next batch is written over the same place, and a reader stops at the bad checksum.
    [[maybe_unused]] const int cut = ::ftruncate(file_.fd(), static_cast<off_t>(bytes_));
    return error;
  };
  for (std::size_t done = 0; done < bytes.size();) {
    const auto n = ::pwrite(file_.fd(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(bytes_ + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return undo(io_error("write", path_));
    done += static_cast<std::size_t>(n);
  }
  if (::fdatasync(file_.fd()) != 0) return undo(io_error("fdatasync", path_));
  bytes_ += bytes.size();
  return {};
}

Result<void> Catalogue::rewrite(std::span<const SeriesLabels> series, SeriesRef next_id) {
  const auto bytes = std::string(kMagic) + batches(series, next_id);
  MAMORI_TRY_VOID(write_atomically(path_, bytes));
  file_ = File();  // of the old file: should the new one not open now, the next append tries again
  bytes_ = bytes.size();
  entries_ = series.size();
  MAMORI_TRY(file_, open_file(path_));
  return {};
}

}  // namespace mamori::metrics::detail
