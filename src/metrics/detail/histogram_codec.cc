#include "metrics/detail/histogram_codec.h"

#include <algorithm>

namespace mamori::metrics::detail {
namespace {

void put_doubles(std::string& out, const std::vector<double>& values) {
  put_varint(out, values.size());
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double));
}

bool take_doubles(ByteReader& reader, std::vector<double>& values) {
  const auto count = reader.count(sizeof(double));
  const auto bytes = reader.take(count * sizeof(double));
  values.resize(bytes.size() / sizeof(double));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return reader.ok();
}

void put_spans(std::string& out, const std::vector<BucketSpan>& spans) {
  put_varint(out, spans.size());
  for (const auto& span : spans) {
    put_varint(out, zigzag(span.offset));
    put_varint(out, span.length);
  }
}

bool take_spans(ByteReader& reader, std::vector<BucketSpan>& spans) {
  spans.resize(reader.count(2));
  for (auto& span : spans) {
    span.offset = static_cast<std::int32_t>(unzigzag(reader.varint()));
    span.length = static_cast<std::uint32_t>(reader.varint());
  }
  return reader.ok();
}

/// The spans promise as many counts as there are: whoever walks both relies on it.
bool fits(const std::vector<BucketSpan>& spans, const std::vector<double>& counts) {
  std::uint64_t length = 0;
  for (const auto& span : spans) length += span.length;
  return length == counts.size();
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }
bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return same_bits(x, y); });
}

}  // namespace

void put_histogram(std::string& out, const Histogram& histogram) {
  out += static_cast<char>(histogram.reset);
  put_varint(out, zigzag(histogram.schema));
  for (const auto value : {histogram.zero_threshold, histogram.zero_count, histogram.count, histogram.sum})
    put_raw(out, value);
  put_spans(out, histogram.positive_spans);
  put_spans(out, histogram.negative_spans);
  put_doubles(out, histogram.positive);
  put_doubles(out, histogram.negative);
  put_doubles(out, histogram.custom_bounds);
}

bool take_histogram(ByteReader& reader, Histogram& out) {
  const auto reset = reader.raw<std::uint8_t>();
  if (reset > static_cast<std::uint8_t>(Histogram::Reset::Gauge)) return false;
  out.reset = static_cast<Histogram::Reset>(reset);
  out.schema = static_cast<std::int32_t>(unzigzag(reader.varint()));
  for (auto* value : {&out.zero_threshold, &out.zero_count, &out.count, &out.sum}) *value = reader.raw<double>();
  return take_spans(reader, out.positive_spans) && take_spans(reader, out.negative_spans) &&
         take_doubles(reader, out.positive) && take_doubles(reader, out.negative) &&
         take_doubles(reader, out.custom_bounds) && fits(out.positive_spans, out.positive) &&
         fits(out.negative_spans, out.negative);
}

bool same_histogram(const Histogram& a, const Histogram& b) {
  return a.reset == b.reset && a.schema == b.schema && same_bits(a.zero_threshold, b.zero_threshold) &&
         same_bits(a.zero_count, b.zero_count) && same_bits(a.count, b.count) && same_bits(a.sum, b.sum) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         same_bits(a.positive, b.positive) && same_bits(a.negative, b.negative) &&
         same_bits(a.custom_bounds, b.custom_bounds);
}

std::size_t histogram_bytes(const Histogram& histogram) {
  return sizeof(Histogram) + 32 +  // 32: its owner's counters
         sizeof(BucketSpan) * (histogram.positive_spans.capacity() + histogram.negative_spans.capacity()) +
         sizeof(double) *
             (histogram.positive.capacity() + histogram.negative.capacity() + histogram.custom_bounds.capacity());
}

}  // namespace mamori::metrics::detail
