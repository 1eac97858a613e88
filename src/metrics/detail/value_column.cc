#include "metrics/detail/value_column.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "metrics/store.h"

namespace mamori::metrics::detail {
namespace {

// The mode, one byte of the head: how values became numbers, how numbers became a run, whether exceptions follow.
constexpr int kDecimal = 0, kDecimalNearly = 1, kBits = 2;
constexpr int kOwnLevel = 0 << 2, kOwnSteps = 1 << 2, kStepsBefore = 2 << 2;
constexpr int kMethodMask = 3, kOrderMask = 3 << 2, kExceptions = 1 << 4;

constexpr int kExponentMax = 9;  // beyond it decimals of any meaning end, and random bits begin to pass for one
constexpr double kPowers[kExponentMax + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
constexpr double kIntMax = 9007199254740992.0;  // 2^53: up to here every whole number is a double
constexpr std::int64_t kUlpsMax = 127;

double to_value(std::int64_t number, int exponent) {
  const auto whole = static_cast<double>(number);
  // The quotient of two exact doubles is rounded once, as the nearest double to the decimal is.
  return exponent == 0 ? whole : whole / kPowers[exponent];
}

bool is_exception(double value) {
  return !std::isfinite(value) || std::bit_cast<std::uint64_t>(value) == std::uint64_t{1} << 63;
}

/// Roughly the bits that a run costs.
std::uint64_t cost(std::span<const std::int64_t> run) {
  std::uint64_t bits = 0;
  for (const auto value : run) bits += static_cast<unsigned>(std::bit_width(zigzag(value)));
  return bits;
}

void steps_of(std::span<const std::int64_t> numbers, std::vector<std::int64_t>& run) {
  run.resize(numbers.size() - 1);
  for (std::size_t i = 1; i < numbers.size(); ++i) run[i - 1] = wrapping_sub(numbers[i], numbers[i - 1]);
}

/// Divides by what divides all (pages of 4,096 bytes), and says by what.
std::uint64_t take_unit(std::vector<std::int64_t>& run) {
  std::uint64_t unit = 0;
  for (const auto value : run) {
    if (value == std::numeric_limits<std::int64_t>::min()) return 1;
    unit = std::gcd(unit, static_cast<std::uint64_t>(value < 0 ? -value : value));
    if (unit == 1) return 1;
  }
  if (unit <= 1) return 1;
  for (auto& value : run) value /= static_cast<std::int64_t>(unit);
  return unit;
}

}  // namespace

void ValueEncoder::take_exceptions(std::span<const double> values) {
  exceptions_.clear();
  exception_bits_.clear();
  plain_.assign(values.begin(), values.end());
  double last = 0;
  for (std::size_t i = 0; i < plain_.size(); ++i) {
    if (!is_exception(plain_[i])) {
      last = plain_[i];
      continue;
    }
    exceptions_.push_back(static_cast<std::uint32_t>(i));
    exception_bits_.push_back(std::bit_cast<std::uint64_t>(plain_[i]));
    plain_[i] = last;
  }
  // Those at the front take the first value that is none.
  if (!exceptions_.empty() && exceptions_.front() == 0) {
    const auto first = std::ranges::find_if(values, [](double value) { return !is_exception(value); });
    const double value = first == values.end() ? 0 : *first;
    for (std::size_t i = 0; i < static_cast<std::size_t>(first - values.begin()); ++i) plain_[i] = value;
  }
}

bool ValueEncoder::to_decimal(std::span<const double> values, int exponent) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double scaled = values[i] * kPowers[exponent];
    if (!(std::abs(scaled) < kIntMax)) return false;
    const auto number = static_cast<std::int64_t>(std::nearbyint(scaled));
    if (to_value(number, exponent) != values[i]) return false;
    ints_[i] = number;
  }
  return true;
}

bool ValueEncoder::to_decimal_nearly(std::span<const double> values, int exponent) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double scaled = values[i] * kPowers[exponent];
    if (!(std::abs(scaled) < kIntMax)) return false;
    const auto number = static_cast<std::int64_t>(std::nearbyint(scaled));
    const auto ulps =
        wrapping_sub(std::bit_cast<std::int64_t>(values[i]), std::bit_cast<std::int64_t>(to_value(number, exponent)));
    if (ulps < -kUlpsMax || ulps > kUlpsMax) return false;
    ints_[i] = number;
    ulps_[i] = ulps;
  }
  return true;
}

bool ValueEncoder::find_decimal(std::span<const double> values) {
  // The least exponent that serves: with a larger one the numbers would be multiples of ten, larger for nothing.
  for (int exponent = 0; exponent <= kExponentMax; ++exponent) {
    if (!to_decimal(values, exponent)) continue;
    exponent_ = exponent;
    return true;
  }
  return false;
}

bool ValueEncoder::find_decimal_nearly(std::span<const double> values) {
  for (int exponent = 1; exponent <= kExponentMax; ++exponent) {
    if (!to_decimal_nearly(values, exponent)) continue;
    exponent_ = exponent;
    return true;
  }
  return false;
}

void ValueEncoder::write(std::span<const double> values, const Numbers& before, Numbers& now, StreamWriter& out) {
  take_exceptions(values);
  ints_.resize(values.size());
  ulps_.resize(values.size());
  const int more = exceptions_.empty() ? 0 : kExceptions;
  if (find_decimal(plain_)) {
    now.ints.assign(ints_.begin(), ints_.end());
    now.exponent = exponent_;
    write_numbers(before, now, kDecimal | more, out);
  } else if (find_decimal_nearly(plain_)) {
    now.ints.assign(ints_.begin(), ints_.end());
    now.exponent = exponent_;
    write_numbers(before, now, kDecimalNearly | more, out);
    put_signed(out.head, ulps_.front());
    steps_of(ulps_, run_);
    write_ints(run_, out);
  } else {
    now.ints.clear();
    out.head += static_cast<char>(kBits | more);
    run_.resize(plain_.size());
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < plain_.size(); ++i) {
      const auto bits = std::bit_cast<std::uint64_t>(plain_[i]);
      run_[i] = static_cast<std::int64_t>(bits ^ last);
      last = bits;
    }
    // The sign bit would cost a zigzag: the first word goes to the head, and neighbours share their signs.
    put_raw(out.head, std::bit_cast<std::uint64_t>(plain_.front()));
    write_ints(std::span(run_).subspan(1), out);
  }
  write_exceptions(out);
}

void ValueEncoder::write_numbers(const Numbers& before, const Numbers& now, int mode, StreamWriter& out) {
  steps_of(ints_, run_);
  const auto own_cost = cost(run_);
  int order = kOwnSteps;
  auto best = own_cost;
  const bool related = before.ints.size() == ints_.size() && before.exponent == now.exponent &&
                       before.times == now.times && own_cost > 0;
  if (related) {
    other_run_.resize(run_.size());
    for (std::size_t i = 0; i < run_.size(); ++i)
      other_run_[i] = wrapping_sub(run_[i], wrapping_sub(before.ints[i + 1], before.ints[i]));
    if (const auto bits = cost(other_run_); bits < best) {
      best = bits;
      order = kStepsBefore;
      std::swap(run_, other_run_);
    }
  }
  const auto least = *std::ranges::min_element(ints_);
  if (best > ints_.size()) {
    other_run_.resize(ints_.size());
    for (std::size_t i = 0; i < ints_.size(); ++i) other_run_[i] = wrapping_sub(ints_[i], least);
    // Levels have no sign to pay for.
    std::uint64_t bits = 0;
    for (const auto value : other_run_)
      bits += static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(value)));
    if (bits < best) {
      order = kOwnLevel;
      std::swap(run_, other_run_);
    }
  }
  out.head += static_cast<char>(mode | order);
  out.head += static_cast<char>(now.exponent);
  if (order == kStepsBefore) {
    put_signed(out.head, wrapping_sub(ints_.front(), before.ints.front()));
  } else {
    put_signed(out.head, order == kOwnLevel ? least : ints_.front());
    put_varint(out.head, take_unit(run_));
  }
  write_ints(run_, out);
}

void ValueEncoder::write_exceptions(StreamWriter& out) {
  if (exceptions_.empty()) return;
  put_varint(out.head, exceptions_.size());
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < exceptions_.size(); ++i) {
    put_varint(out.gaps, exceptions_[i] - next);
    next = exceptions_[i] + 1;
    const bool stale = exception_bits_[i] == kStaleNanBits;
    out.values += static_cast<char>(stale ? 1 : 0);
    if (!stale) put_raw(out.values, exception_bits_[i]);
  }
}

namespace {

bool read_numbers(StreamReader& in, int order, const Numbers& before, Numbers& now, std::vector<std::int64_t>& run) {
  const auto n = now.ints.size();
  now.exponent = in.head.raw<std::uint8_t>();
  if (now.exponent > kExponentMax) return false;
  const auto base = in.head.signed_varint();
  std::int64_t unit = 1;
  if (order != kStepsBefore) unit = static_cast<std::int64_t>(in.head.varint());
  run.resize(order == kOwnLevel ? n : n - 1);
  if (!read_ints(in, run)) return false;
  if (unit != 1) {
    for (auto& value : run)
      value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) * static_cast<std::uint64_t>(unit));
  }
  if (order == kOwnLevel) {
    for (std::size_t i = 0; i < n; ++i) now.ints[i] = wrapping_add(base, run[i]);
  } else if (order == kOwnSteps) {
    auto number = now.ints[0] = base;
    for (std::size_t i = 1; i < n; ++i) now.ints[i] = number = wrapping_add(number, run[i - 1]);
  } else {
    if (before.ints.size() != n) return false;
    auto ahead = base;  // of the series before
    now.ints[0] = wrapping_add(before.ints[0], ahead);
    for (std::size_t i = 1; i < n; ++i) {
      ahead = wrapping_add(ahead, run[i - 1]);
      now.ints[i] = wrapping_add(before.ints[i], ahead);
    }
  }
  return true;
}

bool read_exceptions(StreamReader& in, std::span<double> values) {
  const auto count = in.head.varint();
  if (count > values.size()) return false;
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto gap = in.gaps.varint();
    if (at >= values.size() || gap >= values.size() - at) return false;
    at += gap;
    const auto stale = in.values.raw<std::uint8_t>();
    values[at++] = stale == 1 ? stale_nan() : std::bit_cast<double>(in.values.raw<std::uint64_t>());
  }
  return in.ok();
}

}  // namespace

bool read_values(StreamReader& in, const Numbers& before, Numbers& now, std::span<double> values,
                 std::vector<std::int64_t>& scratch) {
  const auto mode = in.head.raw<std::uint8_t>();
  const int method = mode & kMethodMask, order = mode & kOrderMask;
  if (!in.ok() || values.empty()) return false;
  if (method == kBits) {
    now.ints.clear();
    auto bits = in.head.raw<std::uint64_t>();
    scratch.resize(values.size() - 1);
    if (!read_ints(in, scratch)) return false;
    values[0] = std::bit_cast<double>(bits);
    for (std::size_t i = 1; i < values.size(); ++i) {
      bits ^= static_cast<std::uint64_t>(scratch[i - 1]);
      values[i] = std::bit_cast<double>(bits);
    }
  } else if (method == kDecimal || method == kDecimalNearly) {
    if (order > kStepsBefore) return false;
    now.ints.resize(values.size());
    if (!read_numbers(in, order, before, now, scratch)) return false;
    if (now.exponent == 0) {
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(now.ints[i]);
    } else {
      const double power = kPowers[now.exponent];
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(now.ints[i]) / power;
    }
    if (method == kDecimalNearly) {
      auto ulps = in.head.signed_varint();
      scratch.resize(values.size() - 1);
      if (!read_ints(in, scratch)) return false;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) ulps = wrapping_add(ulps, scratch[i - 1]);
        values[i] = std::bit_cast<double>(wrapping_add(std::bit_cast<std::int64_t>(values[i]), ulps));
      }
    }
  } else {
    return false;
  }
  return (mode & kExceptions) == 0 || read_exceptions(in, values);
}

}  // namespace mamori::metrics::detail
