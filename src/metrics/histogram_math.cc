#include "metrics/histogram_math.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "metrics/histogram_buckets.h"

namespace mamori::metrics {
namespace {

using detail::Cell;
using detail::Cells;
using detail::Number;
using Reset = Histogram::Reset;

/// What is known of resets in a sum; two that say opposite things conflict.
Reset joined_reset(Reset a, Reset b, bool& conflict) {
  if (a == b) return a;
  if (a == Reset::Gauge || b == Reset::Gauge) return Reset::Gauge;
  conflict = a != Reset::Unknown && b != Reset::Unknown;
  return Reset::Unknown;
}

/// The nearest border at or beyond `threshold` that parts no bucket with observations.
double zero_border(const Cells& positive, const Cells& negative, std::int32_t schema, double threshold) {
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto* cells : {&positive, &negative}) {
      for (const auto& [index, count] : *cells) {
        if (bucket_bound(index - 1, schema) >= threshold) break;
        const double upper = bucket_bound(index, schema);
        if (upper <= threshold || count.value == 0) continue;
        threshold = upper;
        moved = true;
      }
    }
  }
  return threshold;
}

/// Elementwise, where both have the same spans. False if they have not.
bool less_in_same_spans(const std::vector<BucketSpan>& spans, const std::vector<BucketSpan>& other_spans,
                        const std::vector<double>& now, const std::vector<double>& before, bool& less) {
  if (spans != other_spans || now.size() != before.size()) return false;
  for (std::size_t i = 0; i < now.size(); ++i) less = less || now[i] < before[i];
  return true;
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool same_side(const std::vector<BucketSpan>& a_spans, const std::vector<double>& a,
               const std::vector<BucketSpan>& b_spans, const std::vector<double>& b) {
  if (!std::ranges::equal(a, b, same_bits)) return false;
  if (a_spans == b_spans) return true;
  return std::ranges::equal(detail::open_buckets(a_spans, a), detail::open_buckets(b_spans, b), {}, &Cell::index,
                            &Cell::index);
}

template <typename Apply>
void each_number_of(Histogram& histogram, Apply apply) {
  for (auto* number : {&histogram.zero_count, &histogram.count, &histogram.sum}) apply(*number);
  for (auto* counts : {&histogram.positive, &histogram.negative}) {
    for (auto& count : *counts) apply(count);
  }
}

}  // namespace

HistogramSum::HistogramSum(const Histogram& first, Rounding rounding)
    : rounding_(rounding),
      reset_(first.reset),
      schema_(first.schema),
      zero_threshold_(first.zero_threshold),
      zero_count_{first.zero_count},
      count_{first.count},
      sum_{first.sum},
      positive_(detail::open_buckets(first.positive_spans, first.positive)),
      negative_(detail::open_buckets(first.negative_spans, first.negative)),
      custom_bounds_(first.custom_bounds) {}

void HistogramSum::add(Number& to, double value) const {
  rounding_ == Rounding::Plain ? to.add(value) : to.add_compensated(value);
}

Combined HistogramSum::combine(const Histogram& other, double sign) {
  if ((schema_ == kCustomBucketsSchema) != has_custom_buckets(other)) return {.incompatible = true};
  Combined met;
  reset_ = joined_reset(reset_, other.reset, met.resets_conflict);
  add(count_, sign * other.count);
  add(sum_, sign * other.sum);
  if (!has_custom_buckets(other)) {
    combine_exponential(other, sign);
  } else {
    met.bounds_reconciled = custom_bounds_ != other.custom_bounds;
    combine_custom(other, sign);
  }
  return met;
}

void HistogramSum::combine_exponential(const Histogram& other, double sign) {
  if (combine_in_place(other, sign)) return;
  HistogramSum opened(other, rounding_);
  // Widening one to the other's border may lead beyond it, where a bucket would be parted; then it is the other's turn.
  while (opened.zero_threshold_ != zero_threshold_) {
    opened.zero_threshold_ < zero_threshold_ ? opened.widen_zero_bucket(zero_threshold_)
                                             : widen_zero_bucket(opened.zero_threshold_);
  }
  opened.reduce_to(schema_);
  reduce_to(opened.schema_);
  add(zero_count_, sign * opened.zero_count_.value);
  detail::merge(positive_, opened.positive_, sign, rounding_);
  detail::merge(negative_, opened.negative_, sign, rounding_);
}

/// Samples of one series mostly have the same buckets: then nothing needs to be taken apart.
bool HistogramSum::combine_in_place(const Histogram& other, double sign) {
  if (other.schema != schema_ || other.zero_threshold != zero_threshold_) return false;
  const auto fits = [](const Cells& cells, const std::vector<BucketSpan>& spans, const std::vector<double>& counts) {
    std::size_t at = 0;
    bool fit = true;
    for_each_bucket(spans, counts, [&](std::int64_t index, double) {
      while (at < cells.size() && cells[at].index < index) ++at;
      fit = fit && at < cells.size() && cells[at].index == index;
    });
    return fit;
  };
  if (!fits(positive_, other.positive_spans, other.positive)) return false;
  if (!fits(negative_, other.negative_spans, other.negative)) return false;
  const auto add_all = [&](Cells& cells, const std::vector<BucketSpan>& spans, const std::vector<double>& counts) {
    std::size_t at = 0;
    for_each_bucket(spans, counts, [&](std::int64_t index, double count) {
      while (cells[at].index < index) ++at;
      add(cells[at].count, sign * count);
    });
  };
  add_all(positive_, other.positive_spans, other.positive);
  add_all(negative_, other.negative_spans, other.negative);
  add(zero_count_, sign * other.zero_count);
  return true;
}

void HistogramSum::combine_custom(const Histogram& other, double sign) {
  auto cells = detail::open_buckets(other.positive_spans, other.positive);
  if (custom_bounds_ != other.custom_bounds) {
    auto common = detail::common_bounds(custom_bounds_, other.custom_bounds);
    detail::map_bounds(positive_, custom_bounds_, common, rounding_);
    detail::map_bounds(cells, other.custom_bounds, common, rounding_);
    custom_bounds_ = std::move(common);
  }
  detail::merge(positive_, cells, sign, rounding_);
}

/// At least as wide as `threshold`; the buckets that lie in it become part of it.
void HistogramSum::widen_zero_bucket(double threshold) {
  zero_threshold_ = zero_border(positive_, negative_, schema_, threshold);
  for (auto* cells : {&positive_, &negative_}) {
    const auto inside = [&](const Cell& cell) { return bucket_bound(cell.index - 1, schema_) < zero_threshold_; };
    for (const auto& cell : *cells) {
      if (!inside(cell)) break;
      add(zero_count_, cell.count.value);
    }
    std::erase_if(*cells, inside);
  }
}

void HistogramSum::reduce_to(std::int32_t schema) {
  if (schema >= schema_) return;
  detail::reduce(positive_, schema_ - schema, rounding_);
  detail::reduce(negative_, schema_ - schema, rounding_);
  schema_ = schema;
}

template <typename Visit>
void HistogramSum::each_number(Visit visit) {
  for (auto* number : {&zero_count_, &count_, &sum_}) visit(*number);
  for (auto* cells : {&positive_, &negative_}) {
    for (auto& cell : *cells) visit(cell.count);
  }
}

void HistogramSum::scale(double factor) {
  each_number([factor](Number& number) { number.scale(factor); });
}

void HistogramSum::divide(double divisor) {
  each_number([divisor](Number& number) { number.divide(divisor); });
}

bool HistogramSum::overflows() const {
  const auto infinite = [](const Cell& cell) { return std::isinf(cell.count.value); };
  return std::isinf(zero_count_.value) || std::isinf(count_.value) || std::isinf(sum_.value) ||
         std::ranges::any_of(positive_, infinite) || std::ranges::any_of(negative_, infinite);
}

Histogram HistogramSum::value() const {
  Histogram out{.reset = reset_,
                .schema = schema_,
                .zero_threshold = zero_threshold_,
                .zero_count = zero_count_.total(),
                .count = count_.total(),
                .sum = sum_.total()};
  detail::close_buckets(positive_, out.positive_spans, out.positive);
  detail::close_buckets(negative_, out.negative_spans, out.negative);
  out.custom_bounds = custom_bounds_;
  return out;
}

Combined add(Histogram& to, const Histogram& other) {
  HistogramSum sum(to, Rounding::Plain);
  const auto met = sum.add(other);
  if (!met.incompatible) to = sum.value();
  return met;
}

Combined subtract(Histogram& from, const Histogram& other) {
  HistogramSum sum(from, Rounding::Plain);
  const auto met = sum.subtract(other);
  if (!met.incompatible) from = sum.value();
  return met;
}

void scale(Histogram& histogram, double factor) {
  if (factor < 0) histogram.reset = Reset::Gauge;
  each_number_of(histogram, [factor](double& number) { number *= factor; });
}

void divide(Histogram& histogram, double divisor) {
  if (divisor < 0) histogram.reset = Reset::Gauge;
  each_number_of(histogram, [divisor](double& number) { number /= divisor; });
  if (divisor != 0) return;
  for (auto* spans : {&histogram.positive_spans, &histogram.negative_spans}) spans->clear();
  for (auto* counts : {&histogram.positive, &histogram.negative}) counts->clear();
}

void compact(Histogram& histogram) {
  const auto one_side = [](std::vector<BucketSpan>& spans, std::vector<double>& counts) {
    if (std::ranges::find(counts, 0) == counts.end()) return;
    const auto cells = detail::open_buckets(spans, counts);
    detail::close_buckets(cells, spans, counts);
  };
  one_side(histogram.positive_spans, histogram.positive);
  one_side(histogram.negative_spans, histogram.negative);
}

bool was_reset(const Histogram& now, const Histogram& before) {
  if (now.reset == Reset::Reset || now.reset == Reset::NotReset) return now.reset == Reset::Reset;
  if (now.count < before.count || has_custom_buckets(now) != has_custom_buckets(before)) return true;
  const bool custom = has_custom_buckets(now);
  if (!custom && (now.schema > before.schema || now.zero_threshold < before.zero_threshold)) return true;
  bool less = false;
  if (now.schema == before.schema && now.zero_threshold == before.zero_threshold &&
      now.custom_bounds == before.custom_bounds &&
      less_in_same_spans(now.positive_spans, before.positive_spans, now.positive, before.positive, less) &&
      less_in_same_spans(now.negative_spans, before.negative_spans, now.negative, before.negative, less)) {
    return less || (!custom && now.zero_count < before.zero_count);
  }
  HistogramSum a(now, Rounding::Plain), b(before, Rounding::Plain);
  if (custom) {
    const auto common = detail::common_bounds(now.custom_bounds, before.custom_bounds);
    detail::map_bounds(a.positive_, now.custom_bounds, common, Rounding::Plain);
    detail::map_bounds(b.positive_, before.custom_bounds, common, Rounding::Plain);
    return detail::any_less(a.positive_, b.positive_);
  }
  if (b.zero_threshold_ < a.zero_threshold_) b.widen_zero_bucket(a.zero_threshold_);
  // A zero bucket that ends inside of a bucket that had observations cannot have grown out of that.
  if (b.zero_threshold_ != a.zero_threshold_ || a.zero_count_.value < b.zero_count_.value) return true;
  b.reduce_to(a.schema_);
  return detail::any_less(a.positive_, b.positive_) || detail::any_less(a.negative_, b.negative_);
}

bool same_data(const Histogram& a, const Histogram& b) {
  if (a.schema != b.schema || !same_bits(a.count, b.count) || !same_bits(a.sum, b.sum)) return false;
  if (!same_side(a.positive_spans, a.positive, b.positive_spans, b.positive)) return false;
  if (has_custom_buckets(a)) return a.custom_bounds == b.custom_bounds;
  return a.zero_threshold == b.zero_threshold && same_bits(a.zero_count, b.zero_count) &&
         same_side(a.negative_spans, a.negative, b.negative_spans, b.negative);
}

bool overflows(const Histogram& histogram) { return HistogramSum(histogram, Rounding::Plain).overflows(); }

}  // namespace mamori::metrics
