#include "metrics/detail/histogram_cells.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "metrics/histogram_buckets.h"

namespace mamori::metrics::detail {
namespace {

void add_to(Number& to, const Number& other, double sign, Rounding rounding) {
  if (rounding == Rounding::Plain) {
    to.add(sign * other.value);
  } else {
    to.add_compensated(sign * other.value);
    to.rest += sign * other.rest;
  }
}

/// Whether all of `other`'s indexes are in `to`, as is usual among samples of one series.
bool covers(const Cells& to, const Cells& other) {
  std::size_t at = 0;
  for (const auto& cell : other) {
    while (at < to.size() && to[at].index < cell.index) ++at;
    if (at == to.size() || to[at].index != cell.index) return false;
  }
  return true;
}

/// Gives each cell the index that `index_of` says, in the same order; those with the same one become one.
template <typename IndexOf>
void regroup(Cells& cells, Rounding rounding, IndexOf index_of) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto index = index_of(cells[i].index);
    if (kept > 0 && cells[kept - 1].index == index) {
      add_to(cells[kept - 1].count, cells[i].count, 1, rounding);
    } else {
      cells[kept] = cells[i];
      cells[kept++].index = index;
    }
  }
  cells.resize(kept);
}

}  // namespace

Cells open_buckets(std::span<const BucketSpan> spans, std::span<const double> counts) {
  Cells cells;
  cells.reserve(counts.size());
  for_each_bucket(spans, counts, [&](std::int64_t index, double count) { cells.push_back({index, {count}}); });
  return cells;
}

void close_buckets(const Cells& cells, std::vector<BucketSpan>& spans, std::vector<double>& counts) {
  spans.clear();
  counts.clear();
  std::int64_t next = 0;
  for (const auto& [index, count] : cells) {
    const double total = count.total();
    if (total == 0) continue;
    if (spans.empty() || index != next) spans.push_back({.offset = static_cast<std::int32_t>(index - next)});
    ++spans.back().length;
    counts.push_back(total);
    next = index + 1;
  }
}

void merge(Cells& to, const Cells& other, double sign, Rounding rounding) {
  if (covers(to, other)) {
    std::size_t at = 0;
    for (const auto& cell : other) {
      while (to[at].index < cell.index) ++at;
      add_to(to[at].count, cell.count, sign, rounding);
    }
    return;
  }
  Cells merged;
  merged.reserve(to.size() + other.size());
  auto a = to.begin();
  for (const auto& cell : other) {
    while (a != to.end() && a->index < cell.index) merged.push_back(*a++);
    if (a != to.end() && a->index == cell.index) {
      merged.push_back(*a++);
    } else {
      merged.push_back({.index = cell.index});
    }
    add_to(merged.back().count, cell.count, sign, rounding);
  }
  merged.insert(merged.end(), a, to.end());
  to = std::move(merged);
}

void reduce(Cells& cells, int steps, Rounding rounding) {
  if (steps <= 0) return;
  regroup(cells, rounding, [steps](std::int64_t index) { return ((index - 1) >> steps) + 1; });
}

std::vector<double> common_bounds(std::span<const double> a, std::span<const double> b) {
  std::vector<double> common;
  std::ranges::set_intersection(a, b, std::back_inserter(common));
  return common;
}

void map_bounds(Cells& cells, std::span<const double> bounds, std::span<const double> fewer, Rounding rounding) {
  regroup(cells, rounding, [&](std::int64_t index) {
    const auto i = static_cast<std::size_t>(index);
    if (index < 0 || i >= bounds.size()) return static_cast<std::int64_t>(fewer.size());  // up to +Inf
    return static_cast<std::int64_t>(std::ranges::lower_bound(fewer, bounds[i]) - fewer.begin());
  });
}

bool any_less(const Cells& now, const Cells& before) {
  std::size_t at = 0;
  for (const auto& [index, count] : before) {
    while (at < now.size() && now[at].index < index) ++at;
    const double there = at < now.size() && now[at].index == index ? now[at].count.value : 0;
    if (there < count.value) return true;
  }
  return false;
}

}  // namespace mamori::metrics::detail
