// metrics/detail/block.h: packs a few neighbouring series over one window of time: each time column once, values by
// value_column.h, all streams compressed. What a reader opens to see any of its series.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/detail/value_column.h"
#include "metrics/store.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace mamori::metrics::detail {

struct SeriesSlice {
  std::span<const Sample> samples;  // ascending times; at most kRunMax
  std::span<const HistogramPoint> histograms;
};

class BlockEncoder {
 public:
  BlockEncoder();
  ~BlockEncoder();
  BlockEncoder(const BlockEncoder&) = delete;
  BlockEncoder& operator=(const BlockEncoder&) = delete;
  /// Appends the block to `out`.
  void encode(std::span<const SeriesSlice> series, std::string& out);

 private:
  std::size_t time_column(std::span<const Sample> samples, std::size_t& defined);
  void write_times(std::span<const std::int64_t> times);
  void compress(const std::string& stream, std::string& out);

  ZSTD_CCtx_s* context_;
  StreamWriter streams_;
  std::string histograms_;
  std::vector<std::vector<std::int64_t>> columns_;
  std::vector<std::int64_t> run_;
  std::vector<double> values_;
  ValueEncoder encoder_;
  Numbers before_, now_;
};

/// One block, opened; its series are decoded one after another.
class BlockReader {
 public:
  BlockReader() = default;
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  /// Errors: Corrupt. `bytes` need not outlive the call. `series`: how many it has.
  Result<void> open(std::string_view bytes, std::size_t series, ZSTD_DCtx_s* context);

  /// Appends the samples and histograms of series `i` in [start_ms, end_ms]. Going back to an earlier series decodes
  /// from the first one again. Errors: Corrupt.
  Result<void> read(std::size_t i, std::int64_t start_ms, std::int64_t end_ms, SeriesData& out);

  std::size_t bytes() const;  // of memory

 private:
  void rewind();
  Result<void> decode_next();

  std::string head_, gaps_, values_bytes_, planes_, histograms_;
  StreamReader streams_;
  ByteReader histogram_reader_;
  std::size_t series_ = 0, next_ = 0;
  std::vector<std::vector<std::int64_t>> columns_;
  std::size_t defined_ = 0;  // columns that are read
  // of the series decoded last
  std::size_t column_ = 0;
  std::vector<double> values_;
  std::vector<HistogramPoint> points_;
  Numbers before_, now_;
  std::vector<std::int64_t> scratch_;
};

}  // namespace mamori::metrics::detail
