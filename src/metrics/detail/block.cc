#include "metrics/detail/block.h"

#include <zstd.h>

#include <algorithm>

#include "metrics/detail/histogram_column.h"

namespace mamori::metrics::detail {
namespace {

constexpr std::uint64_t kStreamBytesMax = 64u
                                          << 20;  // of one stream, unpacked; a window of 480 samples needs kilobytes
constexpr int kLevel = 1;

// A stream's form in the block: its size, then whether and how it is packed.
constexpr std::size_t kPackFrom = 24;  // below it a frame's own bytes are more than it saves

Error corrupt(std::string_view what) { return {Code::Corrupt, std::string(what)}; }

Result<void> unpack(ByteReader& in, std::string& out, ZSTD_DCtx* context) {
  const auto size = in.varint();
  const auto packed_size = in.varint();
  const auto packed = in.take(packed_size == 0 ? size : packed_size);
  if (!in.ok() || size > kStreamBytesMax) return corrupt("a stream is longer than its block");
  if (packed_size == 0) {
    out.assign(packed);
    return {};
  }
  // Zstandard packs at most about 1:20,000 in a frame of this size.
  if (size / 32768 > packed_size) return corrupt("a stream claims an impossible size");
  out.resize(size);
  const auto got = ZSTD_decompressDCtx(context, out.data(), out.size(), packed.data(), packed.size());
  if (ZSTD_isError(got) != 0 || got != size) return corrupt("a stream cannot be unpacked");
  return {};
}

}  // namespace

BlockEncoder::BlockEncoder() : context_(ZSTD_createCCtx()) {
  ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 0);
}

BlockEncoder::~BlockEncoder() { ZSTD_freeCCtx(context_); }

std::size_t BlockEncoder::time_column(std::span<const Sample> samples, std::size_t& defined) {
  for (std::size_t c = defined; c-- > 0;) {
    if (std::ranges::equal(columns_[c], samples, {}, {}, &Sample::time_ms)) return c;
  }
  if (columns_.size() == defined) columns_.emplace_back();
  auto& column = columns_[defined];
  column.clear();
  for (const auto& sample : samples) column.push_back(sample.time_ms);
  return defined++;
}

void BlockEncoder::write_times(std::span<const std::int64_t> times) {
  put_signed(streams_.head, times[0]);
  if (times.size() == 1) return;
  auto step = wrapping_sub(times[1], times[0]);
  put_signed(streams_.head, step);
  run_.resize(times.size() - 2);
  for (std::size_t i = 2; i < times.size(); ++i) {
    const auto next = wrapping_sub(times[i], times[i - 1]);
    run_[i - 2] = wrapping_sub(next, step);
    step = next;
  }
  write_ints(run_, streams_);
}

void BlockEncoder::compress(const std::string& stream, std::string& out) {
  put_varint(out, stream.size());
  if (stream.size() >= kPackFrom) {
    const auto bound = ZSTD_compressBound(stream.size());
    thread_local std::string packed;
    packed.resize(bound);
    const auto size = ZSTD_compress2(context_, packed.data(), packed.size(), stream.data(), stream.size());
    if (ZSTD_isError(size) == 0 && size < stream.size()) {
      put_varint(out, size);
      out.append(packed, 0, size);
      return;
    }
  }
  put_varint(out, 0);
  out += stream;
}

void BlockEncoder::encode(std::span<const SeriesSlice> series, std::string& out) {
  for (auto* stream : {&streams_.head, &streams_.gaps, &streams_.values, &streams_.planes}) stream->clear();
  histograms_.clear();
  before_ = Numbers{};
  std::size_t defined = 0;
  for (const auto& [samples, histograms] : series) {
    put_varint(streams_.head, samples.size() << 1 | (histograms.empty() ? 0 : 1));
    if (!samples.empty()) {
      const auto known = defined;
      const auto column = time_column(samples, defined);
      put_varint(streams_.head, column);
      if (column == known) write_times(columns_[column]);
      values_.resize(samples.size());
      for (std::size_t i = 0; i < samples.size(); ++i) values_[i] = samples[i].value;
      now_.times = static_cast<std::uint32_t>(column);
      encoder_.write(values_, before_, now_, streams_);
      std::swap(before_, now_);
    }
    if (!histograms.empty()) {
      put_varint(streams_.head, histograms.size());
      write_histograms(histograms, histograms_);
    }
  }
  for (const auto* stream : {&streams_.head, &streams_.gaps, &streams_.values, &streams_.planes, &histograms_})
    compress(*stream, out);
}

Result<void> BlockReader::open(std::string_view bytes, std::size_t series, ZSTD_DCtx_s* context) {
  ByteReader in(bytes);
  for (auto* stream : {&head_, &gaps_, &values_bytes_, &planes_, &histograms_})
    MAMORI_TRY_VOID(unpack(in, *stream, context));
  if (in.left() != 0) return corrupt("bytes follow the last stream");
  series_ = series;
  rewind();
  return {};
}

void BlockReader::rewind() {
  streams_ = {.head = ByteReader(head_),
              .gaps = ByteReader(gaps_),
              .values = ByteReader(values_bytes_),
              .planes = ByteReader(planes_)};
  histogram_reader_ = ByteReader(histograms_);
  next_ = 0;
  defined_ = 0;
  now_ = before_ = Numbers{};
}

Result<void> BlockReader::decode_next() {
  const auto form = streams_.head.varint();
  const auto count = form >> 1;
  if (!streams_.ok() || count > kRunMax) return corrupt("a series has no length");
  values_.resize(count);
  points_.clear();
  if (count > 0) {
    const auto column = streams_.head.varint();
    if (column > defined_) return corrupt("a series names no time column");
    if (column == defined_) {
      if (columns_.size() == defined_) columns_.emplace_back();
      auto& times = columns_[defined_++];
      times.resize(count);
      times[0] = streams_.head.signed_varint();
      if (count > 1) {
        auto step = streams_.head.signed_varint();
        scratch_.resize(count - 2);
        if (!read_ints(streams_, scratch_)) return corrupt("a time column makes no sense");
        times[1] = wrapping_add(times[0], step);
        for (std::size_t i = 2; i < count; ++i) {
          step = wrapping_add(step, scratch_[i - 2]);
          times[i] = wrapping_add(times[i - 1], step);
        }
        // Readers look for times by halving.
        if (!std::ranges::is_sorted(times)) return corrupt("times do not ascend");
      }
    }
    column_ = column;
    if (columns_[column].size() != count) return corrupt("a series is longer than its time column");
    std::swap(before_, now_);
    now_.times = static_cast<std::uint32_t>(column);
    const Numbers none;
    const auto& leaned_on = before_.times == now_.times ? before_ : none;
    if (!read_values(streams_, leaned_on, now_, values_, scratch_)) return corrupt("values make no sense");
  }
  if ((form & 1) != 0) {
    const auto points = streams_.head.varint();
    if (points > histogram_reader_.left()) return corrupt("histograms are missing");
    if (!read_histograms(histogram_reader_, points, points_)) return corrupt("histograms make no sense");
    if (!std::ranges::is_sorted(points_, {}, &HistogramPoint::time_ms)) return corrupt("times do not ascend");
  }
  ++next_;
  return {};
}

Result<void> BlockReader::read(std::size_t i, std::int64_t start_ms, std::int64_t end_ms, SeriesData& out) {
  if (i >= series_) return corrupt("the block has fewer series");
  if (i + 1 < next_) rewind();
  while (next_ <= i) MAMORI_TRY_VOID(decode_next());
  if (!values_.empty()) {
    const auto& times = columns_[column_];
    const auto first = static_cast<std::size_t>(std::ranges::lower_bound(times, start_ms) - times.begin());
    const auto last = static_cast<std::size_t>(std::ranges::upper_bound(times, end_ms) - times.begin());
    if (first < last) {
      const auto had = out.samples.size();
      out.samples.resize(had + last - first);
      auto* to = out.samples.data() + had;
      for (std::size_t k = first; k < last; ++k) *to++ = {times[k], values_[k]};
    }
  }
  for (const auto& point : points_) {
    if (point.time_ms >= start_ms && point.time_ms <= end_ms) out.histograms.push_back(point);
  }
  return {};
}

std::size_t BlockReader::bytes() const {
  auto bytes = head_.capacity() + gaps_.capacity() + values_bytes_.capacity() + planes_.capacity() +
               histograms_.capacity() + (values_.capacity() + scratch_.capacity()) * 8 + now_.ints.capacity() * 16;
  for (const auto& column : columns_) bytes += column.capacity() * 8;
  return bytes;
}

}  // namespace mamori::metrics::detail
