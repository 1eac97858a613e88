#include "ingest/prometheus_chunk.h"

#include <bit>
#include <cmath>
#include <vector>

namespace mamori::ingest {
namespace {

using metrics::Histogram;

Error corrupt(std::string_view what) { return {Code::Corrupt, std::string(what)}; }

/// Bits, the highest of a byte first. Past the end: zeros, and ok() is false.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }

  bool bit() { return bits(1) != 0; }

  std::uint64_t bits(int count) {
    std::uint64_t value = 0;
    while (count > 0) {
      if (at_ / 8 >= bytes_.size()) {
        ok_ = false;
        return 0;
      }
      const int left = 8 - static_cast<int>(at_ % 8);
      const int take = std::min(left, count);
      const auto byte = static_cast<unsigned char>(bytes_[at_ / 8]);
      value = value << take | (static_cast<unsigned>(byte) >> (left - take) & ((1u << take) - 1));
      at_ += static_cast<std::size_t>(take);
      count -= take;
    }
    return value;
  }

  /// LEB128, as Go's encoding/binary writes it, wherever in a byte it begins.
  std::uint64_t uvarint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = bits(8);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::int64_t varint() {
    const auto value = uvarint();
    return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1)));
  }

  /// A number in one of nine widths that a prefix of ones announces.
  std::int64_t bucketed_int() {
    const int width = bucket_width();
    if (width == 0) return 0;
    const auto value = bits(width);
    if (width == 64) return static_cast<std::int64_t>(value);
    // Of the two's complement only the value one above half is moved to the positive side.
    if (value > std::uint64_t{1} << (width - 1)) return static_cast<std::int64_t>(value - (std::uint64_t{1} << width));
    return static_cast<std::int64_t>(value);
  }
  std::uint64_t bucketed_uint() {
    const int width = bucket_width();
    return width == 0 ? 0 : bits(width);
  }

 private:
  int bucket_width() {
    constexpr int kWidths[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};
    int ones = 0;
    while (ones < 8 && bit()) ++ones;
    return kWidths[ones];
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// A run of doubles, each as the XOR with the one before.
class XorValue {
 public:
  double first(BitReader& in) {
    bits_ = in.bits(64);
    return value();
  }
  double next(BitReader& in) {
    if (!in.bit()) return value();
    if (in.bit()) {
      leading_ = static_cast<int>(in.bits(5));
      int width = static_cast<int>(in.bits(6));
      if (width == 0) width = 64;
      trailing_ = 64 - leading_ - width;
    }
    if (leading_ < 0 || trailing_ < 0) {
      broken_ = true;
      return 0;
    }
    bits_ ^= in.bits(64 - leading_ - trailing_) << trailing_;
    return value();
  }
  double value() const { return std::bit_cast<double>(bits_); }
  bool broken() const { return broken_; }

 private:
  std::uint64_t bits_ = 0;
  int leading_ = -1, trailing_ = -1;
  bool broken_ = false;
};

std::int64_t add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// A whole number that goes on by the difference of its differences.
struct Stepped {
  std::int64_t value = 0, step = 0;
  void move(std::int64_t difference, bool second) {
    step = second ? difference : add(step, difference);
    value = add(value, step);
  }
};

Result<void> read_floats(BitReader& in, std::size_t count, metrics::SeriesData& out) {
  std::int64_t time = 0, step = 0;
  XorValue value;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == 0) {
      time = in.varint();
      value.first(in);
    } else {
      if (i == 1) {
        step = static_cast<std::int64_t>(in.uvarint());
      } else {
        constexpr int kWidths[] = {0, 14, 17, 20, 64};
        int ones = 0;
        while (ones < 4 && in.bit()) ++ones;
        const int width = kWidths[ones];
        auto difference = static_cast<std::int64_t>(in.bits(width));
        if (width > 0 && width < 64 && difference > std::int64_t{1} << (width - 1))
          difference -= std::int64_t{1} << width;
        step = add(step, difference);
      }
      time = add(time, step);
      value.next(in);
    }
    if (!in.ok() || value.broken()) return corrupt("a chunk of floats ends too early");
    out.samples.push_back({time, value.value()});
  }
  return {};
}

struct Layout {
  Histogram shape;  // without counts
  std::size_t positive = 0, negative = 0;
};

bool read_spans(BitReader& in, std::vector<metrics::BucketSpan>& spans, std::size_t& buckets) {
  const auto count = in.bucketed_uint();
  if (count > 65'536) return false;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    metrics::BucketSpan span;
    span.length = static_cast<std::uint32_t>(in.bucketed_uint());
    span.offset = static_cast<std::int32_t>(in.bucketed_int());
    buckets += span.length;
    if (buckets > 1'000'000) return false;
    spans.push_back(span);
  }
  return in.ok();
}

/// A bound that is a whole number of thousandths is kept as such.
double read_custom_bound(BitReader& in) {
  const auto thousandths = in.bucketed_uint();
  return thousandths == 0 ? std::bit_cast<double>(in.bits(64)) : static_cast<double>(thousandths - 1) / 1000;
}

bool read_layout(BitReader& in, Layout& layout) {
  const auto threshold = in.bits(8);
  if (threshold == 255) {
    layout.shape.zero_threshold = std::bit_cast<double>(in.bits(64));
  } else if (threshold > 0) {
    layout.shape.zero_threshold = std::ldexp(0.5, static_cast<int>(threshold) - 243);
  }
  layout.shape.schema = static_cast<std::int32_t>(in.bucketed_int());
  if (!read_spans(in, layout.shape.positive_spans, layout.positive)) return false;
  if (!read_spans(in, layout.shape.negative_spans, layout.negative)) return false;
  if (layout.shape.schema == metrics::kCustomBucketsSchema) {
    const auto count = in.bucketed_uint();
    if (count > 65'536) return false;
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) layout.shape.custom_bounds.push_back(read_custom_bound(in));
  }
  return in.ok();
}

/// The hint of the chunk's head is about its first histogram; within a chunk there is no reset.
Histogram::Reset reset_of(unsigned header, std::size_t index) {
  switch (header >> 6) {
    case 0b11:
      return Histogram::Reset::Gauge;
    case 0b10:
      return index == 0 ? Histogram::Reset::Reset : Histogram::Reset::NotReset;
    case 0b01:
      return Histogram::Reset::NotReset;
    default:
      return index == 0 ? Histogram::Reset::Unknown : Histogram::Reset::NotReset;
  }
}

void push(const Layout& layout, Histogram histogram, std::int64_t time_ms, metrics::SeriesData& out) {
  if (metrics::is_stale_nan(histogram.sum)) {
    out.samples.push_back({time_ms, histogram.sum});
    return;
  }
  histogram.schema = layout.shape.schema;
  histogram.zero_threshold = layout.shape.zero_threshold;
  histogram.positive_spans = layout.shape.positive_spans;
  histogram.negative_spans = layout.shape.negative_spans;
  histogram.custom_bounds = layout.shape.custom_bounds;
  out.histograms.push_back({time_ms, std::make_shared<Histogram>(std::move(histogram))});
}

Result<void> read_whole_histograms(BitReader& in, unsigned header, std::size_t count, metrics::SeriesData& out) {
  Layout layout;
  if (!read_layout(in, layout)) return corrupt("a chunk of histograms has no layout");
  Stepped time, total, zero;
  std::vector<Stepped> buckets(layout.positive + layout.negative);
  XorValue sum;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == 0) {
      time.value = in.bucketed_int();
      total.value = static_cast<std::int64_t>(in.bucketed_uint());
      zero.value = static_cast<std::int64_t>(in.bucketed_uint());
      sum.first(in);
    } else {
      time.move(in.bucketed_int(), i == 1);
      total.move(in.bucketed_int(), i == 1);
      zero.move(in.bucketed_int(), i == 1);
      sum.next(in);
    }
    Histogram histogram{.reset = reset_of(header, i)};
    histogram.sum = sum.value();
    if (!metrics::is_stale_nan(histogram.sum)) {
      std::int64_t absolute = 0;  // a bucket is kept as its difference to the one before
      for (std::size_t b = 0; b < buckets.size(); ++b) {
        if (i == 0) {
          buckets[b].value = in.bucketed_int();
        } else {
          buckets[b].move(in.bucketed_int(), i == 1);
        }
        if (b == layout.positive) absolute = 0;
        absolute = add(absolute, buckets[b].value);
        (b < layout.positive ? histogram.positive : histogram.negative).push_back(static_cast<double>(absolute));
      }
    }
    if (!in.ok() || sum.broken()) return corrupt("a chunk of histograms ends too early");
    histogram.count = static_cast<double>(total.value);
    histogram.zero_count = static_cast<double>(zero.value);
    push(layout, std::move(histogram), time.value, out);
  }
  return {};
}

Result<void> read_float_histograms(BitReader& in, unsigned header, std::size_t count, metrics::SeriesData& out) {
  Layout layout;
  if (!read_layout(in, layout)) return corrupt("a chunk of histograms has no layout");
  Stepped time;
  XorValue total, zero, sum;
  std::vector<XorValue> buckets(layout.positive + layout.negative);
  for (std::size_t i = 0; i < count; ++i) {
    if (i == 0) {
      time.value = in.bucketed_int();
    } else {
      time.move(in.bucketed_int(), i == 1);
    }
    const auto read = [&](XorValue& value) { return i == 0 ? value.first(in) : value.next(in); };
    Histogram histogram{.reset = reset_of(header, i)};
    histogram.count = read(total);
    histogram.zero_count = read(zero);
    histogram.sum = read(sum);
    bool broken = total.broken() || zero.broken() || sum.broken();
    if (!metrics::is_stale_nan(histogram.sum)) {
      for (std::size_t b = 0; b < buckets.size(); ++b) {
        (b < layout.positive ? histogram.positive : histogram.negative).push_back(read(buckets[b]));
        broken |= buckets[b].broken();
      }
    }
    if (!in.ok() || broken) return corrupt("a chunk of histograms ends too early");
    push(layout, std::move(histogram), time.value, out);
  }
  return {};
}

}  // namespace

Result<void> read_prometheus_chunk(PrometheusChunk encoding, std::string_view data, metrics::SeriesData& out) {
  if (data.size() < 2) return corrupt("a chunk has no head");
  const auto count = static_cast<std::size_t>(static_cast<unsigned char>(data[0])) << 8 |
                     static_cast<std::size_t>(static_cast<unsigned char>(data[1]));
  if (encoding == PrometheusChunk::Xor) {
    BitReader in(data.substr(2));
    return read_floats(in, count, out);
  }
  if (data.size() < 3) return corrupt("a chunk has no head");
  const auto header = static_cast<unsigned char>(data[2]);
  BitReader in(data.substr(3));
  if (encoding == PrometheusChunk::Histogram) return read_whole_histograms(in, header, count, out);
  if (encoding == PrometheusChunk::FloatHistogram) return read_float_histograms(in, header, count, out);
  return corrupt("a chunk has encoding " + std::to_string(static_cast<int>(encoding)) + ", which is not known");
}

}  // namespace mamori::ingest
