#include "ingest/write_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/write_messages.h"

namespace mamori::ingest {
namespace {

using metrics::Labels;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class WriteRequestTest : public testing::Test {
 protected:
  Result<void> decode(WriteVersion version, const std::string& message) {
    message_ = message;
    return request_.decode(version, message_, hash_);
  }
  Result<Labels> labels_v1(const SentLabels& labels) {
    EXPECT_TRUE(decode(WriteVersion::V1, write_request_v1({{labels, {{1, 1}}}})));
    return request_.labels(0);
  }
  void expect_labels_refused(const SentLabels& labels, const std::string& why) {
    for (const auto version : {WriteVersion::V1, WriteVersion::V2}) {
      const std::vector<SentSeries> series = {{labels, {{1, 1}}}};
      ASSERT_TRUE(decode(version, version == WriteVersion::V1 ? write_request_v1(series) : write_request_v2(series)));
      const auto read = request_.labels(0);
      ASSERT_FALSE(read) << why;
      EXPECT_THAT(read.error().message, HasSubstr(why));
    }
  }

  const SeriesHash hash_{42};
  WriteRequest request_;
  std::string message_;
};

TEST_F(WriteRequestTest, ReadsBothVersionsAlike) {
  const std::vector<SentSeries> series = {
      {{{"__name__", "a"}, {"job", "shop"}}, {{1000, 1.5}, {2000, 0}}},
      {{{"__name__", "b"}}, {{-5, -0.0}}, {}, {{{{"trace_id", "x"}}, 999, 0.5}}},
  };
  for (const auto version : {WriteVersion::V1, WriteVersion::V2}) {
    ASSERT_TRUE(decode(version, version == WriteVersion::V1 ? write_request_v1(series) : write_request_v2(series)));
    ASSERT_THAT(request_.series, SizeIs(2));
    EXPECT_EQ(*request_.labels(0), Labels({{"__name__", "a"}, {"job", "shop"}}));
    EXPECT_EQ(*request_.labels(1), Labels({{"__name__", "b"}}));
    ASSERT_THAT(request_.samples, SizeIs(3));
    EXPECT_EQ(request_.samples[1].series, 0u);
    EXPECT_EQ(request_.samples[1].time_ms, 2000);
    EXPECT_EQ(request_.samples[2].series, 1u);
    EXPECT_EQ(request_.samples[2].time_ms, -5);
    EXPECT_TRUE(std::signbit(request_.samples[2].value));
    EXPECT_EQ(request_.items(0), 2u);
    EXPECT_EQ(request_.items(1), 1u);
    ASSERT_THAT(request_.exemplars, SizeIs(1));
    EXPECT_EQ(request_.exemplars[0].series, 1u);
    EXPECT_EQ(request_.exemplars[0].time_ms, 999);
    EXPECT_EQ(request_.exemplars[0].value, 0.5);
    EXPECT_EQ(*request_.labels(request_.exemplars[0]), Labels({{"trace_id", "x"}}));
  }
}

TEST_F(WriteRequestTest, NamesASeriesByItsLabelsOnly) {
  const SentLabels a = {{"__name__", "a"}, {"job", "shop"}}, b = {{"__name__", "b"}, {"job", "shop"}};
  for (const auto version : {WriteVersion::V1, WriteVersion::V2}) {
    const auto keys = [&](const std::vector<SentSeries>& series) {
      EXPECT_TRUE(decode(version, version == WriteVersion::V1 ? write_request_v1(series) : write_request_v2(series)));
      return request_.keys;
    };
    const auto first = keys({{a, {{1, 1}}}, {b, {{1, 1}}}});
    const auto second = keys({{{{"other", "symbols"}, {"first", "x"}}, {}}, {b, {{2, 7}, {3, 8}}}, {a, {}}});
    EXPECT_EQ(first[0], second[2]);
    EXPECT_EQ(first[1], second[1]);
    EXPECT_FALSE(first[0] == first[1]);
  }
}

TEST_F(WriteRequestTest, GathersLabelsThatDoNotLieSideBySide) {
  ProtobufWriter name, job, series, request;
  name.bytes(1, "__name__").bytes(2, "a");
  job.bytes(1, "job").bytes(2, "shop");
  series.message(1, name).message(2, sample_message({1, 1})).message(1, job);
  request.message(1, series);
  ASSERT_TRUE(decode(WriteVersion::V1, request.text()));
  EXPECT_EQ(*request_.labels(0), Labels({{"__name__", "a"}, {"job", "shop"}}));
  const auto apart = request_.keys[0];
  ASSERT_TRUE(decode(WriteVersion::V1, write_request_v1({{{{"__name__", "a"}, {"job", "shop"}}, {{1, 1}}}})));
  EXPECT_EQ(request_.keys[0], apart);
}

TEST_F(WriteRequestTest, SortsLabelsAndDropsEmptyValues) {
  EXPECT_EQ(*labels_v1({{"job", "shop"}, {"empty", ""}, {"__name__", "a"}}),
            Labels({{"__name__", "a"}, {"job", "shop"}}));
}

TEST_F(WriteRequestTest, TakesAnyUtf8ForNames) {
  EXPECT_EQ(*labels_v1({{"__name__", "売上.合計"}, {"http.method", "GET"}}),
            Labels({{"__name__", "売上.合計"}, {"http.method", "GET"}}));
}

TEST_F(WriteRequestTest, RefusesLabelsThatBreakARule) {
  expect_labels_refused({}, "__name__ is missing or empty");
  expect_labels_refused({{"job", "shop"}}, "__name__ is missing or empty");
  expect_labels_refused({{"__name__", ""}, {"job", "shop"}}, "__name__ is missing or empty");
  expect_labels_refused({{"__name__", "a"}, {"", "x"}}, "a label has no name; its value is \"x\"");
  expect_labels_refused({{"__name__", "a"}, {"b", "1"}, {"b", "2"}}, "\"b\" is there twice, with");
  expect_labels_refused({{"__name__", "a"}, {"b", "\xff"}}, "the value of label \"b\" is not UTF-8");
  expect_labels_refused({{"__name__", "a"}, {"\xc0\x80", "x"}}, "the name of a label is not UTF-8");
}

TEST_F(WriteRequestTest, RefusesAMessageThatIsCutAnywhere) {
  const std::vector<SentSeries> series = {{{{"__name__", "a"}}, {{1000, 1.5}}}};
  for (const auto version : {WriteVersion::V1, WriteVersion::V2}) {
    const auto whole = version == WriteVersion::V1 ? write_request_v1(series) : write_request_v2(series);
    for (std::size_t length = 1; length < whole.size(); ++length) {
      const auto read = decode(version, whole.substr(0, length));
      if (version == WriteVersion::V1) EXPECT_FALSE(read) << length;
      if (read) EXPECT_TRUE(request_.series.empty()) << "cut between two symbols: nothing to keep";
    }
  }
}

TEST_F(WriteRequestTest, IgnoresFieldsItDoesNotKnow) {
  ProtobufWriter sample, series, name, request;
  name.bytes(1, "__name__").bytes(2, "a").varint(9, 9);
  sample.float64(1, 1).int64(2, 5).int64(3, 77).bytes(20, "later");
  series.message(1, name).message(2, sample).varint(30, 1);
  request.bytes(2, "reserved").message(1, series).fixed64(99, 1);
  ASSERT_TRUE(decode(WriteVersion::V1, request.text()));
  EXPECT_EQ(*request_.labels(0), Labels({{"__name__", "a"}}));
  EXPECT_EQ(request_.samples[0].time_ms, 5);
}

TEST_F(WriteRequestTest, ChecksTheTableOfSymbols) {
  const auto refused = [&](const ProtobufWriter& request, const std::string& why) {
    const auto read = decode(WriteVersion::V2, request.text());
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr(why));
  };
  ProtobufWriter series;
  series.packed_varints(1, {1, 2}).message(2, sample_message({1, 1}));
  refused(ProtobufWriter().message(5, series), "no symbols");
  refused(ProtobufWriter().bytes(4, "__name__").bytes(4, "a").message(5, series), "the first symbol must be the empty");
  ASSERT_TRUE(decode(WriteVersion::V2,
                     ProtobufWriter().message(5, series).bytes(4, "").bytes(4, "__name__").bytes(4, "a").text()))
      << "the order of fields is free";
  EXPECT_EQ(*request_.labels(0), Labels({{"__name__", "a"}}));
}

TEST_F(WriteRequestTest, TakesReferencesPackedOrNotInOnePartOrMore) {
  const std::vector<std::string> symbols = {"", "__name__", "a", "job", "shop"};
  const auto labels_and_key = [&](const ProtobufWriter& series) {
    ProtobufWriter request;
    for (const auto& symbol : symbols) request.bytes(4, symbol);
    request.message(5, ProtobufWriter().packed_varints(1, {1, 4})).message(5, series);
    EXPECT_TRUE(decode(WriteVersion::V2, request.text()));
    return std::pair(*request_.labels(1), request_.keys[1]);
  };
  ProtobufWriter packed, parts, unpacked;
  packed.packed_varints(1, {1, 2, 3, 4}).message(2, sample_message({1, 1}));
  parts.packed_varints(1, {1}).message(2, sample_message({1, 1})).packed_varints(1, {2, 3}).packed_varints(1, {4});
  unpacked.varint(1, 1).varint(1, 2).varint(1, 3).varint(1, 4);
  const auto want = labels_and_key(packed);
  EXPECT_EQ(want.first, Labels({{"__name__", "a"}, {"job", "shop"}}));
  EXPECT_EQ(labels_and_key(parts), want);
  EXPECT_EQ(labels_and_key(unpacked), want);
}

TEST_F(WriteRequestTest, RefusesASeriesWhoseReferencesAreWrong) {
  const auto check = [&](const std::vector<std::uint64_t>& refs, const std::string& why) {
    ProtobufWriter series, request;
    series.packed_varints(1, refs).message(2, sample_message({1, 1}));
    request.bytes(4, "").bytes(4, "__name__").bytes(4, "a").message(5, series);
    ASSERT_TRUE(decode(WriteVersion::V2, request.text()));
    const auto labels = request_.labels(0);
    ASSERT_FALSE(labels);
    EXPECT_THAT(labels.error().message, HasSubstr(why));
  };
  check({1, 3}, "label reference 3 is beyond the 3 symbols");
  check({1, (1ull << 32) + 2}, "label reference 4294967295 is beyond");
  check({1, 2, 1}, "an odd number of label references");
  check({}, "__name__ is missing");
  check(std::vector<std::uint64_t>(20'002, 1), "more than 10000 labels");
}

TEST_F(WriteRequestTest, ReadsMetadataOfVersion1) {
  ASSERT_TRUE(
      decode(WriteVersion::V1, write_request_v1({}, {{1, "a_total", "How many", ""}, {3, "b", "", "seconds"}})));
  ASSERT_THAT(request_.metadata, SizeIs(2));
  EXPECT_EQ(request_.metadata[0].family, "a_total");
  EXPECT_EQ(request_.metadata[0].type, "counter");
  EXPECT_EQ(request_.metadata[0].help, "How many");
  EXPECT_EQ(request_.metadata[1].type, "histogram");
  EXPECT_EQ(request_.metadata[1].unit, "seconds");
}

TEST_F(WriteRequestTest, ReadsMetadataOfVersion2OncePerMetric) {
  const auto series = [](const std::string& name, const std::string& job, int type) {
    return SentSeries{.labels = {{"__name__", name}, {"job", job}}, .help = "Help of " + name, .type = type};
  };
  ASSERT_TRUE(decode(WriteVersion::V2, write_request_v2({series("a_total", "1", 1), series("a_total", "2", 1),
                                                         series("lag_bucket", "1", 3), series("plain", "1", 0)})));
  ASSERT_THAT(request_.metadata, SizeIs(3));
  EXPECT_EQ(request_.metadata[0].family, "a_total");
  EXPECT_EQ(request_.metadata[1].family, "lag");
  EXPECT_EQ(request_.metadata[1].type, "histogram");
  EXPECT_EQ(request_.metadata[2].type, "unknown");
  EXPECT_EQ(request_.metadata[2].help, "Help of plain");
}

TEST_F(WriteRequestTest, BoundsHowManyThingsAMessageHolds) {
  request_.items_max = 4;
  const auto expect_too_large = [&](WriteVersion version, const std::string& message) {
    const auto read = decode(version, message);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::TooLarge);
    EXPECT_THAT(read.error().message, HasSubstr("more than 4 series"));
  };
  expect_too_large(WriteVersion::V1, std::string("\x0a\x00\x0a\x00\x0a\x00\x0a\x00\x0a\x00", 10));
  expect_too_large(WriteVersion::V1, write_request_v1({{{}, {{1, 1}, {2, 1}, {3, 1}, {4, 1}}}}));
  expect_too_large(WriteVersion::V2, std::string("\x22\x00\x22\x00\x22\x00\x22\x00\x22\x00", 10));
  EXPECT_TRUE(decode(WriteVersion::V1, write_request_v1({{{}, {{1, 1}, {2, 1}, {3, 1}}}})));
  EXPECT_TRUE(decode(WriteVersion::V1, write_request_v1({{{}, {{1, 1}}}, {{}, {{1, 1}}}})));
}

}  // namespace
}  // namespace mamori::ingest
