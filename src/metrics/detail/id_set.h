// metrics/detail/id_set.h: operations on sets of series ids: intersection and difference of ascending lists, and a set
// that many lists are put into.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/store.h"

namespace mamori::metrics::detail {

/// A bit per id between the lowest and the highest.
class IdSet {
 public:
  IdSet() = default;
  IdSet(SeriesRef lowest, SeriesRef highest)
      : lowest_(lowest / 64 * 64), words_((highest - lowest_) / 64 + std::size_t{1}) {}
  /// REQUIRES: lowest <= id <= highest.
  void add(SeriesRef id) { words_[(id - lowest_) / 64] |= bit(id); }
  bool has(SeriesRef id) const {
    return id >= lowest_ && (id - lowest_) / 64 < words_.size() && (words_[(id - lowest_) / 64] & bit(id)) != 0;
  }
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (auto word = words_[i]; word != 0; word &= word - 1)
        visit(static_cast<SeriesRef>(lowest_ + i * 64 + static_cast<unsigned>(__builtin_ctzll(word))));
    }
  }

 private:
  static std::uint64_t bit(SeriesRef id) { return std::uint64_t{1} << (id % 64); }
  SeriesRef lowest_ = 0;
  std::vector<std::uint64_t> words_;
};

/// Keeps those of `ids` that are in `other`, or with `in` false those that are not. Both ascend; the cost is that of
/// the shorter one, times a logarithm.
inline void keep_if(std::vector<SeriesRef>& ids, std::span<const SeriesRef> other, bool in) {
  std::size_t at = 0;
  const auto is_there = [&](SeriesRef id) {
    std::size_t step = 1;
    while (at + step < other.size() && other[at + step] < id) step *= 2;
    const auto end = other.begin() + static_cast<std::ptrdiff_t>(std::min(at + step + 1, other.size()));
    const auto found = std::lower_bound(other.begin() + static_cast<std::ptrdiff_t>(at), end, id);
    at = static_cast<std::size_t>(found - other.begin());
    return at < other.size() && other[at] == id;
  };
  std::erase_if(ids, [&](SeriesRef id) { return is_there(id) != in; });
}

/// The ids of all lists, ascending. REQUIRES: no id is in two of them.
inline std::vector<SeriesRef> join(std::span<const std::span<const SeriesRef>> lists) {
  std::vector<SeriesRef> joined;
  std::size_t count = 0;
  SeriesRef lowest = ~SeriesRef{0}, highest = 0;
  for (const auto list : lists) {
    if (list.empty()) continue;
    count += list.size();
    lowest = std::min(lowest, list.front());
    highest = std::max(highest, list.back());
  }
  joined.reserve(count);
  // Where ids lie close together, bits are faster than sorting.
  if (lists.size() > 2 && count > 256 && (highest - lowest) / 64 < count * 4) {
    IdSet set(lowest, highest);
    for (const auto list : lists) {
      for (const auto id : list) set.add(id);
    }
    set.for_each([&](SeriesRef id) { joined.push_back(id); });
    return joined;
  }
  for (const auto list : lists) joined.insert(joined.end(), list.begin(), list.end());
  if (lists.size() > 1) std::ranges::sort(joined);
  return joined;
}

}  // namespace mamori::metrics::detail
