// metrics/detail/block.h: packs some neighbouring series over one window of time: their time columns once each, then
// each one's values (value_column.h) and native histograms (histogram_column.h), all in streams that are compressed
// apart. What a reader opens to see any of its series.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/detail/histogram_column.h"
#include "metrics/detail/time_column.h"
#include "metrics/detail/value_column.h"
#include "metrics/store.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace mamori::metrics::detail {

struct SeriesSlice {
  std::span<const Sample> samples;  // ascending times; at most kRunMax
  std::span<const HistogramPoint> histograms;
};

inline constexpr std::int64_t kNoColumn = -1;

struct TimeRange {
  std::int64_t start_ms = 0, end_ms = 0;  // both included
  bool operator==(const TimeRange&) const = default;
};

class BlockEncoder {
 public:
  BlockEncoder();
  ~BlockEncoder();
  BlockEncoder(const BlockEncoder&) = delete;
  BlockEncoder& operator=(const BlockEncoder&) = delete;
  /// Appends the block to `out`. `start_ms`: of the earliest sample.
  void encode(std::span<const SeriesSlice> series, std::int64_t start_ms, std::string& out);

 private:
  template <typename Point>
  std::int64_t time_column(std::span<const Point> points);
  void write_columns(std::span<const SeriesSlice> series, std::int64_t start_ms);
  void compress(const std::string& stream, std::string& out);

  ZSTD_CCtx_s* context_;
  std::string packed_;
  StreamWriter streams_;
  std::string shapes_;
  std::vector<std::vector<std::int64_t>> columns_;  // the first columns_used_ are of this block
  std::size_t columns_used_ = 0;
  std::vector<std::int64_t> samples_columns_, histograms_columns_, run_;
  std::vector<double> values_;
  RunWriter runs_;
  TimeEncoder time_encoder_;
  ValueEncoder value_encoder_;
  HistogramEncoder histogram_encoder_;
};

/// One block, opened; its series are decoded one after another.
class BlockReader {
 public:
  BlockReader() = default;
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  /// `bytes` must live as long as it is read. `series`: how many it has; `range`: of its times, as the index has it.
  /// Errors: Corrupt.
  Result<void> open(std::string_view bytes, std::size_t series, TimeRange range, ZSTD_DCtx_s* context);

  /// Appends the samples and histograms of series `i` in `range`. Fast in ascending order and always for the same
  /// range: then numbers outside it are not even made. Errors: Corrupt.
  Result<void> read(std::size_t i, TimeRange range, SeriesData& out);

  std::size_t bytes() const;  // of memory

 private:
  using Column = std::int64_t;  // of times; kNoColumn: the series has no such points
  Result<void> unpack(std::string_view bytes, ZSTD_DCtx_s* context);
  bool read_columns(TimeRange range);
  bool read_column_numbers(std::vector<Column>& columns);
  Cut cut_of(Column column, TimeRange range) const;
  void rewind();
  void decode_for(TimeRange range);
  bool decode_next();

  std::unique_ptr<char[]> unpacked_;
  std::size_t unpacked_bytes_ = 0;
  StreamReader streams_, streams_start_;  // start: at the first series, behind the time columns
  ByteReader shapes_, shapes_start_;
  std::size_t series_ = 0, next_ = 0;
  std::vector<std::vector<std::int64_t>> times_;
  std::size_t times_used_ = 0;
  TimeRange block_range_, range_;                             // range_: what is decoded
  std::vector<Cut> cuts_;                                     // by time column: what is decoded
  std::vector<Column> samples_columns_, histograms_columns_;  // by series
  RunReader runs_;
  ValueReader values_;          // of the series decoded last
  HistogramReader histograms_;  // of the series decoded last
};

}  // namespace mamori::metrics::detail
