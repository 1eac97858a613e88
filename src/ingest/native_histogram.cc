#include "ingest/native_histogram.h"

#include <bit>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "ingest/protobuf_reader.h"
#include "metrics/store.h"

namespace mamori::ingest {
namespace {

using metrics::BucketSpan;
using metrics::Histogram;

constexpr std::int32_t kSchemaMin = -4, kSchemaMax = 8, kSchemaReducibleMax = 52;

/// The message's fields that become a Histogram only together.
struct Fields {
  bool is_float = false;
  std::uint64_t count = 0, zero_count = 0;
  double count_float = 0, zero_count_float = 0;
  std::vector<std::int64_t> positive_deltas, negative_deltas;
  std::vector<double> positive_counts, negative_counts;
};

bool read_span(std::string_view message, BucketSpan& span) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.field() == 1) {
      span.offset = static_cast<std::int32_t>(in.sint64());
    } else if (in.field() == 2) {
      span.length = in.uint32();
    } else {
      in.skip();
    }
  }
  return in.ok();
}

Histogram::Reset reset_of(std::uint64_t hint) {
  switch (hint) {
    case 1:
      return Histogram::Reset::Reset;
    case 2:
      return Histogram::Reset::NotReset;
    case 3:
      return Histogram::Reset::Gauge;
    default:
      return Histogram::Reset::Unknown;
  }
}

bool read_fields(std::string_view message, std::int64_t& time_ms, Histogram& histogram, Fields& fields) {
  // One more than the bound is kept, so that the check sees it.
  const auto has_room = [](const auto& items) { return items.size() <= kHistogramBucketsMax; };
  const auto deltas = [&](ProtobufReader& in, std::vector<std::int64_t>& out) {
    in.each_varint([&](std::uint64_t value) {
      if (has_room(out)) out.push_back(ProtobufReader::zigzag(value));
    });
  };
  const auto doubles = [&](ProtobufReader& in, std::vector<double>& out) {
    in.each_fixed64([&](std::uint64_t bits) {
      if (has_room(out)) out.push_back(std::bit_cast<double>(bits));
    });
  };
  const auto span = [&](ProtobufReader& in, std::vector<BucketSpan>& out) {
    BucketSpan one;
    if (!read_span(in.bytes(), one)) return false;
    if (has_room(out)) out.push_back(one);
    return true;
  };
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 1:
        fields.count = in.varint();
        fields.is_float = false;
        break;
      case 2:
        fields.count_float = in.float64();
        fields.is_float = true;
        break;
      case 3:
        histogram.sum = in.float64();
        break;
      case 4:
        histogram.schema = static_cast<std::int32_t>(in.sint64());
        break;
      case 5:
        histogram.zero_threshold = in.float64();
        break;
      case 6:
        fields.zero_count = in.varint();
        break;
      case 7:
        fields.zero_count_float = in.float64();
        break;
      case 8:
        if (!span(in, histogram.negative_spans)) return false;
        break;
      case 9:
        deltas(in, fields.negative_deltas);
        break;
      case 10:
        doubles(in, fields.negative_counts);
        break;
      case 11:
        if (!span(in, histogram.positive_spans)) return false;
        break;
      case 12:
        deltas(in, fields.positive_deltas);
        break;
      case 13:
        doubles(in, fields.positive_counts);
        break;
      case 14:
        histogram.reset = reset_of(in.varint());
        break;
      case 15:
        time_ms = in.int64();
        break;
      case 16:
        doubles(in, histogram.custom_bounds);
        break;
      default:
        in.skip();
    }
  }
  return in.ok();
}

/// Sums up the deltas. Unsigned, since hostile ones may overflow; what is negative then fails the check.
std::vector<double> absolute_counts(const std::vector<std::int64_t>& deltas) {
  std::vector<double> counts;
  counts.reserve(deltas.size());
  std::uint64_t count = 0;
  for (const auto delta : deltas) {
    count += static_cast<std::uint64_t>(delta);
    counts.push_back(static_cast<double>(static_cast<std::int64_t>(count)));
  }
  return counts;
}

Result<void> check_side(const char* side, const std::vector<BucketSpan>& spans, const std::vector<double>& counts) {
  if (spans.size() > kHistogramBucketsMax || counts.size() > kHistogramBucketsMax)
    return invalid_argument("histogram: more than " + std::to_string(kHistogramBucketsMax) + " buckets");
  std::uint64_t buckets = 0;
  std::int64_t index = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) {
      return invalid_argument("histogram: the " + std::string(side) + " span " + std::to_string(i + 1) +
                              " has a negative offset");
    }
    buckets += spans[i].length;
    index += std::int64_t{spans[i].offset} + spans[i].length;
    if (index > INT32_MAX || index < INT32_MIN) return invalid_argument("histogram: a bucket's index passes 32 bits");
  }
  if (buckets != counts.size()) {
    return invalid_argument("histogram: the " + std::string(side) + " spans need " + std::to_string(buckets) +
                            " buckets, there are " + std::to_string(counts.size()));
  }
  for (const double count : counts) {
    if (!(count >= 0))
      return invalid_argument("histogram: a " + std::string(side) + " bucket's count is negative or NaN");
  }
  return {};
}

Result<void> check_custom(const Histogram& histogram) {
  const auto& bounds = histogram.custom_bounds;
  if (bounds.size() > kHistogramBucketsMax)
    return invalid_argument("histogram: more than " + std::to_string(kHistogramBucketsMax) + " custom bounds");
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (std::isnan(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1]))
      return invalid_argument("histogram: custom bounds must ascend");
  }
  if (!bounds.empty() && bounds.back() == INFINITY)
    return invalid_argument("histogram: the last custom bound is +Inf, which is implied");
  if (histogram.zero_count != 0 || histogram.zero_threshold != 0)
    return invalid_argument("histogram: custom buckets have no zero bucket");
  if (!histogram.negative.empty() || !histogram.negative_spans.empty())
    return invalid_argument("histogram: custom buckets have no negative ones");
  std::int64_t last = 0;
  for (const auto& span : histogram.positive_spans) {
    last += std::int64_t{span.offset} + span.length;
    if (span.offset < 0 || last > static_cast<std::int64_t>(bounds.size()) + 1)
      return invalid_argument("histogram: a span lies outside of the " + std::to_string(bounds.size()) +
                              " custom bounds");
  }
  return {};
}

/// One side's spans and counts at a schema that is `shift` steps coarser.
void reduce_side(std::vector<BucketSpan>& spans, std::vector<double>& counts, int shift) {
  std::map<std::int64_t, double> joined;
  std::int64_t index = 0;
  std::size_t at = 0;
  for (const auto& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length; ++i, ++index) {
      // Bucket i reaches from base^(i-1) to base^i, its upper border included: so the border of the coarser one rounds
      // up.
      joined[((index - 1) >> shift) + 1] += counts[at++];
    }
  }
  spans.clear();
  counts.clear();
  std::int64_t next = 0;  // after the last bucket
  for (const auto& [bucket, count] : joined) {
    if (spans.empty() || bucket != next) {
      spans.push_back({.offset = static_cast<std::int32_t>(bucket - next), .length = 0});
    }
    ++spans.back().length;
    counts.push_back(count);
    next = bucket + 1;
  }
}

}  // namespace

Result<void> check_histogram(const Histogram& histogram, bool whole_counts) {
  if (histogram.schema == metrics::kCustomBucketsSchema) {
    MAMORI_TRY_VOID(check_custom(histogram));
  } else if (histogram.schema < kSchemaMin || histogram.schema > kSchemaReducibleMax) {
    return invalid_argument("histogram: schema " + std::to_string(histogram.schema) + " is not known");
  } else if (!histogram.custom_bounds.empty()) {
    return invalid_argument("histogram: custom bounds need schema -53");
  }
  MAMORI_TRY_VOID(check_side("positive", histogram.positive_spans, histogram.positive));
  MAMORI_TRY_VOID(check_side("negative", histogram.negative_spans, histogram.negative));
  if (!(histogram.zero_count >= 0) || !(histogram.count >= 0))
    return invalid_argument("histogram: the count or the zero bucket's is negative or NaN");
  if (!whole_counts) return {};  // floats need not add up to the last digit
  double total = histogram.zero_count;
  for (const double count : histogram.positive) total += count;
  for (const double count : histogram.negative) total += count;
  // NaN observations count and lie in no bucket; they make the sum NaN.
  const bool fits = std::isnan(histogram.sum) ? total <= histogram.count : total == histogram.count;
  if (!fits) {
    return invalid_argument("histogram: the buckets hold " + std::to_string(total) + " observations, the count says " +
                            std::to_string(histogram.count));
  }
  return {};
}

Result<ReadHistogram> read_histogram(std::string_view message) {
  ReadHistogram read{.value = std::make_shared<Histogram>()};
  auto& histogram = *read.value;
  Fields fields;
  if (!read_fields(message, read.time_ms, histogram, fields))
    return Error{Code::Corrupt, "a histogram is not well-formed protobuf"};
  if (metrics::is_stale_nan(histogram.sum)) {
    read.value = nullptr;
    return read;
  }
  if (fields.is_float) {
    histogram.count = fields.count_float;
    histogram.zero_count = fields.zero_count_float;
    histogram.positive = std::move(fields.positive_counts);
    histogram.negative = std::move(fields.negative_counts);
  } else {
    histogram.count = static_cast<double>(fields.count);
    histogram.zero_count = static_cast<double>(fields.zero_count);
    histogram.positive = absolute_counts(fields.positive_deltas);
    histogram.negative = absolute_counts(fields.negative_deltas);
  }
  MAMORI_TRY_VOID(check_histogram(histogram, /*whole_counts=*/!fields.is_float));
  if (histogram.schema > kSchemaMax) reduce_schema(histogram, kSchemaMax);
  return read;
}

void reduce_schema(Histogram& histogram, std::int32_t schema) {
  const int shift = histogram.schema - schema;
  if (shift <= 0) return;
  reduce_side(histogram.positive_spans, histogram.positive, shift);
  reduce_side(histogram.negative_spans, histogram.negative, shift);
  histogram.schema = schema;
}

}  // namespace mamori::ingest
