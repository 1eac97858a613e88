#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/wal.h"
#include "metrics/detail/block.h"
#include "metrics/detail/label_table.h"
#include "metrics/detail/part_layout.h"
#include "metrics/part.h"

namespace mamori::metrics {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace)

// Half an hour at 15 s: an instant query decodes little, and what a series costs in each block, five bytes, is little
// of it. A series that is scraped more often than its neighbours has more samples there.
constexpr std::size_t kWindowSamples = 128, kWindowSamplesMax = 1024;
// A group takes series until a block of it is worth a compressor's tables, and stays quick to open for one of them.
constexpr std::size_t kGroupSeriesMin = 128, kBlockSamples = 8192;
constexpr std::size_t kGroupSamplesMax = 1u << 19;  // bounds the writer's memory, at 16 bytes each
constexpr std::size_t kBucketsPerSample = 4;        // that a histogram counts for
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
    std::size_t buckets_max = 0;
    for (const auto& point : data.histograms) buckets_max = std::max(buckets_max, bucket_count(*point.value));
    if (buckets_max > kBucketsMax)
      return invalid_argument(path_ + ": a histogram of " + std::to_string(buckets_max) + " buckets; " +
                              std::to_string(kBucketsMax) + " are the most");
    if (!ascends(data.samples) || !ascends(data.histograms))
      return invalid_argument(path_ + ": times of series " + std::to_string(id) + " do not ascend");
    labels_.add(data.labels);
    ids_.push_back(id);
    if (group_.size() == group_series_) group_.emplace_back();
    auto& series = group_[group_series_++];
    series.samples = data.samples;
    series.histograms = data.histograms;
    series.samples_at = series.histograms_at = 0;
    series.histograms_max = std::clamp(kBucketNumbersMax / (2 * buckets_max + 1), std::size_t{1}, kWindowSamplesMax);
    footer_.samples += data.samples.size() + data.histograms.size();
    group_samples_ += data.samples.size() + data.histograms.size() * (1 + buckets_max / kBucketsPerSample);
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
    MAMORI_TRY(footer_.labels, write_section(labels_.bytes()));
    footer_.series = ids_.size();
    write_footer();
    MAMORI_TRY_VOID(flush());
    if (::fdatasync(file_.fd()) != 0) return unavailable("fdatasync");
    if (::rename(draft_.c_str(), path_.c_str()) != 0) return unavailable("rename");
    finished_ = true;
    return sync_dir(std::filesystem::path(path_).parent_path().string());
  }

 private:
  struct GroupSeries {
    std::vector<Sample> samples;
    std::vector<HistogramPoint> histograms;
    std::size_t samples_at = 0, histograms_at = 0;  // what is written of them
    std::size_t histograms_max = 0;                 // in one window
  };

  template <typename Point>
  static bool ascends(const std::vector<Point>& points) {
    bool ascends = true;
    for (std::size_t i = 1; i < points.size(); ++i) ascends &= points[i - 1].time_ms < points[i].time_ms;
    return ascends;
  }

  std::span<GroupSeries> group() { return std::span(group_).first(group_series_); }

  /// Cuts all series of the group at the same moments.
  Result<void> end_group() {
    std::string windows;
    std::size_t count = 0;
    while (std::ranges::any_of(group(), [](const GroupSeries& series) {
      return series.samples_at < series.samples.size() || series.histograms_at < series.histograms.size();
    })) {
      MAMORI_TRY_VOID(write_window(windows));
      ++count;
    }
    put_varint(groups_, group_series_);
    put_varint(groups_, count);
    groups_ += windows;
    ++groups_count_;
    group_series_ = group_samples_ = 0;
    return {};
  }

  /// When the window after the next begins; nothing: it takes all there is. Most series have kWindowSamples in it.
  std::optional<std::int64_t> window_end() {
    ends_.clear();
    std::optional<std::int64_t> latest;
    const auto look = [&](const auto& points, std::size_t at, std::size_t most) {
      if (at + most < points.size())
        latest = std::min(latest.value_or(std::numeric_limits<std::int64_t>::max()), points[at + most].time_ms);
      const auto wanted = std::min(kWindowSamples, most);
      if (at < points.size())
        ends_.push_back(at + wanted < points.size() ? points[at + wanted].time_ms
                                                    : std::numeric_limits<std::int64_t>::max());
    };
    for (const auto& series : group()) {
      look(series.samples, series.samples_at, kWindowSamplesMax);
      look(series.histograms, series.histograms_at, series.histograms_max);
    }
    const auto middle = ends_.begin() + static_cast<std::ptrdiff_t>((ends_.size() - 1) / 2);
    std::ranges::nth_element(ends_, middle);
    const auto end = std::min(*middle, latest.value_or(*middle));
    return end == std::numeric_limits<std::int64_t>::max() ? std::nullopt : std::optional(end);
  }

  Result<void> write_window(std::string& windows) {
    const auto window_end_ms = window_end();
    slices_.clear();
    auto start_ms = std::numeric_limits<std::int64_t>::max(), end_ms = std::numeric_limits<std::int64_t>::min();
    const auto cut = [&](const auto& points, std::size_t& at) {
      const auto begin = points.begin() + static_cast<std::ptrdiff_t>(at);
      const auto end = window_end_ms ? std::ranges::lower_bound(begin, points.end(), *window_end_ms, {},
                                                                [](const auto& point) { return point.time_ms; })
                                     : points.end();
      if (begin != end) {
        start_ms = std::min(start_ms, begin->time_ms);
        end_ms = std::max(end_ms, std::prev(end)->time_ms);
      }
      at += static_cast<std::size_t>(end - begin);
      return std::span(begin, end);
    };
    for (auto& series : group()) {
      const std::span<const Sample> samples = cut(std::as_const(series.samples), series.samples_at);
      const std::span<const HistogramPoint> histograms = cut(std::as_const(series.histograms), series.histograms_at);
      slices_.push_back({samples, histograms});
    }
    block_.clear();
    encoder_.encode(slices_, start_ms, block_);
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

  const std::string path_, draft_;
  File file_;
  bool finished_ = false;
  std::string buffer_;
  std::uint64_t written_ = 0;

  std::vector<SeriesRef> ids_;
  LabelTableWriter labels_;

  std::vector<GroupSeries> group_;  // the first group_series_ are in use; their memory is kept
  std::size_t group_series_ = 0, group_samples_ = 0;
  std::vector<SeriesSlice> slices_;
  std::vector<std::int64_t> ends_;
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
