// metrics/promql/accumulator.h: sum, avg, count, group, min or max of many rows, step by step, without keeping them.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mamori::metrics::promql {

enum class Folding { Sum, Avg, Count, Group, Min, Max };

/// None for an aggregation that needs all values at once.
std::optional<Folding> folding_of(std::string_view op);

/// One group's. Sums are compensated as KahanSum's are, so partial sums join without loss.
class Accumulator {
 public:
  Accumulator(Folding folding, std::size_t steps);

  /// `present`: how many of the row's steps have a value.
  void add(std::span<const double> row, std::size_t present);
  /// As if all that was added to `other` had been added here, after what is here already.
  void join(const Accumulator& other);
  /// Steps without any value become none(). False if a mean's sum has overflowed: then a running mean is needed.
  bool finish(std::span<double> out) const;

  /// What one takes, for the query's budget.
  static std::size_t bytes(Folding folding, std::size_t steps);

 private:
  void count(std::span<const double> row, std::size_t present);
  double count_at(std::size_t step) const { return whole_ + (counts_.empty() ? 0 : counts_[step]); }

  Folding folding_;
  std::size_t steps_;
  std::vector<double> value_, rest_;  // the sum and what rounding took from it, or the extreme
  double whole_ = 0;                  // rows with a value at every step
  std::vector<double> counts_;        // of values in the other rows, by step; empty while there are none
};

}  // namespace mamori::metrics::promql
