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
  std::vector<metrics::Sample> samples(const SentLabels& labels) const {
    const auto* series = store_.find(Labels(labels));
    return series == nullptr ? std::vector<metrics::Sample>{} : series->samples;
  }

  FakeMetricsStore store_;
  RemoteWrite remote_write_{store_, 42, {}};
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
  EXPECT_THAT(reply.body, HasSubstr("refused 4 of 6 samples"));
  EXPECT_THAT(reply.body, HasSubstr("2 with labels that break a rule"));
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
  RemoteWrite small(store_, 42, {.decoded_bytes_max = 100});
  const auto reply = small.write(WriteVersion::V1, snappy_block(std::string(101, 'x')));
  EXPECT_EQ(reply.status, 413);
  EXPECT_THAT(reply.body, HasSubstr("101 bytes, more than 100 (--remote-write-bytes-max)"));
}

TEST_F(RemoteWriteTest, TakesAnEmptyMessageForSuccess) {
  EXPECT_EQ(send_v1({}).status, 204);
  EXPECT_EQ(send_v1({{metric("a"), {}}}).status, 204);
}

}  // namespace
}  // namespace mamori::ingest
