#include "ingest/native_histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ingest/protobuf_writer.h"
#include "metrics/store.h"

namespace mamori::ingest {
namespace {

using metrics::BucketSpan;
using metrics::Histogram;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ProtobufWriter span(std::int64_t offset, std::uint64_t length) {
  ProtobufWriter message;
  message.sint64(1, offset).varint(2, length);
  return message;
}

/// Of 12 observations: 2 in the zero bucket, 1, 3 and 4 in positive ones, 2 in a negative one.
ProtobufWriter integer_histogram() {
  ProtobufWriter message;
  message.varint(1, 12).float64(3, 100.5).sint64(4, 2).float64(5, 0.001).varint(6, 2);
  message.message(8, span(3, 1)).packed_varints(9, {ProtobufWriter::zigzag(2)});
  message.message(11, span(-2, 2)).message(11, span(3, 1));
  message.packed_varints(12, {ProtobufWriter::zigzag(1), ProtobufWriter::zigzag(2), ProtobufWriter::zigzag(1)});
  message.varint(14, 2).int64(15, 1700000000000);
  return message;
}

void expect_refused(const ProtobufWriter& message, const std::string& why) {
  const auto read = read_histogram(message.text());
  ASSERT_FALSE(read) << why;
  EXPECT_EQ(read.error().code, Code::InvalidArgument);
  EXPECT_THAT(read.error().message, HasSubstr(why));
}

TEST(NativeHistogram, MakesAbsoluteCountsOfIntegerDeltas) {
  const auto read = read_histogram(integer_histogram().text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->time_ms, 1700000000000);
  const Histogram want{.reset = Histogram::Reset::NotReset,
                       .schema = 2,
                       .zero_threshold = 0.001,
                       .zero_count = 2,
                       .count = 12,
                       .sum = 100.5,
                       .positive_spans = {{-2, 2}, {3, 1}},
                       .negative_spans = {{3, 1}},
                       .positive = {1, 3, 4},
                       .negative = {2}};
  EXPECT_EQ(*read->value, want);
}

TEST(NativeHistogram, TakesFloatCountsAsTheyAre) {
  ProtobufWriter message;
  message.float64(2, 4.5).float64(3, 1).sint64(4, -4).float64(7, 0.5);
  message.message(11, span(0, 2)).packed_doubles(13, {1.5, 2.5}).varint(14, 3).int64(15, 5);
  const auto read = read_histogram(message.text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->value->count, 4.5);
  EXPECT_EQ(read->value->zero_count, 0.5);
  EXPECT_THAT(read->value->positive, ElementsAre(1.5, 2.5));
  EXPECT_EQ(read->value->reset, Histogram::Reset::Gauge);
  EXPECT_EQ(read->value->schema, -4);
}

TEST(NativeHistogram, TakesCustomBounds) {
  ProtobufWriter message;
  message.varint(1, 3).float64(3, 1).sint64(4, -53);
  message.message(11, span(0, 3)).packed_varints(12, {ProtobufWriter::zigzag(1), 0, 0});
  message.packed_doubles(16, {0.1, 1});
  const auto read = read_histogram(message.text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(read->value->custom_bounds, ElementsAre(0.1, 1));
  EXPECT_THAT(read->value->positive, ElementsAre(1, 1, 1)) << "the last lies above 1";
}

TEST(NativeHistogram, KnowsAStalenessMarkerByItsSum) {
  ProtobufWriter message;
  message.fixed64(3, metrics::kStaleNanBits).int64(15, 7).varint(1, 99);
  const auto read = read_histogram(message.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->value, nullptr);
  EXPECT_EQ(read->time_ms, 7);
}

TEST(NativeHistogram, OfNothingIsEmpty) {
  const auto read = read_histogram("");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read->value, Histogram{});
}

TEST(NativeHistogram, LetsNanObservationsCountInNoBucket) {
  ProtobufWriter message;
  message.varint(1, 3).float64(3, std::nan("")).message(11, span(0, 1)).packed_varints(12, {ProtobufWriter::zigzag(2)});
  EXPECT_TRUE(read_histogram(message.text()));
  ProtobufWriter more;
  more.varint(1, 1).float64(3, std::nan("")).message(11, span(0, 1)).packed_varints(12, {ProtobufWriter::zigzag(2)});
  expect_refused(more, "the buckets hold 2.0");
}

TEST(NativeHistogram, RefusesWhatIsNone) {
  const auto with = [](auto change) {
    auto message = integer_histogram();
    change(message);
    return message;
  };
  expect_refused(with([](auto& m) { m.varint(1, 13); }), "the buckets hold 12");
  expect_refused(with([](auto& m) { m.sint64(4, -5); }), "schema -5 is not known");
  expect_refused(with([](auto& m) { m.sint64(4, 53); }), "schema 53 is not known");
  expect_refused(with([](auto& m) { m.message(11, span(0, 1)); }), "the positive spans need 4 buckets, there are 3");
  expect_refused(with([](auto& m) { m.message(8, span(-1, 0)); }), "the negative span 2 has a negative offset");
  expect_refused(with([](auto& m) { m.packed_varints(12, {ProtobufWriter::zigzag(-5)}).message(11, span(0, 1)); }),
                 "negative or NaN");
  expect_refused(with([](auto& m) { m.packed_doubles(16, {1}); }), "custom bounds need schema -53");
  expect_refused(with([](auto& m) { m.message(11, span(std::numeric_limits<std::int32_t>::max(), 0)); }),
                 "a bucket's index passes 32 bits");
}

TEST(NativeHistogram, RefusesCustomBucketsThatMakeNoSense) {
  const auto custom = [](const std::vector<double>& bounds, std::uint64_t buckets) {
    ProtobufWriter message;
    message.varint(1, buckets).sint64(4, -53).packed_doubles(16, bounds).message(11, span(0, buckets));
    std::vector<std::uint64_t> deltas(buckets, 0);
    if (buckets > 0) deltas[0] = ProtobufWriter::zigzag(1);
    message.packed_varints(12, deltas);
    return message;
  };
  EXPECT_TRUE(read_histogram(custom({1, 2}, 3).text()));
  expect_refused(custom({2, 1}, 3), "custom bounds must ascend");
  expect_refused(custom({1, std::nan("")}, 3), "custom bounds must ascend");
  expect_refused(custom({1, INFINITY}, 3), "+Inf");
  expect_refused(custom({1, 2}, 4), "outside of the 2 custom bounds");
  auto zero = custom({1, 2}, 3);
  expect_refused(zero.varint(6, 1), "no zero bucket");
}

TEST(NativeHistogram, BoundsTheNumberOfBuckets) {
  ProtobufWriter message;
  message.message(11, span(0, 70'000)).packed_varints(12, std::vector<std::uint64_t>(70'000, 0));
  expect_refused(message, "more than 65536 buckets");
}

TEST(NativeHistogram, TellsMalformedFromRefused) {
  const auto whole = integer_histogram().text();
  for (const auto& message : {whole.substr(0, whole.size() - 1), std::string("\x0a\x05"), whole + "\x59"}) {
    const auto read = read_histogram(message);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::Corrupt);
  }
}

TEST(NativeHistogram, JoinsBucketsOfAFinerSchema) {
  // Buckets 1 and 2, 3 and 4, … become one; -1 and 0 too.
  Histogram histogram{.schema = 9,
                      .count = 21,
                      .positive_spans = {{-1, 4}, {1, 2}},
                      .negative_spans = {{4, 1}},
                      .positive = {1, 2, 3, 4, 5, 6},
                      .negative = {7}};
  reduce_schema(histogram, 8);
  EXPECT_EQ(histogram.schema, 8);
  EXPECT_THAT(histogram.positive, ElementsAre(1 + 2, 3 + 4, 5, 6));
  EXPECT_THAT(histogram.positive_spans, ElementsAre(BucketSpan{0, 4}));
  EXPECT_THAT(histogram.negative_spans, ElementsAre(BucketSpan{2, 1}));
  EXPECT_THAT(histogram.negative, ElementsAre(7));
}

TEST(NativeHistogram, IsReadAtSchema8WhenItIsFiner) {
  ProtobufWriter message;
  message.varint(1, 2).sint64(4, 10).message(11, span(5, 1)).packed_varints(12, {ProtobufWriter::zigzag(2)});
  const auto read = read_histogram(message.text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->value->schema, 8);
  EXPECT_THAT(read->value->positive_spans, ElementsAre(BucketSpan{2, 1}));
}

}  // namespace
}  // namespace mamori::ingest
