// metrics/detail/series_index.h: which series there are: labels by id, id by labels, and for each label value the ids
// of the series that have it. In memory; the catalogue is what lies on the disk. What always holds: a series that has
// an id here has labels, stands in the list of each of its label values, and the lists ascend.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/detail/label_postings.h"
#include "metrics/detail/paged_array.h"
#include "metrics/store.h"

namespace mamori::metrics::detail {

/// Not thread-safe: whoever reads holds a lock that keeps writers out.
class SeriesIndex {
 public:
  std::optional<SeriesRef> find(const Labels& labels) const;
  /// REQUIRES: neither the id nor the labels are there. Fastest in ascending ids.
  void add(SeriesRef id, const Labels& labels);
  /// `ids`: ascending, all there. Many at once, since the list of each of their label values is gone through once.
  void remove(std::span<const SeriesRef> ids);

  /// Empty labels when there is none.
  const Labels& labels(SeriesRef id) const;
  bool has(SeriesRef id) const { return !labels(id).empty(); }
  std::size_t size() const { return size_; }

  /// Ids of the series that match all matchers, ascending.
  std::vector<SeriesRef> select(std::span<const Matcher> matchers) const;
  std::vector<SeriesRef> all() const;

  std::vector<std::string> label_names() const;                        // sorted
  std::vector<std::string> label_values(std::string_view name) const;  // sorted
  Cardinality cardinality(std::size_t limit) const;

  std::size_t bytes() const;

 private:
  const LabelPostings* postings_of(std::string_view name) const;
  void grow_table();
  std::size_t free_slot(std::uint64_t hash) const;
  void remove_from_table(SeriesRef id);
  void narrow(std::vector<SeriesRef>& ids, const Matcher& matcher) const;
  void narrow_by_labels(std::vector<SeriesRef>& ids, const Matcher& matcher) const;

  PagedArray<Labels> labels_;
  std::map<std::string, LabelPostings, std::less<>> names_;
  // Open addressing, linear probing, at most 3/4 full.
  struct Slot {
    std::uint32_t hash = 0;  // its upper half: spares most looks at other series' labels
    SeriesRef id = kFree;
  };
  static constexpr SeriesRef kFree = ~SeriesRef{0};
  std::vector<Slot> table_;
  std::size_t size_ = 0, label_bytes_ = 0;
};

}  // namespace mamori::metrics::detail
