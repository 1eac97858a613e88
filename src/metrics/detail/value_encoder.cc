#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "metrics/detail/decimal.h"
#include "metrics/detail/value_column.h"

namespace mamori::metrics::detail {
namespace {

using Method = ValueMode::Method;
using Order = ValueMode::Order;

constexpr std::int64_t kUlpsMax = 127;
constexpr std::size_t kChunk = 16;  // values that are tried together

bool is_special(double value) {
  return !std::isfinite(value) || std::bit_cast<std::uint64_t>(value) == std::uint64_t{1} << 63;
}

/// How far `value` is from the double that `number` stands for, in units in the last place.
std::int64_t ulps_off(double value, std::int64_t number, int exponent) {
  return wrapping_sub(std::bit_cast<std::int64_t>(value), std::bit_cast<std::int64_t>(to_value(number, exponent)));
}

/// Converts a chunk; says whether all of it fits exactly.
bool chunk_fits(const double* values, std::size_t count, int exponent, std::int64_t* numbers) {
  const double power = kPowersOfTen[exponent];
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = to_number(values[i] * power);
    numbers[i] = number;
    const double whole = small_to_double(number);
    wrong |=
        std::bit_cast<std::uint64_t>(exponent == 0 ? whole : whole / power) ^ std::bit_cast<std::uint64_t>(values[i]);
    wrong |= beyond_small(number);
  }
  return wrong == 0;
}

/// Roughly the bits that a run costs.
std::uint64_t cost(std::span<const std::int64_t> run) {
  std::uint64_t bits = 0;
  for (const auto value : run) bits += static_cast<unsigned>(std::bit_width(zigzag(value)));
  return bits;
}

/// The same of numbers that are not below `least`.
std::uint64_t cost_above(std::span<const std::int64_t> run, std::int64_t least) {
  std::uint64_t bits = 0;
  for (const auto value : run)
    bits += static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(wrapping_sub(value, least))));
  return bits;
}

/// What divides all of them (pages of 4,096 bytes); 1: nothing.
std::uint64_t unit_of(std::span<const std::int64_t> run) {
  std::uint64_t unit = 0;
  for (const auto value : run) {
    if (value == std::numeric_limits<std::int64_t>::min()) return 1;
    unit = std::gcd(unit, static_cast<std::uint64_t>(value < 0 ? -value : value));
    if (unit == 1) return 1;
  }
  return std::max<std::uint64_t>(unit, 1);
}

}  // namespace

void ValueEncoder::begin_block() {
  for (auto& numbers : before_) numbers.times = Numbers::kNone;
}

bool ValueEncoder::fits(std::span<const double> values, int exponent, Fit fit, std::size_t misfits_max) {
  const auto size = values.size();
  ints_.resize(size);
  if (fit == Fit::Nearly) ulps_.assign(size, 0);
  exceptions_.clear();
  std::size_t misfits = 0;
  for (std::size_t first = 0; first < size; first += kChunk) {
    const auto count = std::min(kChunk, size - first);
    if (chunk_fits(values.data() + first, count, exponent, ints_.data() + first)) continue;
    for (std::size_t i = first; i < first + count; ++i) {
      if (!is_special(values[i]) && beyond_small(ints_[i]) == 0) {
        const auto ulps = ulps_off(values[i], ints_[i], exponent);
        if (ulps == 0) continue;
        if (fit == Fit::Nearly && ulps >= -kUlpsMax && ulps <= kUlpsMax) {
          ulps_[i] = ulps;
          continue;
        }
      }
      if (!is_special(values[i]) && ++misfits > misfits_max) return false;
      exceptions_.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return true;
}

/// Whole numbers that are still exact, but larger than the quick conversion bears.
bool ValueEncoder::fits_wide(std::span<const double> values) {
  exceptions_.clear();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_special(values[i])) {
      exceptions_.push_back(static_cast<std::uint32_t>(i));
    } else if (std::abs(values[i]) <= kWideMax && std::trunc(values[i]) == values[i]) {
      ints_[i] = static_cast<std::int64_t>(values[i]);
    } else {
      return false;
    }
  }
  return true;
}

bool ValueEncoder::find_method(std::span<const double> values) {
  const auto attempt = [&](Method method, Fit fit, int exponent, std::size_t misfits_max) {
    if (!fits(values, exponent, fit, misfits_max)) return false;
    mode_.method = method;
    exponent_ = exponent;
    return true;
  };
  // The least exponent that serves: with a larger one the numbers would be multiples of ten, larger for nothing.
  for (int exponent = 0; exponent <= kExponentMax; ++exponent) {
    if (attempt(Method::Decimal, Fit::Exact, exponent, 0)) return true;
  }
  if (fits_wide(values)) {
    mode_.method = Method::Wide;
    exponent_ = 0;
    return true;
  }
  for (int exponent = 1; exponent <= kExponentMax; ++exponent) {
    if (attempt(Method::DecimalNearly, Fit::Nearly, exponent, 0)) return true;
  }
  // An exception costs ten bytes; bits cost up to eight for every sample.
  const auto misfits_max = values.size() / 16;
  for (int exponent = 0; exponent <= kExponentMax && misfits_max > 0; ++exponent) {
    if (attempt(Method::Decimal, Fit::Exact, exponent, misfits_max)) return true;
  }
  return false;
}

/// Exceptions take the number before them, so that the run goes on smoothly.
void ValueEncoder::fill_exceptions() {
  if (exceptions_.empty()) return;
  std::size_t first = 0;  // that is no exception
  while (first < exceptions_.size() && exceptions_[first] == first) ++first;
  const bool none = first == ints_.size();
  for (const auto place : exceptions_) ints_[place] = none ? 0 : place < first ? ints_[first] : ints_[place - 1];
}

void ValueEncoder::choose_order(const Numbers& before, std::uint32_t times) {
  const auto size = ints_.size();
  run_.resize(size - 1);
  std::uint64_t moved = 0;
  for (std::size_t i = 1; i < size; ++i) {
    run_[i - 1] = wrapping_sub(ints_[i], ints_[i - 1]);
    moved |= static_cast<std::uint64_t>(run_[i - 1]);
  }
  base_ = ints_.front();
  mode_.order = moved == 0 ? Order::Constant : Order::Steps;
  if (moved == 0) return;
  auto best = cost(run_);
  if (before.times == times) {
    other_run_.resize(size - 1);
    for (std::size_t i = 1; i < size; ++i)
      other_run_[i - 1] = wrapping_sub(run_[i - 1], wrapping_sub(before.ints[i], before.ints[i - 1]));
    if (const auto bits = cost(other_run_); bits < best) {
      best = bits;
      mode_.order = Order::StepsBefore;
      base_ = wrapping_sub(ints_.front(), before.ints.front());
      std::swap(run_, other_run_);
    }
  }
  if (best > size) {
    // Levels have no sign to pay for, and noise around a level is smaller than its differences.
    const auto least = *std::ranges::min_element(ints_);
    if (cost_above(ints_, least) < best) {
      mode_.order = Order::Level;
      base_ = least;
      run_.resize(size);
      for (std::size_t i = 0; i < size; ++i) run_[i] = wrapping_sub(ints_[i], least);
    }
  }
  if (mode_.order != Order::StepsBefore) take_scale();
}

/// Divides by what divides all, and takes away what all steps have at least (a counter of seconds of work).
void ValueEncoder::take_scale() {
  unit_ = unit_of(run_);
  if (unit_ > 1) {
    for (auto& value : run_) value /= static_cast<std::int64_t>(unit_);
  }
  least_ = 0;
  if (mode_.order == Order::Steps) {
    const auto least = *std::ranges::min_element(run_);
    if (least > 0 && cost_above(run_, least) + 16 < cost_above(run_, 0)) {
      least_ = least;
      for (auto& value : run_) value -= least;
    }
  }
  if (unit_ > 1 || least_ > 0) mode_.flags |= ValueMode::kScaled;
}

void ValueEncoder::take_bits(std::span<const double> values) {
  exceptions_.clear();
  mode_.method = Method::Bits;
  run_.resize(values.size() - 1);
  std::uint64_t last = std::bit_cast<std::uint64_t>(values.front()), all = 0;
  base_ = static_cast<std::int64_t>(last);
  for (std::size_t i = 1; i < values.size(); ++i) {
    const auto bits = std::bit_cast<std::uint64_t>(values[i]);
    run_[i - 1] = static_cast<std::int64_t>(bits ^ last);
    all |= bits ^ last;
    last = bits;
  }
  mode_.order = all == 0 ? Order::Constant : Order::Steps;
  unit_ = 0;
  if (all == 0 || std::countr_zero(all) == 0) return;
  // Numbers that were floats of 32 bits have 29 zeros at the end.
  unit_ = static_cast<unsigned>(std::countr_zero(all));
  mode_.flags |= ValueMode::kScaled;
  for (auto& word : run_) word = static_cast<std::int64_t>(static_cast<std::uint64_t>(word) >> unit_);
}

void ValueEncoder::write(std::span<const double> values, std::uint32_t times, StreamWriter& out) {
  mode_ = {};
  exponent_ = 0;
  ints_.resize(values.size());
  // One NaN all the time (a quantile of nothing) is no number, but short.
  const bool all_special = is_special(values.front()) && std::ranges::all_of(values, [&](double value) {
                             return std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(values.front());
                           });
  if (all_special || !find_method(values)) {
    take_bits(values);
  } else {
    exception_bits_.clear();
    for (const auto place : exceptions_) exception_bits_.push_back(std::bit_cast<std::uint64_t>(values[place]));
    fill_exceptions();
    choose_order(before_[static_cast<std::size_t>(exponent_)], times);
    if (!exceptions_.empty()) mode_.flags |= ValueMode::kExceptions;
    if (exponent_ > 0) mode_.flags |= ValueMode::kExponent;
  }
  out.forms += static_cast<char>(mode_.byte());
  if (mode_.has(ValueMode::kExponent)) out.forms += static_cast<char>(exponent_);
  if (mode_.has(ValueMode::kScaled)) {
    put_varint(out.bases, unit_);
    if (mode_.method != Method::Bits && mode_.order == Order::Steps) put_signed(out.bases, least_);
  }
  mode_.method == Method::Bits ? put_raw(out.bases, base_) : put_signed(out.bases, base_);
  if (mode_.order != Order::Constant) runs_.write(run_, out);
  if (mode_.method == Method::DecimalNearly) {
    put_signed(out.bases, ulps_.front());
    for (std::size_t i = ulps_.size(); i-- > 1;) ulps_[i] -= ulps_[i - 1];
    runs_.write(std::span(ulps_).subspan(1), out);
  }
  write_exceptions(out);
  if (mode_.method != Method::Bits) {
    auto& numbers = before_[static_cast<std::size_t>(exponent_)];
    numbers.times = times;
    std::swap(numbers.ints, ints_);
  }
}

void ValueEncoder::write_exceptions(StreamWriter& out) {
  if (exceptions_.empty()) return;
  put_varint(out.forms, exceptions_.size());
  std::uint32_t next = 0;
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < exceptions_.size(); ++i) {
    put_varint(out.gaps, exceptions_[i] - next);
    next = exceptions_[i] + 1;
    const auto bits = exception_bits_[i];
    const auto kind = bits == kStaleNanBits   ? ExceptionKind::Stale
                      : i > 0 && bits == last ? ExceptionKind::Again
                                              : ExceptionKind::Other;
    out.values += static_cast<char>(kind);
    if (kind == ExceptionKind::Other) put_raw(out.values, bits);
    last = bits;
  }
}

}  // namespace mamori::metrics::detail
