#include "metrics/detail/series_index.h"

#include <algorithm>
#include <unordered_set>

#include "metrics/detail/id_set.h"

namespace mamori::metrics::detail {
namespace {

std::uint32_t upper_half(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

void keep_largest(std::vector<NamedCount>& counts, std::size_t limit) {
  const auto larger = [](const NamedCount& a, const NamedCount& b) {
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  };
  limit = std::min(limit, counts.size());
  std::ranges::partial_sort(counts, counts.begin() + static_cast<std::ptrdiff_t>(limit), larger);
  counts.resize(limit);
}

}  // namespace

std::optional<SeriesRef> SeriesIndex::find(const Labels& labels) const {
  if (table_.empty()) return std::nullopt;
  const auto hash = labels.hash();
  const auto mask = table_.size() - 1;
  for (auto slot = hash & mask; table_[slot].id != kFree; slot = (slot + 1) & mask) {
    if (table_[slot].hash == upper_half(hash) && this->labels(table_[slot].id) == labels) return table_[slot].id;
  }
  return std::nullopt;
}

void SeriesIndex::add(SeriesRef id, const Labels& labels) {
  if ((size_ + 1) * 4 > table_.size() * 3) grow_table();
  auto& own = labels_.at(id);
  own = labels;
  table_[free_slot(labels.hash())] = {.hash = upper_half(labels.hash()), .id = id};
  // The lists point into the labels that are kept here, which are the same block as the caller's.
  for (const auto& [name, value] : own) {
    auto at = names_.find(name);
    if (at == names_.end()) at = names_.try_emplace(std::string(name)).first;
    at->second.add(value, id);
  }
  ++size_;
  label_bytes_ += labels.bytes();
}

void SeriesIndex::remove(std::span<const SeriesRef> ids) {
  if (ids.empty()) return;
  // Bits are faster than searching, unless they lie too far apart.
  const bool dense = (ids.back() - ids.front()) / 64 <= 1024 + 64 * ids.size();
  IdSet gone(ids.front(), dense ? ids.back() : ids.front());
  std::map<std::string_view, std::unordered_set<std::string_view>> touched;
  for (const auto id : ids) {
    if (dense) gone.add(id);
    for (const auto& [name, value] : labels(id)) touched[name].insert(value);
    remove_from_table(id);
  }
  for (const auto& [name, values] : touched) {
    const auto at = names_.find(name);
    at->second.remove(
        {values.begin(), values.end()},
        [&](SeriesRef id) { return dense ? gone.has(id) : std::ranges::binary_search(ids, id); },
        [&](SeriesRef id) { return labels(id).get(name); });
    if (at->second.size() == 0) names_.erase(at);
  }
  touched.clear();  // its texts are those of the labels that go now
  for (const auto id : ids) {
    label_bytes_ -= labels(id).bytes();
    labels_.at(id) = {};
  }
  size_ -= ids.size();
  labels_.free_pages([](const Labels& labels) { return labels.empty(); });
}

const Labels& SeriesIndex::labels(SeriesRef id) const {
  static const Labels kNone;
  const auto* labels = labels_.find(id);
  return labels == nullptr ? kNone : *labels;
}

std::size_t SeriesIndex::free_slot(std::uint64_t hash) const {
  const auto mask = table_.size() - 1;
  auto slot = hash & mask;
  while (table_[slot].id != kFree) slot = (slot + 1) & mask;
  return slot;
}

void SeriesIndex::grow_table() {
  const auto old = std::move(table_);
  table_ = std::vector<Slot>(old.empty() ? 64 : old.size() * 2);
  for (const auto& slot : old) {
    if (slot.id != kFree) table_[free_slot(labels(slot.id).hash())] = slot;
  }
}

void SeriesIndex::remove_from_table(SeriesRef id) {
  const auto mask = table_.size() - 1;
  auto hole = labels(id).hash() & mask;
  while (table_[hole].id != id) hole = (hole + 1) & mask;
  table_[hole] = {};
  // What stands behind the hole and would be looked for from before it moves into it, so that no search ends early.
  for (auto slot = (hole + 1) & mask; table_[slot].id != kFree; slot = (slot + 1) & mask) {
    const auto home = labels(table_[slot].id).hash() & mask;
    if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
    std::swap(table_[hole], table_[slot]);
    hole = slot;
  }
}

const LabelPostings* SeriesIndex::postings_of(std::string_view name) const {
  const auto at = names_.find(name);
  return at == names_.end() ? nullptr : &at->second;
}

std::vector<SeriesRef> SeriesIndex::all() const {
  std::vector<SeriesRef> ids;
  ids.reserve(size_);
  labels_.for_each([&](SeriesRef id, const Labels& labels) {
    if (!labels.empty()) ids.push_back(id);
  });
  return ids;
}

std::vector<std::string> SeriesIndex::label_names() const {
  std::vector<std::string> names;
  for (const auto& [name, postings] : names_) names.push_back(name);
  return names;
}

std::vector<std::string> SeriesIndex::label_values(std::string_view name) const {
  std::vector<std::string> values;
  const auto* postings = postings_of(name);
  if (postings == nullptr) return values;
  values.reserve(postings->size());
  postings->for_each([&](const LabelPostings::Entry& entry) { values.emplace_back(entry.value); });
  std::ranges::sort(values);
  return values;
}

Cardinality SeriesIndex::cardinality(std::size_t limit) const {
  Cardinality result{.series = size_};
  for (const auto& [name, postings] : names_) {
    result.label_pairs += postings.size();
    result.values_by_label.push_back({name, postings.size()});
    std::uint64_t bytes = 0;
    std::vector<NamedCount> by_value;
    postings.for_each([&](const LabelPostings::Entry& entry) {
      bytes += entry.value.size() * entry.ids.size();
      by_value.push_back({std::string(entry.value), entry.ids.size()});
    });
    result.value_bytes_by_label.push_back({name, bytes});
    keep_largest(by_value, limit);
    for (const auto& value : by_value) result.series_by_label_value.push_back({name + "=" + value.name, value.count});
    if (name == kMetricName) result.series_by_metric = std::move(by_value);
  }
  keep_largest(result.values_by_label, limit);
  keep_largest(result.value_bytes_by_label, limit);
  keep_largest(result.series_by_label_value, limit);
  return result;
}

std::size_t SeriesIndex::bytes() const {
  auto bytes = labels_.bytes() + label_bytes_ + size_ * 16 + table_.capacity() * sizeof(Slot);  // 16: malloc's own
  for (const auto& [name, postings] : names_) bytes += name.size() + sizeof(postings) + 64 + postings.bytes();
  return bytes;
}

}  // namespace mamori::metrics::detail
