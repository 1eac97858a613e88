#include "metrics/promql/accumulator.h"

#include <cmath>

#include "metrics/promql/numeric.h"
#include "metrics/promql/value.h"

namespace mamori::metrics::promql {
namespace {

bool needs_sum(Folding folding) { return folding == Folding::Sum || folding == Folding::Avg; }
bool needs_values(Folding folding) { return folding != Folding::Count && folding != Folding::Group; }

/// KahanSum::add for all steps, written without branches so that several steps are added at once.
template <bool kWhole>
void add_compensated(double* sums, double* rests, const double* values, std::size_t steps) {
  for (std::size_t i = 0; i < steps; ++i) {
    // Adding nothing and adding zero is the same: a sum is never -0.
    const double sum = sums[i], value = kWhole || !is_none(values[i]) ? values[i] : 0;
    const double total = sum + value;
    const bool sum_larger = std::fabs(sum) >= std::fabs(value);
    const double larger = sum_larger ? sum : value, smaller = sum_larger ? value : sum;
    const double rest = rests[i] + ((larger - total) + smaller);
    rests[i] = std::fabs(total) == kInf ? 0 : rest;
    sums[i] = total;
  }
}

/// NaN, which `best` begins with, loses to any number.
template <typename Better>
void keep_best(double* best, const double* values, std::size_t steps) {
  for (std::size_t i = 0; i < steps; ++i) {
    const bool replace = (Better()(values[i], best[i]) || std::isnan(best[i])) && !is_none(values[i]);
    best[i] = replace ? values[i] : best[i];
  }
}

}  // namespace

std::optional<Folding> folding_of(std::string_view op) {
  if (op == "sum") return Folding::Sum;
  if (op == "avg") return Folding::Avg;
  if (op == "count") return Folding::Count;
  if (op == "group") return Folding::Group;
  if (op == "min") return Folding::Min;
  if (op == "max") return Folding::Max;
  return std::nullopt;
}

Accumulator::Accumulator(Folding folding, std::size_t steps) : folding_(folding), steps_(steps) {
  if (needs_values(folding)) value_.assign(steps, needs_sum(folding) ? 0 : kNaN);
  if (needs_sum(folding)) rest_.assign(steps, 0);
}

std::size_t Accumulator::bytes(Folding folding, std::size_t steps) {
  // The value, the rest and, once a row has a gap, the counts.
  return steps * sizeof(double) * (needs_sum(folding) ? 3 : needs_values(folding) ? 2 : 1);
}

void Accumulator::add(std::span<const double> row, std::size_t present) {
  count(row, present);
  switch (folding_) {
    case Folding::Sum:
    case Folding::Avg:
      present == steps_ ? add_compensated<true>(value_.data(), rest_.data(), row.data(), steps_)
                        : add_compensated<false>(value_.data(), rest_.data(), row.data(), steps_);
      break;
    case Folding::Min:
      keep_best<std::less<>>(value_.data(), row.data(), steps_);
      break;
    case Folding::Max:
      keep_best<std::greater<>>(value_.data(), row.data(), steps_);
      break;
    case Folding::Count:
    case Folding::Group:
      break;
  }
}

void Accumulator::count(std::span<const double> row, std::size_t present) {
  if (present == steps_) {
    ++whole_;
    return;
  }
  counts_.resize(steps_);
  double* const counts = counts_.data();
  for (std::size_t i = 0; i < steps_; ++i) counts[i] += is_none(row[i]) ? 0 : 1;
}

void Accumulator::join(const Accumulator& other) {
  whole_ += other.whole_;
  if (!other.counts_.empty()) {
    counts_.resize(steps_);
    for (std::size_t i = 0; i < steps_; ++i) counts_[i] += other.counts_[i];
  }
  if (needs_sum(folding_)) {
    add_compensated<true>(value_.data(), rest_.data(), other.value_.data(), steps_);
    for (std::size_t i = 0; i < steps_; ++i) {
      if (!std::isinf(value_[i])) rest_[i] += other.rest_[i];
    }
  } else if (folding_ == Folding::Min) {
    keep_best<std::less<>>(value_.data(), other.value_.data(), steps_);
  } else if (folding_ == Folding::Max) {
    keep_best<std::greater<>>(value_.data(), other.value_.data(), steps_);
  }
}

bool Accumulator::finish(std::span<double> out) const {
  for (std::size_t i = 0; i < steps_; ++i) {
    const double n = count_at(i);
    if (n == 0) {
      out[i] = none();
      continue;
    }
    switch (folding_) {
      case Folding::Count:
        out[i] = n;
        break;
      case Folding::Group:
        out[i] = 1;
        break;
      case Folding::Sum:
        out[i] = std::isinf(value_[i]) ? value_[i] : value_[i] + rest_[i];
        break;
      case Folding::Avg:
        if (std::isinf(value_[i])) return false;
        out[i] = value_[i] / n + rest_[i] / n;
        break;
      case Folding::Min:
      case Folding::Max:
        out[i] = value_[i];
        break;
    }
  }
  return true;
}

}  // namespace mamori::metrics::promql
