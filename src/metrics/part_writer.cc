#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <unordered_map>

#include "base/file.h"
#include "base/wal.h"
#include "metrics/detail/block.h"
#include "metrics/detail/part_layout.h"
#include "metrics/part.h"

namespace mamori::metrics {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace)

// Two hours at 15 s: an instant query decodes little, and a header of ten bytes is a fiftieth of a byte a sample.
constexpr std::size_t kWindowSamples = 480;
// What is asked most is the end, for which the last window is kept short.
constexpr std::size_t kTailSamples = 64;
// A group takes series until a block of it is worth a compressor's tables, and stays small enough to decode for one.
constexpr std::size_t kGroupSeriesMin = 16, kGroupSeriesMax = 128, kBlockSamples = 8192;
constexpr std::size_t kGroupSamplesMax = 1u << 17;  // bounds the writer's memory
constexpr std::size_t kBufferBytes = 1u << 20;

class FilePartWriter final : public PartWriter {
 public:
  FilePartWriter(std::string path, File file) : path_(std::move(path)), draft_(path_ + ".tmp"), file_(std::move(file)) {
    buffer_ = kPartMagic;
  }
  ~FilePartWriter() override {
    if (!finished_) ::unlink(draft_.c_str());
  }

  Result<void> add(SeriesRef id, const SeriesData& data) override {
    if (data.samples.empty() && data.histograms.empty()) return {};
    MAMORI_ASSERT(ids_.empty() || id > ids_.back());
    add_labels(data.labels);
    ids_.push_back(id);
    if (group_.size() == group_series_) group_.emplace_back();
    auto& series = group_[group_series_++];
    series.samples = data.samples;
    series.histograms = data.histograms;
    group_samples_ += data.samples.size() + data.histograms.size();
    footer_.samples += data.samples.size() + data.histograms.size();
    const bool full = group_series_ >= kGroupSeriesMin && group_samples_ >= kBlockSamples;
    if (full || group_series_ >= kGroupSeriesMax || group_samples_ >= kGroupSamplesMax) return end_group();
    return {};
  }

  Result<void> finish() override {
    if (ids_.empty()) return invalid_argument(path_ + ": a part without samples");
    if (group_series_ > 0) MAMORI_TRY_VOID(end_group());
    std::string index;
    put_varint(index, ids_.size());
    SeriesRef last = 0;
    for (const auto id : ids_) put_varint(index, id - std::exchange(last, id));
    put_varint(index, groups_count_);
    index += groups_;
    MAMORI_TRY(footer_.index, write_section(index));
    std::string labels;
    put_varint(labels, symbols_.size());
    labels += symbol_bytes_;
    labels += label_sets_;
    MAMORI_TRY(footer_.labels, write_section(labels));
    footer_.series = ids_.size();
    write_footer();
    MAMORI_TRY_VOID(flush());
    if (::fdatasync(file_.fd()) != 0) return unavailable("fdatasync");
    if (::rename(draft_.c_str(), path_.c_str()) != 0) return unavailable("rename");
    finished_ = true;
    return sync_dir(std::filesystem::path(path_).parent_path().string());
  }

 private:
  void add_labels(const Labels& labels) {
    put_varint(label_sets_, labels.size());
    for (const auto& [name, value] : labels) {
      for (const auto text : {name, value}) {
        auto at = symbols_.find(std::string(text));
        if (at == symbols_.end()) {
          at = symbols_.emplace(text, symbols_.size()).first;
          put_varint(symbol_bytes_, text.size());
          symbol_bytes_ += text;
        }
        put_varint(label_sets_, at->second);
      }
    }
  }

  /// Cuts the group's series at the same moments, so that a window holds at most kWindowSamples of each.
  Result<void> end_group() {
    std::vector<std::size_t> at(group_series_), histogram_at(group_series_);
    std::string windows;
    std::size_t count = 0;
    std::optional<std::int64_t> tail_ms;
    for (std::size_t s = 0; s < group_series_; ++s) {
      const auto& samples = group_[s].samples;
      if (samples.size() < 3 * kTailSamples) continue;
      const auto from_ms = samples[samples.size() - kTailSamples].time_ms;
      tail_ms = std::max(tail_ms.value_or(from_ms), from_ms);
    }
    while (true) {
      bool more = false;
      std::optional<std::int64_t> next_ms;  // where the window after this one begins
      const auto bound = [&](const auto& points, std::size_t from) {
        if (from < points.size()) more = true;
        if (from + kWindowSamples < points.size())
          next_ms = std::min(next_ms.value_or(std::numeric_limits<std::int64_t>::max()),
                             points[from + kWindowSamples].time_ms);
      };
      for (std::size_t s = 0; s < group_series_; ++s) {
        bound(group_[s].samples, at[s]);
        bound(group_[s].histograms, histogram_at[s]);
      }
      if (!more) break;
      if (tail_ms) {
        next_ms = std::min(next_ms.value_or(*tail_ms), *tail_ms);
        if (*next_ms == *tail_ms) tail_ms.reset();
      }
      MAMORI_TRY_VOID(write_window(at, histogram_at, next_ms, windows));
      ++count;
    }
    put_varint(groups_, group_series_);
    put_varint(groups_, count);
    groups_ += windows;
    ++groups_count_;
    group_series_ = group_samples_ = 0;
    return {};
  }

  Result<void> write_window(std::vector<std::size_t>& at, std::vector<std::size_t>& histogram_at,
                            std::optional<std::int64_t> next_ms, std::string& windows) {
    slices_.clear();
    auto start_ms = std::numeric_limits<std::int64_t>::max(), end_ms = std::numeric_limits<std::int64_t>::min();
    const auto cut = [&](const auto& points, std::size_t& from) {
      const auto begin = points.begin() + static_cast<std::ptrdiff_t>(from);
      const auto end = next_ms ? std::ranges::lower_bound(begin, points.end(), *next_ms, {},
                                                          [](const auto& point) { return point.time_ms; })
                               : points.end();
      if (begin != end) {
        start_ms = std::min(start_ms, begin->time_ms);
        end_ms = std::max(end_ms, std::prev(end)->time_ms);
      }
      from += static_cast<std::size_t>(end - begin);
      return std::span(begin, end);
    };
    for (std::size_t s = 0; s < group_series_; ++s) {
      const std::span<const Sample> samples = cut(group_[s].samples, at[s]);
      const std::span<const HistogramPoint> histograms = cut(group_[s].histograms, histogram_at[s]);
      slices_.push_back({samples, histograms});
    }
    block_.clear();
    encoder_.encode(slices_, block_);
    footer_.start_ms = is_first_window_ ? start_ms : std::min(footer_.start_ms, start_ms);
    footer_.end_ms = is_first_window_ ? end_ms : std::max(footer_.end_ms, end_ms);
    is_first_window_ = false;
    put_signed(windows, wrapping_sub(start_ms, std::exchange(last_start_ms_, start_ms)));
    put_varint(windows, static_cast<std::uint64_t>(wrapping_sub(end_ms, start_ms)));
    put_varint(windows, block_.size());
    put_raw(buffer_, crc32c(block_));
    buffer_ += block_;
    return buffer_.size() >= kBufferBytes ? flush() : Result<void>{};
  }

  Result<Section> write_section(const std::string& bytes) {
    std::string packed(ZSTD_compressBound(bytes.size()), '\0');
    const auto size = ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3);
    if (ZSTD_isError(size) != 0) return Error{Code::Internal, path_ + ": " + ZSTD_getErrorName(size)};
    packed.resize(size);
    const Section section{.offset = written_ + buffer_.size(),
                          .bytes = packed.size(),
                          .bytes_unpacked = bytes.size(),
                          .crc = crc32c(packed)};
    buffer_ += packed;
    if (buffer_.size() >= kBufferBytes) MAMORI_TRY_VOID(flush());
    return section;
  }

  void write_footer() {
    std::string footer;
    put_raw(footer, footer_.samples);
    put_raw(footer, footer_.series);
    put_raw(footer, footer_.start_ms);
    put_raw(footer, footer_.end_ms);
    for (const auto& section : {footer_.index, footer_.labels}) {
      put_raw(footer, section.offset);
      put_raw(footer, section.bytes);
      put_raw(footer, section.bytes_unpacked);
      put_raw(footer, std::uint64_t{section.crc});
    }
    put_raw(footer, std::uint64_t{crc32c(footer)});
    footer += kPartEnd;
    buffer_ += footer;
  }

  Result<void> flush() {
    MAMORI_TRY_VOID(write_all(file_.fd(), buffer_, draft_));
    written_ += buffer_.size();
    buffer_.clear();
    return {};
  }

  Error unavailable(std::string_view call) const { return {Code::Unavailable, io_error(call, draft_).message}; }

  struct GroupSeries {
    std::vector<Sample> samples;
    std::vector<HistogramPoint> histograms;
  };

  const std::string path_, draft_;
  File file_;
  bool finished_ = false;
  std::string buffer_;
  std::uint64_t written_ = 0;

  std::vector<SeriesRef> ids_;
  std::unordered_map<std::string, std::size_t> symbols_;
  std::string symbol_bytes_, label_sets_;

  std::vector<GroupSeries> group_;  // the first group_series_ are in use; their memory is kept
  std::size_t group_series_ = 0, group_samples_ = 0;
  std::vector<SeriesSlice> slices_;
  BlockEncoder encoder_;
  std::string block_;

  std::string groups_;
  std::size_t groups_count_ = 0;
  std::int64_t last_start_ms_ = 0;
  bool is_first_window_ = true;
  PartFooter footer_;
};

}  // namespace

Result<std::unique_ptr<PartWriter>> PartWriter::create(std::string path) {
  const auto draft = path + ".tmp";
  File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.fd() < 0) return Error{Code::Unavailable, io_error("open", draft).message};
  return std::make_unique<FilePartWriter>(std::move(path), std::move(file));
}

}  // namespace mamori::metrics
