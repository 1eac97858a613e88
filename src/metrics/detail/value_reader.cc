#include <bit>
#include <iterator>
#include <type_traits>

#include "metrics/detail/decimal.h"
#include "metrics/detail/value_column.h"

namespace mamori::metrics::detail {
namespace {

using Method = ValueMode::Method;
using Order = ValueMode::Order;

/// What all numbers of a run are multiplied with, and what is added to each before.
struct Scale {
  std::uint64_t unit = 1;
  std::int64_t least = 0;
  bool is_one() const { return unit == 1 && least == 0; }
  std::int64_t of(std::int64_t number) const {
    return static_cast<std::int64_t>(unit * static_cast<std::uint64_t>(wrapping_add(number, least)));
  }
  std::int64_t of_sum(std::int64_t sum, std::size_t count) const {
    return static_cast<std::int64_t>(unit *
                                     (static_cast<std::uint64_t>(sum) + count * static_cast<std::uint64_t>(least)));
  }
};

template <typename Visit>
void for_each_scaled(const Run& run, Cut cut, const Scale& scale, const Visit& visit) {
  if (scale.is_one()) return for_each(run, cut.first, cut.last, visit);
  for_each(run, cut.first, cut.last, [&](std::size_t i, std::int64_t number) { visit(i, scale.of(number)); });
}

/// Adds up steps: calls visit(place, level) for the places of `cut`, where the level at place 0 is `level`.
template <typename Visit>
void for_each_level(const Run& run, Cut cut, const Scale& scale, std::int64_t level, const Visit& visit) {
  if (cut.empty()) return;
  if (cut.first == 0) {
    visit(0, level);
    ++cut.first;
  } else {
    level = wrapping_add(level, scale.of_sum(sum(run, cut.first - 1), cut.first - 1));
  }
  for_each_scaled(run, {cut.first - 1, cut.last - 1}, scale, [&visit, &level](std::size_t i, std::int64_t step) {
    level = wrapping_add(level, step);
    visit(i + 1, level);
  });
}

}  // namespace

void ValueReader::begin_block() {
  for (auto& numbers : before_) numbers.times = Numbers::kNone;
  ints_ = nullptr;
}

bool ValueReader::read_run(const ValueMode& mode, std::size_t size, Cut cut, StreamReader& in) {
  auto& numbers = before_[static_cast<std::size_t>(exponent_)];
  Scale scale;
  if (mode.has(ValueMode::kScaled)) {
    scale.unit = in.bases.varint();
    if (mode.order == Order::Steps) scale.least = in.bases.signed_varint();
  }
  const auto base = in.bases.signed_varint();
  numbers.ints.resize(size);
  auto* ints = numbers.ints.data();
  ints_ = &numbers.ints;
  if (mode.order == Order::Constant) {
    if (!cut.empty()) std::fill(ints + cut.first, ints + cut.last, base);
    return true;
  }
  Run run;
  if (!runs_.read(in, mode.order == Order::Level ? size : size - 1, run)) return false;
  if (mode.order == Order::Level) {
    for_each_scaled(run, cut, scale, [=](std::size_t i, std::int64_t value) { ints[i] = wrapping_add(base, value); });
  } else if (mode.order == Order::Steps) {
    for_each_level(run, cut, scale, base, [=](std::size_t i, std::int64_t level) { ints[i] = level; });
  } else {
    for_each_level(run, cut, Scale{}, base,
                   [=](std::size_t i, std::int64_t ahead) { ints[i] = wrapping_add(ints[i], ahead); });
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

bool ValueReader::read_ulps(std::size_t size, Cut cut, StreamReader& in) {
  const auto base = in.bases.signed_varint();
  Run run;
  if (!runs_.read(in, size - 1, run)) return false;
  ulps_.resize(size);
  for_each_level(run, cut, Scale{}, base,
                 [ulps = ulps_.data()](std::size_t i, std::int64_t level) { ulps[i] = level; });
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

bool ValueReader::next(std::size_t size, Cut cut, std::uint32_t times, StreamReader& in) {
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
    if (!read_run(mode, size, cut, in)) return false;
    numbers.times = times;
  }
  if (mode.method == Method::DecimalNearly && !read_ulps(size, cut, in)) return false;
  if (mode.has(ValueMode::kExceptions) && !read_exceptions(size, in)) return false;
  return in.ok();
}

/// Calls `take` with the function that gives value `i`, exceptions aside.
template <typename Take>
void ValueReader::with_conversion(const Take& take) const {
  const auto* ints = ints_->data();
  const auto* ulps = ulps_.data();
  const double power = kPowersOfTen[exponent_];
  switch (mode_.method) {
    case Method::Decimal:
      if (exponent_ == 0) return take([=](std::size_t i) { return small_to_double(ints[i]); });
      return take([=](std::size_t i) { return small_to_double(ints[i]) / power; });
    case Method::DecimalNearly:
      return take([=](std::size_t i) {
        const auto bits = std::bit_cast<std::int64_t>(small_to_double(ints[i]) / power);
        return std::bit_cast<double>(wrapping_add(bits, ulps[i]));
      });
    case Method::Bits:
      return take([=](std::size_t i) { return std::bit_cast<double>(ints[i]); });
    case Method::Wide:
      return take([=](std::size_t i) { return static_cast<double>(ints[i]); });
  }
}

void ValueReader::samples(std::span<const std::int64_t> times, Cut cut, std::vector<Sample>& out) {
  const auto count = cut.last - cut.first, start = out.size();
  out.resize(start + count);
  auto* to = out.data() + start;
  with_conversion([&](const auto& value) {
    const auto* from = times.data();
    // The compiler holds it for too dear without AVX; it is not. Under sanitizers it cannot, and need not.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"
#pragma clang loop vectorize(enable) interleave_count(2)
    for (std::size_t i = 0; i < count; ++i) to[i] = {from[cut.first + i], value(cut.first + i)};
#pragma clang diagnostic pop
  });
  for (std::size_t e = 0; e < exceptions_.size(); ++e) {
    const auto place = exceptions_[e];
    if (place >= cut.first && place < cut.last) to[place - cut.first].value = exception_values_[e];
  }
}

void ValueReader::values(std::span<double> to) const {
  with_conversion([&](const auto& value) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = value(i);
  });
  for (std::size_t e = 0; e < exceptions_.size(); ++e) to[exceptions_[e]] = exception_values_[e];
}

std::size_t ValueReader::bytes() const {
  auto bytes = (bits_.capacity() + ulps_.capacity()) * sizeof(std::int64_t);
  for (const auto& numbers : before_) bytes += numbers.ints.capacity() * sizeof(std::int64_t);
  return bytes;
}

}  // namespace mamori::metrics::detail
