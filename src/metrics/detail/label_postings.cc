#include "metrics/detail/label_postings.h"

#include <functional>

namespace mamori::metrics::detail {

std::size_t LabelPostings::slot_of(std::string_view value) const {
  const auto mask = entries_.size() - 1;
  auto slot = std::hash<std::string_view>{}(value)&mask;
  while (!entries_[slot].value.empty() && entries_[slot].value != value) slot = (slot + 1) & mask;
  return slot;
}

const LabelPostings::Entry* LabelPostings::find(std::string_view value) const {
  if (entries_.empty() || value.empty()) return nullptr;
  const auto& entry = entries_[slot_of(value)];
  return entry.value.empty() ? nullptr : &entry;
}

void LabelPostings::add(std::string_view value, SeriesRef id) {
  if ((size_ + 1) * 4 > entries_.size() * 3) rehash(entries_.empty() ? 4 : entries_.size() * 2);
  auto& entry = entries_[slot_of(value)];
  if (entry.value.empty()) {
    entry.value = value;
    ++size_;
  }
  heap_bytes_ -= entry.ids.heap_bytes();
  entry.ids.add(id);
  heap_bytes_ += entry.ids.heap_bytes();
}

void LabelPostings::rehash(std::size_t slots) {
  auto old = std::move(entries_);
  entries_ = std::vector<Entry>(slots);
  for (auto& entry : old) {
    if (!entry.value.empty()) entries_[slot_of(entry.value)] = std::move(entry);
  }
}

/// The emptied entries' texts may be of series that go: none of them is looked at again.
void LabelPostings::drop_emptied() {
  size_ -= emptied_;
  emptied_ = 0;
  for (auto& entry : entries_) {
    if (entry.value.empty() || entry.ids.size() > 0) continue;
    entry.value = {};
    heap_bytes_ -= entry.ids.heap_bytes();
    entry.ids = IdList();
  }
  std::size_t slots = 4;
  while ((size_ + 1) * 4 > slots * 3) slots *= 2;
  rehash(slots);
}

}  // namespace mamori::metrics::detail
