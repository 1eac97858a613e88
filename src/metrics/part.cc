#include "metrics/part.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/wal.h"
#include "metrics/detail/block.h"
#include "metrics/detail/label_table.h"
#include "metrics/detail/part_layout.h"

namespace mamori::metrics {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace)

constexpr std::uint64_t kSectionBytesMax = 4ull << 30;
constexpr std::size_t kCursorBytes = 16u << 20;  // of opened blocks that a cursor keeps: 100,000 samples per series

struct Window {
  TimeRange range;
  std::uint64_t offset = 0;  // of the checksum, which the block follows
  std::uint32_t bytes = 0;
};

struct Group {
  std::size_t first_series = 0, series = 0;
  std::size_t first_window = 0, windows = 0;
};

class Mapping {
 public:
  Mapping(void* data, std::size_t size) : data_(data), size_(size) {}
  Mapping(Mapping&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_;
  std::size_t size_;
};

class MappedPart final : public Part {
 public:
  MappedPart(std::string path, Mapping mapping) : path_(std::move(path)), mapping_(std::move(mapping)) {}

  Result<void> load() {
    const auto file = mapping_.bytes();
    if (!file.starts_with(kPartMagic)) return corrupt("begins like no part of this version");
    if (!file.ends_with(kPartEnd)) return corrupt("its end is missing");
    ByteReader in(file.substr(file.size() - kFooterBytes));
    const auto checked = file.substr(file.size() - kFooterBytes, kFooterBytes - 16);
    PartFooter footer;
    footer.samples = in.raw<std::uint64_t>();
    footer.series = in.raw<std::uint64_t>();
    footer.start_ms = in.raw<std::int64_t>();
    footer.end_ms = in.raw<std::int64_t>();
    for (auto* section : {&footer.index, &footer.labels}) {
      section->offset = in.raw<std::uint64_t>();
      section->bytes = in.raw<std::uint64_t>();
      section->bytes_unpacked = in.raw<std::uint64_t>();
      section->crc = static_cast<std::uint32_t>(in.raw<std::uint64_t>());
    }
    if (in.raw<std::uint64_t>() != crc32c(checked)) return corrupt("the footer's checksum is wrong");
    labels_ = footer.labels;
    MAMORI_TRY(const auto index, unpack(footer.index, "index"));
    if (!read_index(index, footer.index.offset) || ids_.size() != footer.series)
      return corrupt("the index makes no sense");
    info_ = {.start_ms = footer.start_ms,
             .end_ms = footer.end_ms,
             .samples = footer.samples,
             .bytes = file.size(),
             .series = ids_.size()};
    return {};
  }

  const PartInfo& info() const override { return info_; }
  const std::string& path() const override { return path_; }
  std::span<const SeriesRef> series() const override { return ids_; }

  std::optional<std::size_t> find(SeriesRef id) const override {
    const auto at = std::ranges::lower_bound(ids_, id);
    if (at == ids_.end() || *at != id) return std::nullopt;
    return static_cast<std::size_t>(at - ids_.begin());
  }

  std::unique_ptr<PartCursor> cursor() const override;

  Result<std::vector<Labels>> labels() const override {
    MAMORI_TRY(const auto bytes, unpack(labels_, "labels"));
    std::vector<Labels> all;
    all.reserve(ids_.size());
    if (!read_label_table(bytes, ids_.size(), all)) return corrupt("the labels make no sense");
    return all;
  }

  const Group& group_of(std::size_t index) const {
    const auto after = std::ranges::upper_bound(groups_, index, {}, &Group::first_series);
    return *std::prev(after);
  }
  std::span<const Window> windows(const Group& group) const {
    return std::span(windows_).subspan(group.first_window, group.windows);
  }

  /// A block's bytes, checked.
  Result<std::string_view> block(const Window& window) const {
    const auto bytes = mapping_.bytes().substr(window.offset + 4, window.bytes);
    ByteReader in(mapping_.bytes().substr(window.offset, 4));
    if (crc32c(bytes) != in.raw<std::uint32_t>())
      return corrupt("the block at byte " + std::to_string(window.offset) + " has a wrong checksum");
    return bytes;
  }

  Error corrupt(const std::string& what) const { return {Code::Corrupt, path_ + ": " + what}; }

 private:
  Result<std::string> unpack(const Section& section, const std::string& name) const {
    const auto file = mapping_.bytes();
    if (section.offset > file.size() || section.bytes > file.size() - section.offset)
      return corrupt("the " + name + " lies past the end");
    const auto packed = file.substr(section.offset, section.bytes);
    if (crc32c(packed) != section.crc) return corrupt("the checksum of the " + name + " is wrong");
    if (section.bytes_unpacked > kSectionBytesMax || section.bytes_unpacked / 32768 > section.bytes)
      return corrupt("the " + name + " claims an impossible size");
    std::string bytes(section.bytes_unpacked, '\0');
    const auto size = ZSTD_decompress(bytes.data(), bytes.size(), packed.data(), packed.size());
    if (ZSTD_isError(size) != 0 || size != bytes.size()) return corrupt("the " + name + " cannot be unpacked");
    return bytes;
  }

  bool read_index(std::string_view bytes, std::uint64_t blocks_end) {
    ByteReader in(bytes);
    const auto count = in.varint();
    if (count == 0 || count > in.left()) return false;
    ids_.resize(count);
    std::uint64_t id = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto step = in.varint();
      if ((i > 0 && step == 0) || step > UINT32_MAX || (id += step) > UINT32_MAX) return false;
      ids_[i] = static_cast<SeriesRef>(id);
    }
    const auto group_count = in.varint();
    if (group_count > in.left()) return false;
    groups_.reserve(group_count);
    std::uint64_t offset = kPartMagic.size();
    std::size_t series = 0;
    std::int64_t start_ms = 0;
    for (std::uint64_t g = 0; g < group_count; ++g) {
      const auto in_group = in.varint(), window_count = in.varint();
      if (in_group == 0 || in_group > kGroupSeriesMax || in_group > count - series || window_count > in.left())
        return false;
      groups_.push_back(
          {.first_series = series, .series = in_group, .first_window = windows_.size(), .windows = window_count});
      series += in_group;
      for (std::uint64_t w = 0; w < window_count; ++w) {
        start_ms = wrapping_add(start_ms, in.signed_varint());
        const auto end_ms = wrapping_add(start_ms, static_cast<std::int64_t>(in.varint()));
        const auto block = in.varint();
        if (end_ms < start_ms || (w > 0 && start_ms <= windows_.back().range.end_ms)) return false;
        if (!in.ok() || block > blocks_end || offset + 4 + block > blocks_end || block > UINT32_MAX) return false;
        windows_.push_back({.range = {start_ms, end_ms}, .offset = offset, .bytes = static_cast<std::uint32_t>(block)});
        offset += 4 + block;
      }
    }
    return in.ok() && in.left() == 0 && series == count;
  }

  const std::string path_;
  const Mapping mapping_;
  PartInfo info_;
  std::vector<SeriesRef> ids_;
  std::vector<Group> groups_;
  std::vector<Window> windows_;
  Section labels_;
};

class MappedCursor final : public PartCursor {
 public:
  explicit MappedCursor(const MappedPart& part) : part_(part), context_(ZSTD_createDCtx()) {}
  ~MappedCursor() override { ZSTD_freeDCtx(context_); }
  MappedCursor(const MappedCursor&) = delete;
  MappedCursor& operator=(const MappedCursor&) = delete;

  Result<void> read(std::size_t index, std::int64_t start_ms, std::int64_t end_ms, SeriesData& out) override {
    if (group_ == nullptr || index - group_->first_series >= group_->series) {
      group_ = &part_.group_of(index);
      used_ = 0;
      opened_.assign(group_->windows, nullptr);
    }
    const auto windows = part_.windows(*group_);
    const auto ends_before = [=](const Window& window) { return window.range.end_ms < start_ms; };
    const auto first = std::ranges::partition_point(windows, ends_before);
    for (auto window = first; window != windows.end() && window->range.start_ms <= end_ms; ++window) {
      MAMORI_TRY(auto* block, open(static_cast<std::size_t>(window - windows.begin()), *window));
      if (auto outcome = block->read(index - group_->first_series, {start_ms, end_ms}, out); !outcome)
        return corrupt(*window, outcome.error());
    }
    return {};
  }

 private:
  Result<BlockReader*> open(std::size_t w, const Window& window) {
    if (opened_[w] != nullptr) return opened_[w];
    MAMORI_TRY(const auto bytes, part_.block(window));
    if (used_ == readers_.size()) {
      if (used_ == 0 || bytes_held() < kCursorBytes) {
        readers_.push_back(std::make_unique<BlockReader>());
      } else {  // a very long range: all but the last stay open for the next series
        std::ranges::replace(opened_, readers_[--used_].get(), nullptr);
      }
    }
    auto* reader = readers_[used_].get();
    if (auto outcome = reader->open(bytes, group_->series, window.range, context_); !outcome)
      return corrupt(window, outcome.error());
    ++used_;
    return opened_[w] = reader;
  }

  std::size_t bytes_held() const {
    std::size_t bytes = 0;
    for (const auto& reader : readers_) bytes += reader->bytes();
    return bytes;
  }

  Error corrupt(const Window& window, const Error& error) const {
    return part_.corrupt("the block at byte " + std::to_string(window.offset) + ": " + error.message);
  }

  const MappedPart& part_;
  ZSTD_DCtx* context_;
  const Group* group_ = nullptr;
  std::vector<std::unique_ptr<BlockReader>> readers_;  // the first used_ hold blocks of this group
  std::size_t used_ = 0;
  std::vector<BlockReader*> opened_;  // by window of the group; null: not open
};

std::unique_ptr<PartCursor> MappedPart::cursor() const { return std::make_unique<MappedCursor>(*this); }

}  // namespace

Result<std::shared_ptr<const Part>> Part::open(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return io_error("open", path);
  struct stat status = {};
  if (::fstat(file.fd(), &status) != 0) return io_error("fstat", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size < kPartMagic.size() + kFooterBytes) return Error{Code::Corrupt, path + ": is too short for a part"};
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (data == MAP_FAILED) return io_error("mmap", path);
  auto part = std::make_shared<MappedPart>(path, Mapping(data, size));
  MAMORI_TRY_VOID(part->load());
  return part;
}

}  // namespace mamori::metrics
