#include "metrics/promql/group_table.h"

#include <algorithm>
#include <functional>

#include "metrics/promql/value.h"

namespace mamori::metrics::promql {
namespace {

std::uint64_t hash_of(std::span<const Labels::Pair> pairs) {
  std::uint64_t hash = 0;
  const auto mix = [&](std::string_view text) {
    hash = (hash ^ std::hash<std::string_view>()(text)) * 0x9e3779b97f4a7c15ull;
    hash ^= hash >> 32;
  };
  for (const auto& [name, value] : pairs) {
    mix(name);
    mix(value);
  }
  return hash;
}

bool same(const Labels& labels, std::span<const Labels::Pair> pairs) {
  if (labels.size() != pairs.size()) return false;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (labels.pair(i) != pairs[i]) return false;
  }
  return true;
}

}  // namespace

Grouping::Grouping(std::span<const std::string> names, bool without, bool drop_metadata)
    : names_(names.begin(), names.end()), without_(without), drop_metadata_(drop_metadata) {
  std::ranges::sort(names_);
}

void Grouping::select(const Labels& labels, std::vector<Labels::Pair>& kept) const {
  kept.clear();
  if (one_group()) return;
  auto next = names_.begin();
  for (const auto& pair : labels) {
    const auto name = pair.first;
    while (next != names_.end() && *next < name) ++next;
    if (!without_ && next == names_.end()) return;
    const bool listed = next != names_.end() && *next == name;
    const bool keep = without_ ? !listed && name != kMetricName : listed;
    if (keep && !(drop_metadata_ && is_metadata_label(name))) kept.push_back(pair);
  }
}

std::size_t GroupTable::find_or_add(std::span<const Labels::Pair> pairs, bool& fresh) {
  if (groups_.size() * 2 >= slots_.size()) grow();
  const auto hash = hash_of(pairs);
  const auto mask = slots_.size() - 1;
  auto at = hash & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    const auto& group = groups_[slots_[at] - 1];
    if (group.hash == hash && same(group.labels, pairs)) {
      fresh = false;
      return slots_[at] - 1;
    }
  }
  groups_.push_back({.labels = Labels::from_sorted(pairs), .hash = hash});
  slots_[at] = static_cast<std::uint32_t>(groups_.size());
  fresh = true;
  return groups_.size() - 1;
}

void GroupTable::grow() {
  slots_.assign(std::max<std::size_t>(16, slots_.size() * 2), 0);
  const auto mask = slots_.size() - 1;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    auto at = groups_[i].hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace mamori::metrics::promql
