// metrics/detail/selection.h: what a query reads: series, with the parts and heads that may have samples of them, as
// they were when the query began.
#pragma once
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "metrics/detail/file_store.h"
#include "metrics/detail/source_merge.h"

namespace mamori::metrics::detail {

class StoreSelection final : public Selection {
 public:
  /// Filled in by whoever holds the lock, then completed without it.
  struct Snapshot {
    std::int64_t start_ms = 0, end_ms = 0;
    std::vector<SeriesRef> ids;  // ascending
    std::vector<Labels> labels;
    std::vector<StoredPart> parts;  // that overlap the range, as written
    std::vector<FrozenHead> frozen;
    std::shared_ptr<const Head> active;                    // null when it does not overlap the range
    std::vector<ChainView<Sample>> views;                  // of the active head, by place in ids
    std::vector<std::pair<std::size_t, HeadView>> extras;  // of those that have more than samples in order
    std::shared_ptr<const Tombstones> tombstones;
  };
  explicit StoreSelection(Snapshot snapshot);

  std::size_t size() const override { return of_.ids.size(); }
  const Labels& labels(std::size_t i) const override { return of_.labels[i]; }
  std::unique_ptr<SeriesReader> reader() const override;

  /// Whether the series surely has a sample in the range, as far as can be said without reading parts.
  bool surely_has_samples(std::size_t i) const;

 private:
  friend class StoreReader;
  static constexpr std::uint32_t kNone = ~0u;
  HeadView active_view(std::size_t i) const;
  Snapshot of_;
  std::vector<std::vector<std::uint32_t>> places_;  // by part, then series: its index in the part, or kNone
};

class StoreReader final : public SeriesReader {
 public:
  explicit StoreReader(const StoreSelection& selection);
  Result<void> read(std::size_t i, SeriesData& out) override;

 private:
  void read_head(const HeadView& view, SeriesData& out);
  const StoreSelection& selection_;
  std::vector<std::unique_ptr<PartCursor>> cursors_;  // by part, once it was needed
  SourceMerge merge_;
};

}  // namespace mamori::metrics::detail
