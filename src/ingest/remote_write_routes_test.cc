#include "ingest/remote_write_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/fake_metrics_store.h"
#include "ingest/write_messages.h"

namespace mamori::ingest {
namespace {

using ::testing::HasSubstr;

class RemoteWriteRoutesTest : public testing::Test {
 protected:
  void SetUp() override { add_remote_write_routes(router_, remote_write_); }

  net::Response send(std::string_view content_type, std::string_view encoding, const std::string& body) {
    net::Request request{.method = "POST", .target = "/api/v1/write", .path = "/api/v1/write"};
    if (!content_type.empty()) request.headers.set("Content-Type", content_type);
    if (!encoding.empty()) request.headers.set("Content-Encoding", encoding);
    request.body = body;
    return router_.handle(request);
  }

  FakeMetricsStore store_;
  metrics::ExemplarRing exemplars_{100};
  MetadataTable metadata_;
  RemoteWrite remote_write_{store_, exemplars_, metadata_, 42, {}};
  net::Router router_;
  const std::string body_ = snappy_block(write_request_v1({{{{"__name__", "a"}}, {{1000, 1}}}}));
};

TEST_F(RemoteWriteRoutesTest, ReadsVersion1ByItsContentTypes) {
  for (const auto* type : {"", "application/x-protobuf", "application/x-protobuf;proto=prometheus.WriteRequest",
                           "Application/X-Protobuf; charset=x; proto=\"prometheus.WriteRequest\""}) {
    const auto response = send(type, "snappy", body_);
    EXPECT_EQ(response.status, 204) << type << response.body;
    EXPECT_EQ(response.body, "");
  }
  EXPECT_EQ(store_.find(metrics::Labels({{"__name__", "a"}}))->samples.size(), 1u);
}

TEST_F(RemoteWriteRoutesTest, AnswersUnsupportedMediaTypes) {
  const auto refused = [&](std::string_view type, std::string_view encoding) {
    const auto response = send(type, encoding, body_);
    EXPECT_EQ(response.status, 415) << type << " " << encoding;
    EXPECT_THAT(response.body, HasSubstr("send "));
  };
  refused("application/json", "snappy");
  refused("application/x-protobuf;proto=io.prometheus.write.v3.Request", "snappy");
  refused("application/x-protobuf;proto", "snappy");
  refused("application/x-protobuf;proto=", "snappy");
  refused("application/x-protobuf", "gzip");
  refused("application/x-protobuf", "zstd");
  EXPECT_EQ(store_.writes, 0);
}

TEST_F(RemoteWriteRoutesTest, TakesNoEncodingForSnappyInAnyCase) {
  EXPECT_EQ(send("application/x-protobuf", "", body_).status, 204);
  EXPECT_EQ(send("application/x-protobuf", "Snappy", body_).status, 204);
}

TEST_F(RemoteWriteRoutesTest, CountsWhatWasWrittenForVersion2) {
  constexpr std::string_view kType = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
  const auto written = [](const net::Response& response, const std::string& what) {
    return response.headers.get("X-Prometheus-Remote-Write-" + what + "-Written");
  };
  const auto good = send(kType, "snappy", snappy_block(write_request_v2({{{{"__name__", "a"}}, {{5, 1}, {6, 1}}}})));
  EXPECT_EQ(good.status, 204);
  EXPECT_EQ(written(good, "Samples"), "2");
  EXPECT_EQ(written(good, "Histograms"), "0");
  EXPECT_EQ(written(good, "Exemplars"), "0");
  const auto partly = send(kType, "snappy", snappy_block(write_request_v2({{{{"__name__", "a"}}, {{4, 1}, {7, 1}}}})));
  EXPECT_EQ(partly.status, 400);
  EXPECT_EQ(written(partly, "Samples"), "1");
  const auto malformed = send(kType, "snappy", "x");
  EXPECT_EQ(malformed.status, 400);
  EXPECT_EQ(written(malformed, "Samples"), "0");
  EXPECT_EQ(written(send("application/x-protobuf", "snappy", body_), "Samples"), "") << "1.0 has no such headers";
}

TEST_F(RemoteWriteRoutesTest, TellsASenderWhenToTryAgain) {
  store_.full = true;
  const auto response = send("application/x-protobuf", "snappy", body_);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.get("Retry-After"), "5");
}

TEST_F(RemoteWriteRoutesTest, AnswersBadRequestForWhatIsMalformed) {
  const auto response = send("application/x-protobuf", "snappy", "nothing");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.headers.get("Content-Type"), HasSubstr("text/plain"));
}

}  // namespace
}  // namespace mamori::ingest
