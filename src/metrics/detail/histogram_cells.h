// metrics/detail/histogram_cells.h: one side's buckets of a native histogram for arithmetic: counts by index instead of
// spans, each with what rounding has taken from it.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/compensated.h"
#include "metrics/histogram.h"

namespace mamori::metrics::detail {

/// A number and what rounding has taken from it.
struct Number {
  double value = 0, rest = 0;

  void add(double more) { value += more; }
  void add_compensated(double more) { metrics::add_compensated(value, rest, more); }
  void scale(double factor) {
    value *= factor;
    rest *= factor;
  }
  void divide(double divisor) {
    value /= divisor;
    rest /= divisor;
  }
  double total() const { return std::isinf(value) ? value : value + rest; }
};

struct Cell {
  std::int64_t index = 0;
  Number count;
};
using Cells = std::vector<Cell>;  // ascending index

enum class Rounding { Plain, Compensated };

Cells open_buckets(std::span<const BucketSpan> spans, std::span<const double> counts);
/// Without the empty ones.
void close_buckets(const Cells& cells, std::vector<BucketSpan>& spans, std::vector<double>& counts);

/// Adds `sign` times the other's counts.
void merge(Cells& to, const Cells& other, double sign, Rounding rounding);

/// Buckets of an exponential schema become those of one that is coarser by `steps`: 2^steps of them fall into one.
void reduce(Cells& cells, int steps, Rounding rounding);

/// Ascending bounds that are in both.
std::vector<double> common_bounds(std::span<const double> a, std::span<const double> b);
/// Custom buckets that end at `bounds` become those that end at `fewer`. REQUIRES: `fewer` is a part of `bounds`.
void map_bounds(Cells& cells, std::span<const double> bounds, std::span<const double> fewer, Rounding rounding);

/// Whether some bucket holds less than before.
bool any_less(const Cells& now, const Cells& before);

}  // namespace mamori::metrics::detail
