// metrics/promql/group_table.h: finds the group of a series by its labels, without making a label set for each series.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/labels.h"

namespace mamori::metrics::promql {

/// Which labels of a series make up its group's.
class Grouping {
 public:
  /// `names`: listed after by or without. `drop_metadata`: the series has lost its name and the like before.
  Grouping(std::span<const std::string> names, bool without, bool drop_metadata);

  /// Fills `kept` with the group's labels, which live as long as the series' own.
  void select(const Labels& labels, std::vector<Labels::Pair>& kept) const;
  /// Whether all series are in one group.
  bool one_group() const { return !without_ && names_.empty(); }

 private:
  std::vector<std::string> names_;  // sorted
  bool without_, drop_metadata_;
};

/// Hash set of label sets, numbered in order of their first appearance.
class GroupTable {
 public:
  /// The number of the group with these labels; `fresh` says whether it is new.
  std::size_t find_or_add(std::span<const Labels::Pair> pairs, bool& fresh);
  const Labels& labels(std::size_t group) const { return groups_[group].labels; }
  std::size_t size() const { return groups_.size(); }

 private:
  struct Group {
    Labels labels;
    std::uint64_t hash = 0;
  };
  void grow();

  std::vector<Group> groups_;
  std::vector<std::uint32_t> slots_;  // group + 1, 0: free; a power of two of them, at most half full
};

}  // namespace mamori::metrics::promql
