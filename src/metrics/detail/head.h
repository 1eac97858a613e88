// metrics/detail/head.h: samples in memory, by series, until they are written out as a part. A store has one that grows
// and maybe some that wait for being written, which no longer change.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "metrics/detail/chain.h"
#include "metrics/detail/paged_array.h"
#include "metrics/store.h"

namespace mamori::metrics::detail {

/// What a reader notes of a series in a head that still grows.
struct HeadView {
  ChainView<Sample> samples, late_samples;
  ChainView<HistogramPoint> histograms, late_histograms;
  bool has_more_than_samples() const {
    return late_samples.count > 0 || histograms.count > 0 || late_histograms.count > 0;
  }
  bool empty() const { return samples.count == 0 && !has_more_than_samples(); }
};

/// Not thread-safe; but what a view showed can be read while others add.
class Head {
 public:
  Head() = default;
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;
  ~Head();

  /// REQUIRES: newer than all that the series has here, but for `late` ones.
  void add(SeriesRef id, const Sample& sample) {
    series_.at(id).add(arena_, sample);
    noted(sample.time_ms);
  }
  void add(SeriesRef id, HistogramPoint point);
  void add_late(SeriesRef id, const Sample& sample);
  void add_late(SeriesRef id, HistogramPoint point);

  /// Takes the samples in [start_ms, end_ms] away; views that were taken before keep them.
  void remove(SeriesRef id, std::int64_t start_ms, std::int64_t end_ms);

  HeadView view(SeriesRef id) const;
  bool has(SeriesRef id) const { return !view(id).empty(); }
  /// What the series has at this time, as far as this head knows: one sample or histogram, or nothing.
  std::optional<SeriesData> at(SeriesRef id, std::int64_t time_ms) const;
  std::vector<SeriesRef> ids() const;  // ascending

  /// A series was defined in the log; its definition must reach the catalogue before the log is dropped.
  void note_defined(SeriesRef id) { defined_.push_back(id); }
  const std::vector<SeriesRef>& defined() const { return defined_; }

  std::uint64_t samples() const { return samples_; }  // histograms included; deleted ones too
  std::uint64_t bytes() const;
  std::uint64_t sample_bytes() const { return arena_.bytes() + histogram_bytes_; }
  std::uint32_t longest_late() const { return longest_late_; }  // of one series
  std::int64_t start_ms() const { return start_ms_; }
  std::int64_t end_ms() const { return end_ms_; }
  bool overlaps(std::int64_t start_ms, std::int64_t end_ms) const { return start_ms_ <= end_ms && end_ms_ >= start_ms; }

 private:
  struct Extra {
    Chain<HistogramPoint> histograms, late_histograms;
    Chain<Sample> late_samples;
  };
  void noted(std::int64_t time_ms) {
    ++samples_;
    if (time_ms < start_ms_) start_ms_ = time_ms;
    if (time_ms > end_ms_) end_ms_ = time_ms;
  }
  template <typename T>
  void cut(Chain<T>& chain, std::int64_t start_ms, std::int64_t end_ms);

  Arena arena_;
  PagedArray<Chain<Sample>> series_;
  PagedArray<Extra> extra_;                      // of the few series that have histograms or late samples
  std::vector<Chain<HistogramPoint>> replaced_;  // by remove(): views may still show them
  std::vector<SeriesRef> defined_;
  std::uint64_t samples_ = 0, histogram_bytes_ = 0;
  std::uint32_t longest_late_ = 0;
  std::int64_t start_ms_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t end_ms_ = std::numeric_limits<std::int64_t>::min();
};

/// Appends what the view shows in [start_ms, end_ms] to out.samples and out.histograms: what came in order, ascending.
void append_in_order(const HeadView& view, std::int64_t start_ms, std::int64_t end_ms, SeriesData& out);
/// What came late, in the order in which it came.
void append_late(const HeadView& view, std::int64_t start_ms, std::int64_t end_ms, SeriesData& out);

}  // namespace mamori::metrics::detail
