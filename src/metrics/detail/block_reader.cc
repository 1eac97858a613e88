#include <zstd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "metrics/detail/block.h"

namespace mamori::metrics::detail {
namespace {

// Of one stream, unpacked; a window of 128 samples of 128 series needs kilobytes.
constexpr std::uint64_t kStreamBytesMax = 64u << 20;
constexpr std::uint64_t kRatioMax = 32768;  // what Zstandard can reach in a frame of this size

Error corrupt(std::string_view what) { return {Code::Corrupt, std::string(what)}; }

struct PackedStream {
  std::string_view bytes;
  std::size_t size = 0;
  bool packed = false;
};

}  // namespace

/// Streams that are not packed are read where they lie.
Result<void> BlockReader::unpack(std::string_view bytes, ZSTD_DCtx_s* context) {
  const std::array<ByteReader*, 7> readers = {&streams_.forms, &streams_.bases, &streams_.gaps, &streams_.values,
                                              &streams_.bits,  &streams_.bytes, &shapes_};
  std::array<PackedStream, 7> streams;
  ByteReader in(bytes);
  std::size_t total = 0;
  for (auto& stream : streams) {
    const auto head = in.varint();
    stream.packed = (head & 1) != 0;
    const auto size = head >> 1;
    const auto packed_size = stream.packed ? in.varint() : size;
    stream.bytes = in.take(packed_size);
    if (!in.ok()) return corrupt("a stream is longer than its block");
    if (!stream.packed) continue;
    if (size > kStreamBytesMax || size / kRatioMax > packed_size) return corrupt("a stream claims an impossible size");
    stream.size = size;
    total += size;
  }
  if (in.left() != 0) return corrupt("bytes follow the last stream");
  if (total > unpacked_bytes_) {
    unpacked_ = std::make_unique_for_overwrite<char[]>(total);
    unpacked_bytes_ = total;
  }
  char* to = unpacked_.get();
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const auto& [packed, size, is_packed] = streams[i];
    *readers[i] = ByteReader(packed);
    if (!is_packed) continue;
    const auto got = ZSTD_decompressDCtx(context, to, size, packed.data(), packed.size());
    if (ZSTD_isError(got) != 0 || got != size) return corrupt("a stream cannot be unpacked");
    *readers[i] = ByteReader({to, size});
    to += size;
  }
  return {};
}

bool BlockReader::read_column_numbers(std::vector<Column>& columns) {
  Run run;
  if (!runs_.read(streams_, series_, run)) return false;
  columns.resize(series_);
  Column column = 0;
  bool known = true;
  for_each(run, [&](std::size_t s, std::int64_t step) {
    column = wrapping_add(column, step);
    known = known && column >= kNoColumn && column < static_cast<Column>(times_used_);
    columns[s] = column;
  });
  return known;
}

bool BlockReader::read_columns(TimeRange range) {
  const auto count = streams_.forms.varint();
  if (count > 2 * series_) return false;
  if (times_.size() < count) times_.resize(count);
  times_used_ = count;
  for (std::size_t c = 0; c < count; ++c) {
    if (!read_times(streams_, range.start_ms, range.end_ms, runs_, times_[c])) return false;
  }
  return read_column_numbers(samples_columns_) && read_column_numbers(histograms_columns_);
}

Result<void> BlockReader::open(std::string_view bytes, std::size_t series, TimeRange range, ZSTD_DCtx_s* context) {
  series_ = 0;
  MAMORI_TRY_VOID(unpack(bytes, context));
  if (series > kRunMax) return corrupt("it has too many series");
  series_ = series;
  if (!read_columns(range)) {
    series_ = 0;
    return corrupt("its times make no sense");
  }
  streams_start_ = streams_;
  shapes_start_ = shapes_;
  block_range_ = range;
  cuts_.clear();
  rewind();
  return {};
}

Cut BlockReader::cut_of(Column column, TimeRange range) const {
  const auto& times = times_[static_cast<std::size_t>(column)];
  Cut cut{0, times.size()};
  if (times.front() < range.start_ms)
    cut.first = static_cast<std::size_t>(std::ranges::lower_bound(times, range.start_ms) - times.begin());
  if (times.back() > range.end_ms)
    cut.last = static_cast<std::size_t>(std::ranges::upper_bound(times, range.end_ms) - times.begin());
  return cut;
}

/// The first range asked for is all that is decoded; from the second one on it is everything.
void BlockReader::decode_for(TimeRange range) {
  range_ = cuts_.empty() ? range : block_range_;
  cuts_.clear();
  for (std::size_t c = 0; c < times_used_; ++c) cuts_.push_back(cut_of(static_cast<Column>(c), range_));
  if (next_ > 0) rewind();
}

void BlockReader::rewind() {
  streams_ = streams_start_;
  shapes_ = shapes_start_;
  values_.begin_block();
  next_ = 0;
}

bool BlockReader::decode_next() {
  const auto number = next_++;
  if (const auto column = histograms_columns_[number]; column != kNoColumn) {
    const auto size = times_[static_cast<std::size_t>(column)].size();
    if (!histograms_.next(size, static_cast<std::uint32_t>(column), values_, streams_, shapes_)) return false;
  }
  if (const auto column = samples_columns_[number]; column != kNoColumn) {
    const auto c = static_cast<std::size_t>(column);
    if (!values_.next(times_[c].size(), cuts_[c], static_cast<std::uint32_t>(c), streams_)) return false;
  }
  return true;
}

Result<void> BlockReader::read(std::size_t i, TimeRange range, SeriesData& out) {
  if (i >= series_) return corrupt("it has fewer series");
  range.start_ms = std::max(range.start_ms, block_range_.start_ms);
  range.end_ms = std::min(range.end_ms, block_range_.end_ms);
  if (cuts_.empty() || (range != range_ && range_ != block_range_)) decode_for(range);
  if (i + 1 < next_) rewind();
  while (next_ <= i) {
    if (decode_next()) continue;
    const auto at = next_ - 1;
    series_ = 0;  // streams cannot be read on from here
    return corrupt("its series " + std::to_string(at) + " makes no sense");
  }
  const auto cut_now = [&](Column column) {
    return range == range_ ? cuts_[static_cast<std::size_t>(column)] : cut_of(column, range);
  };
  if (const auto column = samples_columns_[i]; column != kNoColumn) {
    if (const auto cut = cut_now(column); !cut.empty())
      values_.samples(times_[static_cast<std::size_t>(column)], cut, out.samples);
  }
  if (const auto column = histograms_columns_[i]; column != kNoColumn) {
    if (const auto cut = cut_now(column); !cut.empty())
      histograms_.points(times_[static_cast<std::size_t>(column)], cut, out.histograms);
  }
  return {};
}

std::size_t BlockReader::bytes() const {
  auto bytes = unpacked_bytes_ + values_.bytes() + histograms_.bytes();
  for (const auto& times : times_) bytes += times.capacity() * sizeof(std::int64_t);
  return bytes;
}

}  // namespace mamori::metrics::detail
