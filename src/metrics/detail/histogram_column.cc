#include "metrics/detail/histogram_column.h"

#include <bit>
#include <cmath>

namespace mamori::metrics::detail {
namespace {

constexpr std::uint64_t kBucketsMax = 1u << 20;  // of one histogram; a hostile length must not cost memory
constexpr std::uint8_t kSameShape = 1, kWholeCounts = 2;

bool is_whole(double value) {
  return value >= 0 && value < 9007199254740992.0 && std::trunc(value) == value &&
         std::bit_cast<std::uint64_t>(value) != std::uint64_t{1} << 63;
}

bool has_whole_counts(const Histogram& h) {
  const auto all = [](const std::vector<double>& counts) {
    for (const auto count : counts) {
      if (!is_whole(count)) return false;
    }
    return true;
  };
  return is_whole(h.count) && is_whole(h.zero_count) && all(h.positive) && all(h.negative);
}

bool same_shape(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema &&
         std::bit_cast<std::uint64_t>(a.zero_threshold) == std::bit_cast<std::uint64_t>(b.zero_threshold) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         a.positive.size() == b.positive.size() && a.negative.size() == b.negative.size() &&
         a.custom_bounds.size() == b.custom_bounds.size() &&
         (a.custom_bounds.empty() ||
          std::memcmp(a.custom_bounds.data(), b.custom_bounds.data(), a.custom_bounds.size() * sizeof(double)) == 0);
}

void write_shape(const Histogram& h, std::string& out) {
  put_signed(out, h.schema);
  put_raw(out, h.zero_threshold);
  for (const auto* spans : {&h.positive_spans, &h.negative_spans}) {
    put_varint(out, spans->size());
    for (const auto& span : *spans) {
      put_signed(out, span.offset);
      put_varint(out, span.length);
    }
  }
  put_varint(out, h.positive.size());
  put_varint(out, h.negative.size());
  put_varint(out, h.custom_bounds.size());
  for (const auto bound : h.custom_bounds) put_raw(out, bound);
}

bool read_shape(ByteReader& in, Histogram& h) {
  h.schema = static_cast<std::int32_t>(in.signed_varint());
  h.zero_threshold = in.raw<double>();
  for (auto* spans : {&h.positive_spans, &h.negative_spans}) {
    const auto count = in.varint();
    if (count > in.left()) return false;  // each takes two bytes at least
    spans->resize(count);
    for (auto& span : *spans) {
      span.offset = static_cast<std::int32_t>(in.signed_varint());
      span.length = static_cast<std::uint32_t>(in.varint());
    }
  }
  const auto positive = in.varint(), negative = in.varint(), bounds = in.varint();
  if (positive > kBucketsMax || negative > kBucketsMax || bounds > in.left() / 8) return false;
  // What counts follow takes a byte each at least.
  if (positive + negative > in.left()) return false;
  h.positive.resize(positive);
  h.negative.resize(negative);
  h.custom_bounds.resize(bounds);
  for (auto& bound : h.custom_bounds) bound = in.raw<double>();
  return in.ok();
}

/// Calls `visit` with each count of `h` and the matching one of `before`, or a zero.
template <typename H, typename Visit>
void each_count(H& h, const Histogram* before, const Visit& visit) {
  visit(h.count, before != nullptr ? before->count : 0.0);
  visit(h.zero_count, before != nullptr ? before->zero_count : 0.0);
  for (std::size_t i = 0; i < h.positive.size(); ++i)
    visit(h.positive[i], before != nullptr ? before->positive[i] : 0.0);
  for (std::size_t i = 0; i < h.negative.size(); ++i)
    visit(h.negative[i], before != nullptr ? before->negative[i] : 0.0);
}

}  // namespace

void write_histograms(std::span<const HistogramPoint> points, std::string& out) {
  std::int64_t time = 0, step = 0;
  const Histogram* before = nullptr;
  bool before_whole = false;
  for (const auto& [time_ms, value] : points) {
    const auto next_step = wrapping_sub(time_ms, time);
    put_signed(out, wrapping_sub(next_step, step));
    step = next_step;
    time = time_ms;
    const bool same = before != nullptr && same_shape(*before, *value);
    const bool whole = has_whole_counts(*value);
    out += static_cast<char>((same ? kSameShape : 0) | (whole ? kWholeCounts : 0) |
                             static_cast<unsigned>(value->reset) << 2);
    if (!same) write_shape(*value, out);
    put_raw(out, value->sum);
    // A difference needs whole numbers on both sides.
    each_count(*value, same && whole && before_whole ? before : nullptr, [&](double count, double earlier) {
      whole ? put_signed(out, static_cast<std::int64_t>(count) - static_cast<std::int64_t>(earlier))
            : put_raw(out, count);
    });
    before = value.get();
    before_whole = whole;
  }
}

bool read_histograms(ByteReader& in, std::uint64_t count, std::vector<HistogramPoint>& out) {
  std::int64_t time = 0, step = 0;
  std::shared_ptr<const Histogram> before;
  bool before_whole = false;
  for (std::uint64_t i = 0; i < count; ++i) {
    step = wrapping_add(step, in.signed_varint());
    time = wrapping_add(time, step);
    const auto form = in.raw<std::uint8_t>();
    if (!in.ok() || form >= 16) return false;
    const bool same = (form & kSameShape) != 0, whole = (form & kWholeCounts) != 0;
    if (same && before == nullptr) return false;
    auto histogram = std::make_shared<Histogram>();
    if (same) {
      *histogram = *before;
    } else if (!read_shape(in, *histogram)) {
      return false;
    }
    histogram->reset = static_cast<Histogram::Reset>(form >> 2);
    histogram->sum = in.raw<double>();
    each_count(*histogram, same && whole && before_whole ? before.get() : nullptr, [&](double& value, double earlier) {
      value = whole ? static_cast<double>(wrapping_add(static_cast<std::int64_t>(earlier), in.signed_varint()))
                    : in.raw<double>();
    });
    if (!in.ok()) return false;
    out.push_back({time, histogram});
    before = std::move(histogram);
    before_whole = whole && has_whole_counts(*before);
  }
  return true;
}

}  // namespace mamori::metrics::detail
