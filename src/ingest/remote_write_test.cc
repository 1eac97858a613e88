#include "ingest/remote_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/fake_metrics_store.h"
#include "ingest/write_messages.h"

namespace mamori::ingest {
namespace {

using metrics::Labels;
using ::testing::HasSubstr;

SentLabels metric(const std::string& name, const std::string& job = "shop") {
  return {{"__name__", name}, {"job", job}};
}

class RemoteWriteTest : public testing::Test {
 protected:
  RemoteWriteReply send_v1(const std::vector<SentSeries>& series) {
    return remote_write_.write(WriteVersion::V1, snappy_block(write_request_v1(series)));
  }
  RemoteWriteReply send_v2(const std::vector<SentSeries>& series) {
    return remote_write_.write(WriteVersion::V2, snappy_block(write_request_v2(series)));
  }
  std::vector<metrics::Sample> samples(const SentLabels& labels) const {
    const auto* series = store_.find(Labels(labels));
    return series == nullptr ? std::vector<metrics::Sample>{} : series->samples;
  }

  FakeMetricsStore store_;
  metrics::ExemplarRing exemplars_{100};
  MetadataTable metadata_;
  RemoteWrite remote_write_{store_, exemplars_, metadata_, 42, {}};
};

TEST_F(RemoteWriteTest, KeepsSamplesOfVersion1) {
  const auto reply = send_v1({{metric("a"), {{1000, 1.5}, {2000, 2.5}}}, {metric("b"), {{1000, 0}}}});
  EXPECT_EQ(reply.status, 204) << reply.body;
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(reply.samples, 3u);
  ASSERT_EQ(samples(metric("a")).size(), 2u);
  EXPECT_EQ(samples(metric("a"))[1].time_ms, 2000);
  EXPECT_EQ(samples(metric("a"))[1].value, 2.5);
  ASSERT_EQ(samples(metric("b")).size(), 1u);
}

TEST_F(RemoteWriteTest, ReadsTheLabelsOfASeriesOnce) {
  for (int i = 1; i <= 5; ++i) ASSERT_EQ(send_v1({{metric("a"), {{i * 1000, 1}}}}).status, 204);
  EXPECT_EQ(store_.lookups, 1);
  EXPECT_EQ(samples(metric("a")).size(), 5u);
}

TEST_F(RemoteWriteTest, TakesTheSameSampleTwiceForOne) {
  send_v1({{metric("a"), {{1000, 1}}}});
  const auto again = send_v1({{metric("a"), {{1000, 1}}}});
  EXPECT_EQ(again.status, 204);
  EXPECT_EQ(again.samples, 1u);
  EXPECT_EQ(samples(metric("a")).size(), 1u);
  EXPECT_EQ(remote_write_.counters().duplicate, 1u);
}

TEST_F(RemoteWriteTest, KeepsTheGoodRestOfAPartlyBadRequest) {
  send_v1({{metric("a"), {{2000, 1}}}});
  const auto reply = send_v1({{metric("a"), {{1000, 1}, {3000, 2}}},
                              {{{"job", "shop"}}, {{1000, 1}, {2000, 1}}},
                              {metric("b"), {{1000, 3}}},
                              {metric("a"), {{3000, 4}}}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.samples, 2u);
  EXPECT_THAT(reply.body, HasSubstr("kept 2 of 6 samples; refused: 2 with labels"));
  EXPECT_THAT(reply.body, HasSubstr("1 out of order"));
  EXPECT_THAT(reply.body, HasSubstr("the first: series 2: the label __name__ is missing or empty"));
  EXPECT_EQ(samples(metric("a")).size(), 2u);
  EXPECT_EQ(samples(metric("b")).size(), 1u);
}

TEST_F(RemoteWriteTest, AnswersUnavailableWhenTheStoreIs) {
  store_.full = true;
  const auto reply = send_v1({{metric("a"), {{1000, 1}}}});
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr("No space left on device"));
  EXPECT_EQ(reply.samples, 0u);
  store_.full = false;
  EXPECT_EQ(send_v1({{metric("a"), {{1000, 1}}}}).status, 204);
}

TEST_F(RemoteWriteTest, RefusesASeriesPastTheLimitAlone) {
  store_.series_max = 1;
  const auto reply = send_v1({{metric("a"), {{1000, 1}}}, {metric("b"), {{1000, 1}}}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.samples, 1u);
  EXPECT_THAT(reply.body, HasSubstr("--series-max"));
}

TEST_F(RemoteWriteTest, RefusesWhatIsNoSnappyBlock) {
  const auto refused = [&](const std::string& body, const std::string& why) {
    const auto reply = remote_write_.write(WriteVersion::V1, body);
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr(why));
  };
  const auto whole = snappy_block(write_request_v1({{metric("a"), {{1000, 1}}}}));
  refused("", "not a snappy block");
  refused(whole.substr(0, whole.size() - 1), "not a whole snappy block");
  refused(std::string("\xff\x06\x00\x00sNaPpY", 10), "framed");
  refused(snappy_block("no protobuf"), "not a well-formed prometheus.WriteRequest");
  EXPECT_EQ(store_.writes, 0);
}

TEST_F(RemoteWriteTest, BoundsWhatABodyUnpacksTo) {
  RemoteWrite small(store_, exemplars_, metadata_, 42, {.decoded_bytes_max = 100});
  const auto reply = small.write(WriteVersion::V1, snappy_block(std::string(101, 'x')));
  EXPECT_EQ(reply.status, 413);
  EXPECT_THAT(reply.body, HasSubstr("101 bytes, more than 100 (--remote-write-bytes-max)"));
}

/// A histogram of `count` observations in one bucket.
std::string histogram(std::int64_t time_ms, std::uint64_t count) {
  ProtobufWriter span, message;
  span.sint64(1, 0).varint(2, 1);
  message.varint(1, count).float64(3, 1.5).message(11, span).packed_varints(
      12, {ProtobufWriter::zigzag(static_cast<std::int64_t>(count))});
  return message.int64(15, time_ms).text();
}

std::string histogram_marker(std::int64_t time_ms) {
  return ProtobufWriter().fixed64(3, metrics::kStaleNanBits).int64(15, time_ms).text();
}

TEST_F(RemoteWriteTest, KeepsSamplesOfVersion2) {
  const auto reply = send_v2({{metric("a"), {{1000, 1.5}}}, {metric("b"), {{1000, 2.5}}}});
  EXPECT_EQ(reply.status, 204) << reply.body;
  EXPECT_EQ(reply.samples, 2u);
  EXPECT_EQ(samples(metric("b"))[0].value, 2.5);
  ASSERT_EQ(send_v2({{metric("other"), {{2000, 1}}}, {metric("a"), {{2000, 3}}}}).status, 204);
  EXPECT_EQ(store_.lookups, 3) << "other symbols, but a series that was seen";
}

TEST_F(RemoteWriteTest, KeepsHistogramsAndTheirStalenessMarkers) {
  for (const auto version : {WriteVersion::V1, WriteVersion::V2}) {
    const auto name = metric(version == WriteVersion::V1 ? "one" : "two");
    const std::vector<SentSeries> series = {
        {name, {}, {histogram(1000, 3), histogram(2000, 4), histogram_marker(3000)}}};
    const auto message = version == WriteVersion::V1 ? write_request_v1(series) : write_request_v2(series);
    const auto reply = remote_write_.write(version, snappy_block(message));
    EXPECT_EQ(reply.status, 204) << reply.body;
    EXPECT_EQ(reply.histograms, 3u);
    EXPECT_EQ(reply.samples, 0u);
    const auto* kept = store_.find(Labels(name));
    ASSERT_EQ(kept->histograms.size(), 2u);
    EXPECT_EQ(kept->histograms[1].value->count, 4);
    ASSERT_EQ(kept->samples.size(), 1u);
    EXPECT_TRUE(metrics::is_stale_nan(kept->samples[0].value));
    EXPECT_EQ(kept->samples[0].time_ms, 3000);
  }
}

TEST_F(RemoteWriteTest, CountsSamplesAndHistogramsApartEvenWhenSomeAreRefused) {
  send_v2({{metric("a"), {{2000, 1}}}, {metric("h"), {}, {histogram(2000, 1)}}});
  const auto reply = send_v2({{metric("a"), {{1000, 1}, {3000, 1}}},
                              {metric("h"), {}, {histogram(1000, 1), histogram(3000, 2), "", histogram(4000, 0)}}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.samples, 1u);
  EXPECT_EQ(reply.histograms, 2u) << "3000 and 4000; 1000 is too late, and so is the empty one at time 0";
  EXPECT_THAT(reply.body, HasSubstr("3 out of order"));
}

TEST_F(RemoteWriteTest, RefusesAHistogramThatIsNoneAlone) {
  ProtobufWriter bad;
  bad.varint(1, 5).int64(15, 1000);
  const auto reply = send_v2({{metric("a"), {{1000, 1}}}, {metric("h"), {}, {bad.text(), histogram(2000, 1)}}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.samples, 1u);
  EXPECT_EQ(reply.histograms, 1u);
  EXPECT_THAT(reply.body, HasSubstr("1 that are no histogram; the first: series 2: histogram: the buckets hold 0"));
}

TEST_F(RemoteWriteTest, ResolvesAgainWhatTheStoreForgot) {
  send_v1({{metric("a"), {{1000, 1}}}, {metric("b"), {{1000, 1}}}});
  store_.forget(Labels(metric("a")));
  const auto reply = send_v1({{metric("a"), {{2000, 2}, {3000, 3}}}, {metric("b"), {{2000, 2}, {3000, 3}}}});
  EXPECT_EQ(reply.status, 204) << reply.body;
  EXPECT_EQ(reply.samples, 4u);
  EXPECT_EQ(samples(metric("a")).size(), 2u) << "as a new series";
  EXPECT_EQ(samples(metric("b")).size(), 3u);
  EXPECT_EQ(remote_write_.counters().duplicate, 0u) << "what was written the first time is not written twice";
  const auto lookups = store_.lookups;
  EXPECT_EQ(send_v1({{metric("a"), {{4000, 4}}}}).status, 204);
  EXPECT_EQ(store_.lookups, lookups) << "the cache knows the new reference";
}

TEST_F(RemoteWriteTest, KeepsExemplars) {
  const auto send = [&](WriteVersion version, std::int64_t time_ms, const std::string& trace) {
    const std::vector<SentSeries> series = {{metric("a"), {{time_ms, 1}}, {}, {{{{"trace_id", trace}}, time_ms, 0.5}}}};
    const auto message = version == WriteVersion::V1 ? write_request_v1(series) : write_request_v2(series);
    return remote_write_.write(version, snappy_block(message));
  };
  EXPECT_EQ(send(WriteVersion::V1, 1000, "x").exemplars, 1u);
  EXPECT_EQ(send(WriteVersion::V2, 2000, "y").exemplars, 1u);
  EXPECT_EQ(send(WriteVersion::V2, 2000, "y").exemplars, 1u) << "sent twice";
  const std::vector<std::vector<metrics::Matcher>> all = {
      {*metrics::Matcher::make("job", metrics::MatchOp::Equal, "shop")}};
  const auto found = exemplars_.select(all, 0, 10'000);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].series, Labels(metric("a")));
  ASSERT_EQ(found[0].exemplars.size(), 2u);
  EXPECT_EQ(found[0].exemplars[1].labels, Labels({{"trace_id", "y"}}));
}

TEST_F(RemoteWriteTest, TellsOnlySendersOfVersion2OfRefusedExemplars) {
  const std::vector<SentSeries> newer = {{metric("a"), {{2000, 1}}, {}, {{{{"trace_id", "x"}}, 2000, 1}}}};
  const std::vector<SentSeries> older = {{metric("a"), {{3000, 1}}, {}, {{{{"trace_id", "y"}}, 1000, 1}}}};
  send_v2(newer);
  const auto second = send_v2(older);
  EXPECT_EQ(second.status, 400);
  EXPECT_EQ(second.samples, 1u);
  EXPECT_EQ(second.exemplars, 0u);
  EXPECT_THAT(second.body, HasSubstr("kept 1 of 1 sample; refused: 1 exemplars; the first: series 1: exemplar: older"));
  EXPECT_EQ(send_v1(older).status, 204);
  const auto untimed = send_v2({{metric("b"), {{3000, 1}}, {}, {{{}, 0, 1}}}});
  EXPECT_THAT(untimed.body, HasSubstr("it has no timestamp"));
  EXPECT_EQ(remote_write_.counters().refused_exemplars, 3u);
}

TEST_F(RemoteWriteTest, KeepsMetadataOfBothVersions) {
  remote_write_.write(WriteVersion::V1, snappy_block(write_request_v1({}, {{1, "a_total", "How many", ""}})));
  send_v2({SentSeries{.labels = metric("b"), .samples = {{1, 1}}, .help = "How much", .type = 2}});
  const auto all = metadata_.all();
  EXPECT_EQ(all.at("a_total").type, "counter");
  EXPECT_EQ(all.at("b").type, "gauge");
  EXPECT_EQ(all.at("b").help, "How much");
}

TEST_F(RemoteWriteTest, LosesNothingOfARequestThatTheStoreRefused) {
  send_v1({{metric("a"), {{1000, 1}}}});
  store_.full = true;
  EXPECT_EQ(send_v1({{metric("a"), {{2000, 1}}, {}, {{{{"trace_id", "x"}}, 2000, 1}}}}).status, 503);
  EXPECT_EQ(exemplars_.stats().exemplars, 0u) << "exemplars follow their samples";
  store_.full = false;
  EXPECT_EQ(send_v1({{metric("a"), {{2000, 1}}}}).status, 204);
}

TEST_F(RemoteWriteTest, TakesAnEmptyMessageForSuccess) {
  EXPECT_EQ(send_v1({}).status, 204);
  EXPECT_EQ(send_v1({{metric("a"), {}}}).status, 204);
}

}  // namespace
}  // namespace mamori::ingest
