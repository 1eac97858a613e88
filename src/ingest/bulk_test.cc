#include "ingest/bulk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/fake_store.h"

namespace mamori::ingest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class BulkTest : public testing::Test {
 protected:
  struct Seen {
    std::string stream, json;
    Timestamp time, arrived;
    std::optional<logs::PaymentEvent> event;
  };

  std::string reply(std::string_view body, std::string_view index = "", std::string_view filter = "") {
    const auto answer = bulk_.ingest(body, index, filter);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }

  FakeStore store_;
  FakeClock clock_{*parse_rfc3339("2026-01-31T12:00:00Z")};
  std::vector<Seen> seen_;
  BulkIngest bulk_{
      store_, clock_, 1, {}, [this](std::span<const Accepted> lines) {
        for (const auto& line : lines) {
          seen_.push_back({std::string(line.stream), std::string(line.json), line.time, line.arrived, line.event});
        }
      }};
};

TEST_F(BulkTest, AnswersInTheBytesThatShippersLookFor) {
  EXPECT_EQ(
      reply("{\"create\":{\"_index\":\"payment_logs\",\"_id\":\"a\"}}\n{\"@timestamp\":\"2026-01-31T11:00:00Z\"}\n"
            "{\"index\":{\"_index\":\"nginx\",\"_id\":\"b\"}}\n{}\n"),
      R"({"took":0,"errors":true,"items":[)"
      R"({"create":{"_index":"payment_logs","_id":"a","_version":1,"result":"created","status":201}},)"
      R"({"index":{"_index":"nginx","_id":"b","status":400,"error":{"type":"invalid_index_name_exception",)"
      R"("reason":"index [nginx] is not accepted here; allowed: payment_*, security_*"}}}]})");
  EXPECT_THAT(reply("{\"create\":{\"_index\":\"payment_logs\"}}\n{}\n"),
              StartsWith(R"({"took":0,"errors":false,"items":[{"create":{"_index":"payment_logs","_id":")"));
}

TEST_F(BulkTest, StoresAllLinesOfABodyInOneAppendBeforeItTellsTheJudge) {
  reply(
      "{\"index\":{\"_index\":\"payment_logs\"}}\n{\"@timestamp\":\"2026-01-31T11:00:00Z\",\"status\":\"failed\"}\n"
      "{\"index\":{\"_index\":\"security_access\"}}\n{\"@timestamp\":1769857200000,\"status\":404}\n");
  EXPECT_EQ(store_.appends, 1);
  EXPECT_THAT(store_.streams_of, ElementsAre("payment_logs", "security_access"));
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[0].time, *parse_rfc3339("2026-01-31T11:00:00Z"));
  EXPECT_EQ(seen_[0].arrived, clock_.now());
  EXPECT_EQ(seen_[0].event->status, logs::PaymentStatus::Failed);
  EXPECT_EQ(seen_[1].time, *parse_rfc3339("2026-01-31T11:00:00Z"));
  EXPECT_FALSE(seen_[1].event) << "the schema of payments holds for payment_* only";
  EXPECT_EQ(bulk_.counters().accepted, 2u);
}

TEST_F(BulkTest, TakesTheIndexOfThePathAndRsyslogsSpacing) {
  reply("{\"index\":{}}\r\n{\"a\":1}\r\n{ \"index\" : {\"_index\": \"security_x\", \"_type\": \"_doc\"} }\n{\"a\":2}",
        "payment_logs");
  EXPECT_THAT(store_.streams_of, ElementsAre("payment_logs", "security_x"));
}

TEST_F(BulkTest, WritesTheTimeOfArrivalIntoALineThatHasNoTime) {
  reply(
      "{\"index\":{\"_index\":\"payment_logs\"}}\n{\"status\":\"failed\"}\n{\"index\":{\"_index\":\"payment_logs\"}}\n "
      "{ } ");
  EXPECT_THAT(store_.docs, ElementsAre(R"({"@timestamp":"2026-01-31T12:00:00.000Z","status":"failed"})",
                                       R"( {"@timestamp":"2026-01-31T12:00:00.000Z" } )"));
  EXPECT_EQ(store_.times[0], clock_.now());
}

TEST_F(BulkTest, ReadsTheTimesThatElasticsearchReads) {
  const auto check = [&](std::string_view json, std::string_view want) {
    store_.times.clear();
    reply("{\"index\":{\"_index\":\"payment_logs\"}}\n{\"@timestamp\":" + std::string(json) + "}\n");
    ASSERT_EQ(store_.times.size(), 1u) << json;
    EXPECT_EQ(format_rfc3339(store_.times[0]), want) << json;
  };
  check(R"("2026-01-31T12:00:00.5+09:00")", "2026-01-31T03:00:00.500Z");
  check(R"("2026-01-31T12:00:00")", "2026-01-31T12:00:00.000Z");
  check(R"("2026-01-31")", "2026-01-31T00:00:00.000Z");
  check(R"(1769860800123)", "2026-01-31T12:00:00.123Z");
  check(R"("1769860800123")", "2026-01-31T12:00:00.123Z");
  check(R"(1769860800.25)", "2026-01-31T12:00:00.250Z");
}

TEST_F(BulkTest, RefusesABadItemAloneAndKeepsTheOrder) {
  const std::string action = "{\"index\":{\"_index\":\"payment_logs\",\"_id\":\"1\"}}\n";
  const auto body = reply(
      action + "{\"n\":1}\n" + action + "{\"status\":\"ok\"}\n" + action + "{broken\n" + action + "[1]\n" + action +
      "{\"@timestamp\":\"soon\"}\n" + action + "{\"@timestamp\":null}\n" + "not json\n{\"x\":1}\n" +
      "{\"upsert\":{}}\n{}\n" + action + "{\"n\":2}\n" + "{\"delete\":{\"_index\":\"payment_logs\",\"_id\":\"1\"}}\n" +
      "{\"update\":{\"_index\":\"payment_logs\",\"_id\":\"1\"}}\n{\"doc\":{}}\n" + action + "{\"n\":3}\n" + action);
  std::vector<int> statuses;
  for (std::size_t at = body.find("\"status\":"); at != std::string::npos; at = body.find("\"status\":", at + 1)) {
    statuses.push_back(std::stoi(body.substr(at + 9)));
  }
  EXPECT_THAT(statuses, ElementsAre(201, 400, 400, 400, 400, 400, 400, 400, 201, 400, 400, 201, 400));
  EXPECT_THAT(body, HasSubstr(R"(status: \"ok\" is none of succeeded, failed, pending, canceled)"));
  EXPECT_THAT(body, HasSubstr("not valid JSON"));
  EXPECT_THAT(body, HasSubstr("@timestamp: \\\"soon\\\" is not a time"));
  EXPECT_THAT(body, HasSubstr("@timestamp: is neither"));
  EXPECT_THAT(body, HasSubstr("{\"delete\":{"));
  EXPECT_THAT(body, HasSubstr("delete is not offered"));
  EXPECT_THAT(body, HasSubstr("the source is missing"));
  EXPECT_EQ(store_.docs.size(), 3u);
  EXPECT_EQ(bulk_.counters().accepted, 3u);
  EXPECT_EQ(bulk_.counters().refused_field, 3u);
  EXPECT_EQ(bulk_.counters().refused_action, 2u);
  EXPECT_EQ(bulk_.counters().refused_malformed, 5u);
}

TEST_F(BulkTest, ReadsOnAtTheNextActionWhenAnActionIsBroken) {
  reply("{\"index\":\n{\"index\":{\"_index\":\"payment_logs\"}}\n{\"n\":1}\n");
  EXPECT_EQ(store_.docs.size(), 1u);
}

TEST_F(BulkTest, MasksCardNumbersBeforeAnythingIsWrittenOrTold) {
  const auto body = reply(
      "{\"index\":{\"_index\":\"payment_logs\",\"_id\":\"4242424242424242\"}}\n"
      "{\"payment_id\":\"4242424242424242\",\"memo\":\"4242 4242 4242 4242 / 4242-4242-4242-4242\",\"cvc\":\"123\"}\n"
      "{\"index\":{\"_index\":\"payment_logs\"}}\n{\"status\":\"4242424242424242\"}\n"
      "{\"index\":{\"_index\":\"payment_4242424242424242\"}}\n{}\n");
  EXPECT_THAT(body, Not(HasSubstr("4242424242424242")));
  EXPECT_THAT(store_.docs, ElementsAre(R"({"@timestamp":"2026-01-31T12:00:00.000Z","payment_id":"424242******4242",)"
                                       R"("memo":"4242 42** **** 4242 / 4242-42**-****-4242","cvc":"[redacted]"})"));
  EXPECT_EQ(seen_[0].event->payment_id, "424242******4242");
  EXPECT_EQ(bulk_.cards_masked().at("payment_logs"), 3u);
}

TEST_F(BulkTest, RefusesStreamNamesThatAreNone) {
  for (const auto* name : {"", "payment_A", "payment_/../x", "_payment", "Payment_x", "payment_ü"}) {
    EXPECT_THAT(reply("{\"index\":{\"_index\":\"" + std::string(name) + "\"}}\n{}\n"), HasSubstr("\"status\":400"))
        << name;
  }
  EXPECT_THAT(store_.docs, IsEmpty());
  EXPECT_EQ(bulk_.counters().refused_stream, 6u);
}

TEST_F(BulkTest, BoundsTheNumberOfStreams) {
  BulkIngest bulk{store_, clock_, 1, {.streams_max = 2}, nullptr};
  const auto body = bulk.ingest(
                            "{\"index\":{\"_index\":\"payment_1\"}}\n{}\n{\"index\":{\"_index\":\"payment_2\"}}\n{}\n"
                            "{\"index\":{\"_index\":\"payment_3\"}}\n{}\n{\"index\":{\"_index\":\"payment_1\"}}\n{}\n",
                            "", "")
                        .body;
  EXPECT_EQ(store_.docs.size(), 3u);
  EXPECT_THAT(body, HasSubstr("one stream more than 2"));
}

TEST_F(BulkTest, BoundsALine) {
  BulkIngest bulk{store_, clock_, 1, {.line_bytes_max = 100}, nullptr};
  const auto body =
      bulk.ingest("{\"index\":{\"_index\":\"payment_1\"}}\n{\"a\":\"" + std::string(100, 'x') + "\"}\n", "", "").body;
  EXPECT_THAT(body, HasSubstr("longer than 100 bytes"));
}

TEST_F(BulkTest, AnswersForTheWholeRequestAndForEachItemWhenNothingCouldBeKept) {
  store_.full = true;
  const auto answer = bulk_.ingest(
      "{\"index\":{\"_index\":\"payment_logs\",\"_id\":\"a\"}}\n{}\n{\"index\":{\"_index\":\"nginx\",\"_id\":\"b\"}}\n{"
      "}\n",
      "", "items.*.status");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(
      answer.body,
      R"({"items":[{"index":{"status":429}},{"index":{"status":400}}],"error":{"root_cause":[)"
      R"({"type":"unavailable_shards_exception","reason":"write 00000001.wal: No space left on device"}],)"
      R"("type":"unavailable_shards_exception","reason":"write 00000001.wal: No space left on device"},"status":503})");
  EXPECT_THAT(seen_, IsEmpty());
  EXPECT_EQ(bulk_.counters().accepted, 0u);
  EXPECT_EQ(bulk_.counters().unavailable, 1u);
}

TEST_F(BulkTest, RefusesABodyWithoutAnyAction) {
  for (const auto* body : {"", "\n\n", "hello", "[{\"index\":{}}]", "{\"a\":1}\n{\"b\":2}\n"}) {
    const auto answer = bulk_.ingest(body, "payment_logs", "");
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(answer.body, HasSubstr("\"root_cause\"")) << body;
  }
}

TEST_F(BulkTest, HonoursFilterPath) {
  const std::string body =
      "{\"create\":{\"_index\":\"payment_logs\",\"_id\":\"a\"}}\n{}\n{\"create\":{\"_index\":\"x\",\"_id\":\"b\"}}\n{}"
      "\n";
  const std::string error =
      R"("error":{"type":"invalid_index_name_exception","reason":"index [x] is not accepted here; allowed: payment_*, security_*"})";
  EXPECT_EQ(reply(body, "", "errors,items.*.error,items.*.status"),
            R"({"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,)" + error + "}}]}");
  EXPECT_EQ(reply(body, "", "items.*.error"), R"({"items":[{"create":{)" + error + "}}]}");
  EXPECT_EQ(reply(body, "", "errors"), R"({"errors":true})");
  EXPECT_EQ(reply(body, "", "-items,-took"), R"({"errors":true})");
  EXPECT_EQ(reply(body, "", "**.type"), R"({"items":[{"create":{"error":{"type":"invalid_index_name_exception"}}}]})");
}

TEST_F(BulkTest, StoresASingleDocument) {
  const auto answer = bulk_.ingest_document("payment_logs", "", R"({"status":"succeeded"})");
  EXPECT_EQ(answer.status, 201);
  EXPECT_THAT(answer.body, HasSubstr(R"("result":"created")"));
  EXPECT_EQ(store_.docs.size(), 1u);
  EXPECT_EQ(bulk_.ingest_document("payment_logs", "x", R"({"status":"ok"})").status, 400);
  EXPECT_EQ(bulk_.ingest_document("other", "x", "{}").status, 400);
}

TEST_F(BulkTest, RepeatsNoCardNumberInAnAnswer) {
  const auto one = bulk_.ingest_document("payment_logs", "4242424242424242", "{}");
  EXPECT_EQ(one.status, 201);
  EXPECT_THAT(one.body, Not(HasSubstr("4242424242424242")));
  for (const auto* action : {"update", "delete", "create"}) {
    const auto many =
        bulk_.ingest(std::string("{\"") + action +
                         R"(":{"_index":"payment_4242424242424242","_id":"4242 4242 4242 4242"}})" + "\n{}\n",
                     "", "");
    EXPECT_THAT(many.body, Not(HasSubstr("4242424242424242"))) << action;
    EXPECT_THAT(many.body, Not(HasSubstr("4242 4242 4242 4242"))) << action;
  }
  const auto huge = bulk_.ingest(R"({"delete":{"_index":")" + std::string(5000, 'a') + "\"}}\n", "", "");
  EXPECT_LT(huge.body.size(), 1000u) << "a name that is none is not repeated";
}

TEST_F(BulkTest, RefusesABodyOfTooManyActionsAsAWhole) {
  BulkIngest small(store_, clock_, 1, {.items_max = 2}, [](std::span<const Accepted>) {});
  const std::string action = "{\"create\":{\"_index\":\"payment_logs\"}}\n{}\n";
  EXPECT_EQ(small.ingest(action + action + "\n", "", "").status, 200);
  const auto appends = store_.appends;
  const auto refused = small.ingest(action + action + action, "", "");
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("more than 2 actions"));
  EXPECT_EQ(store_.appends, appends) << "nothing of it is kept";
}

}  // namespace
}  // namespace mamori::ingest
