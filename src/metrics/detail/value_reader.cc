#include <bit>

#include "metrics/detail/decimal.h"
#include "metrics/detail/value_column.h"

namespace mamori::metrics::detail {
namespace {

using Method = ValueMode::Method;
using Order = ValueMode::Order;

/// Calls visit(i, number) with unit * (number + least) for each of a run.
template <typename Visit>
void for_each_scaled(const Run& run, std::uint64_t unit, std::int64_t least, const Visit& visit) {
  for_each(run, [&](std::size_t i, std::int64_t number) {
    visit(i, static_cast<std::int64_t>(unit * static_cast<std::uint64_t>(wrapping_add(number, least))));
  });
}

}  // namespace

void ValueReader::begin_block() {
  for (auto& numbers : before_) numbers.times = Numbers::kNone;
  ints_ = nullptr;
}

bool ValueReader::read_run(const ValueMode& mode, std::size_t size, StreamReader& in) {
  auto& numbers = before_[static_cast<std::size_t>(exponent_)];
  std::uint64_t unit = 1;
  std::int64_t least = 0;
  if (mode.has(ValueMode::kScaled)) {
    unit = in.bases.varint();
    if (mode.order == Order::Steps) least = in.bases.signed_varint();
  }
  auto number = in.bases.signed_varint();
  if (mode.order == Order::StepsBefore && numbers.ints.size() != size) return false;
  numbers.ints.resize(size);
  auto* ints = numbers.ints.data();
  ints_ = &numbers.ints;
  if (mode.order == Order::Constant) return std::fill_n(ints, size, number), true;
  Run run;
  if (!runs_.read(in, mode.order == Order::Level ? size : size - 1, run)) return false;
  if (mode.order == Order::Level) {
    if (unit == 1) {
      for_each(run, [=](std::size_t i, std::int64_t value) { ints[i] = wrapping_add(number, value); });
    } else {
      for_each_scaled(run, unit, 0, [=](std::size_t i, std::int64_t value) { ints[i] = wrapping_add(number, value); });
    }
  } else if (mode.order == Order::Steps) {
    ints[0] = number;
    const auto step = [&number, ints](std::size_t i, std::int64_t value) {
      ints[i + 1] = number = wrapping_add(number, value);
    };
    mode.has(ValueMode::kScaled) ? for_each_scaled(run, unit, least, step) : for_each(run, step);
  } else {
    ints[0] = wrapping_add(ints[0], number);
    for_each(run, [&number, ints](std::size_t i, std::int64_t value) {
      number = wrapping_add(number, value);
      ints[i + 1] = wrapping_add(ints[i + 1], number);
    });
  }
  return true;
}

bool ValueReader::read_bits(const ValueMode& mode, std::size_t size, StreamReader& in) {
  const auto shift = mode.has(ValueMode::kScaled) ? in.bases.varint() : 0;
  auto word = in.bases.raw<std::uint64_t>();
  if (shift > 63) return false;
  bits_.resize(size);
  ints_ = &bits_;
  auto* words = bits_.data();
  if (mode.order == Order::Constant) return std::fill_n(words, size, static_cast<std::int64_t>(word)), true;
  Run run;
  if (!runs_.read(in, size - 1, run)) return false;
  words[0] = static_cast<std::int64_t>(word);
  for_each(run, [&](std::size_t i, std::int64_t value) {
    words[i + 1] = static_cast<std::int64_t>(word ^= static_cast<std::uint64_t>(value) << shift);
  });
  return true;
}

bool ValueReader::read_ulps(std::size_t size, StreamReader& in) {
  auto ulps = in.bases.signed_varint();
  Run run;
  if (!runs_.read(in, size - 1, run)) return false;
  ulps_.resize(size);
  ulps_[0] = ulps;
  for_each(run, [&](std::size_t i, std::int64_t value) { ulps_[i + 1] = ulps = wrapping_add(ulps, value); });
  return true;
}

bool ValueReader::read_exceptions(std::size_t size, StreamReader& in) {
  const auto count = in.forms.varint();
  if (count > size) return false;
  std::size_t next = 0;
  std::uint64_t bits = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto gap = in.gaps.varint();
    if (next >= size || gap >= size - next) return false;
    next += gap;
    exceptions_.push_back(static_cast<std::uint32_t>(next++));
    switch (static_cast<ExceptionKind>(in.values.raw<std::uint8_t>())) {
      case ExceptionKind::Other:
        bits = in.values.raw<std::uint64_t>();
        break;
      case ExceptionKind::Stale:
        bits = kStaleNanBits;
        break;
      case ExceptionKind::Again:
        break;
      default:
        return false;
    }
    exception_values_.push_back(std::bit_cast<double>(bits));
  }
  return true;
}

bool ValueReader::next(std::size_t size, std::uint32_t times, StreamReader& in) {
  const auto mode = mode_ = ValueMode::of(in.forms.raw<std::uint8_t>());
  exceptions_.clear();
  exception_values_.clear();
  exponent_ = mode.has(ValueMode::kExponent) ? in.forms.raw<std::uint8_t>() : 0;
  if (exponent_ > kExponentMax || size == 0 || mode.has(ValueMode::kUnknown)) return false;
  if (mode.method == Method::Bits) {
    if (!read_bits(mode, size, in)) return false;
  } else {
    auto& numbers = before_[static_cast<std::size_t>(exponent_)];
    if (mode.order == Order::StepsBefore && numbers.times != times) return false;
    if (!read_run(mode, size, in)) return false;
    numbers.times = times;
  }
  if (mode.method == Method::DecimalNearly && !read_ulps(size, in)) return false;
  if (mode.has(ValueMode::kExceptions) && !read_exceptions(size, in)) return false;
  return in.ok();
}

template <typename Put>
void ValueReader::each_value(std::size_t first, std::size_t last, const Put& put) const {
  const auto* ints = ints_->data() + first;
  const auto count = last - first;
  const double power = kPowersOfTen[exponent_];
  switch (mode_.method) {
    case Method::Decimal:
      if (exponent_ == 0) {
        for (std::size_t i = 0; i < count; ++i) put(i, small_to_double(ints[i]));
      } else {
        for (std::size_t i = 0; i < count; ++i) put(i, small_to_double(ints[i]) / power);
      }
      break;
    case Method::DecimalNearly:
      for (std::size_t i = 0; i < count; ++i) {
        const auto bits = std::bit_cast<std::int64_t>(small_to_double(ints[i]) / power);
        put(i, std::bit_cast<double>(wrapping_add(bits, ulps_[first + i])));
      }
      break;
    case Method::Bits:
      for (std::size_t i = 0; i < count; ++i) put(i, std::bit_cast<double>(ints[i]));
      break;
    case Method::Wide:
      for (std::size_t i = 0; i < count; ++i) put(i, static_cast<double>(ints[i]));
      break;
  }
  for (std::size_t e = 0; e < exceptions_.size(); ++e) {
    if (exceptions_[e] >= first && exceptions_[e] < last) put(exceptions_[e] - first, exception_values_[e]);
  }
}

void ValueReader::samples(std::span<const std::int64_t> times, std::size_t first, std::size_t last, Sample* to) const {
  const auto* time = times.data() + first;
  each_value(first, last, [=](std::size_t i, double value) { to[i] = {time[i], value}; });
}

void ValueReader::values(std::size_t first, std::size_t last, double* to) const {
  each_value(first, last, [=](std::size_t i, double value) { to[i] = value; });
}

std::size_t ValueReader::bytes() const {
  auto bytes = (bits_.capacity() + ulps_.capacity()) * sizeof(std::int64_t);
  for (const auto& numbers : before_) bytes += numbers.ints.capacity() * sizeof(std::int64_t);
  return bytes;
}

}  // namespace mamori::metrics::detail
