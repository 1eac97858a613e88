// metrics/detail/tombstones.h: which samples were deleted but still lie in parts. A deletion applies to what was
// written before it: each head and part knows the number of the newest deletion that it was made without samples of.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/detail/log_record.h"
#include "metrics/store.h"

namespace mamori::metrics::detail {

/// Immutable: a query keeps the one it began with.
class Tombstones {
 public:
  Tombstones() = default;
  explicit Tombstones(std::vector<Deletion> deletions, std::uint32_t newest = 0);

  /// The same and one more. REQUIRES: its number is newest() + 1.
  Tombstones with(Deletion deletion) const;
  /// Those for which keep(deletion).
  template <typename Keep>
  Tombstones only(Keep keep) const {
    std::vector<Deletion> kept;
    for (const auto& deletion : deletions_) {
      if (keep(deletion)) kept.push_back(deletion);
    }
    return Tombstones(std::move(kept), newest_);
  }

  /// Takes samples and histograms of the series that deletions after number `after` cover out of `data`, from these
  /// places on.
  void apply(SeriesRef id, std::uint32_t after, SeriesData& data, std::size_t samples_from,
             std::size_t histograms_from) const;

  const std::vector<Deletion>& deletions() const { return deletions_; }
  bool empty() const { return deletions_.empty(); }
  std::uint32_t newest() const { return newest_; }  // number of the newest deletion there ever was

 private:
  struct Range {
    SeriesRef id = 0;
    std::uint32_t number = 0;
    std::int64_t start_ms = 0, end_ms = 0;
  };
  std::vector<Deletion> deletions_;  // ascending numbers
  std::vector<Range> ranges_;        // by id, then number
  std::uint32_t newest_ = 0;
};

/// Nothing deleted when there is no file. A damaged one is set aside, with a sentence in `warnings`.
/// Errors: Io, Unavailable; Corrupt for a newer version's.
Result<Tombstones> read_tombstones(const std::string& path, std::vector<std::string>& warnings);
/// The file is the old or the new one, whatever happens. Errors: Io, Unavailable.
Result<void> write_tombstones(const std::string& path, const Tombstones& tombstones);

}  // namespace mamori::metrics::detail
