// metrics/detail/label_postings.h: one label name's values, and for each the ids of the series that have it.
// A value's text is not copied: it is that of a series in its list, so it changes hands when that series goes.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "metrics/detail/id_list.h"

namespace mamori::metrics::detail {

class LabelPostings {
 public:
  struct Entry {
    std::string_view value;  // "": a free slot; no series has an empty value
    IdList ids;
  };

  const Entry* find(std::string_view value) const;
  /// `value` must live as long as the series has a place in the list.
  void add(std::string_view value, SeriesRef id);

  /// Takes away ids for which is_gone(id), out of the lists of these values, each given once. text_of(id) is the value
  /// as a series that stays has it.
  template <typename IsGone, typename TextOf>
  void remove(const std::vector<std::string_view>& values, IsGone is_gone, TextOf text_of) {
    for (const auto value : values) {
      auto& entry = entries_[slot_of(value)];
      entry.ids.remove_if(is_gone);
      if (entry.ids.size() > 0) {
        entry.value = text_of(entry.ids.ids().front());
      } else {
        ++emptied_;
      }
    }
    if (emptied_ > 0) drop_emptied();
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& entry : entries_) {
      if (!entry.value.empty()) visit(entry);
    }
  }

  /// A value's place: less than slots(), the same until the next change.
  std::size_t slot_of(std::string_view value) const;
  std::size_t slots() const { return entries_.size(); }
  std::size_t size() const { return size_; }  // values
  std::size_t bytes() const { return entries_.capacity() * sizeof(Entry) + heap_bytes_; }

 private:
  void rehash(std::size_t slots);
  void drop_emptied();
  std::vector<Entry> entries_;  // open addressing, linear probing: a power of two, at most 3/4 full
  std::size_t size_ = 0, emptied_ = 0, heap_bytes_ = 0;
};

}  // namespace mamori::metrics::detail
