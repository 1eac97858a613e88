#include "demo/history.h"

#include <gtest/gtest.h>

#include <map>

#include "base/pan.h"
#include "base/text.h"
#include "demo/json_object.h"

namespace mamori::demo {
namespace {

const Timestamp kEnd{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} + std::chrono::hours{3}};  // noon in Japan

struct Written {
  HistoryCount count;
  std::vector<std::pair<std::string, std::string>> lines;  // stream, document
  std::size_t bodies = 0;
};

Written write(Nanos length, std::uint64_t seed = 9) {
  Written written;
  Random random(seed);
  const auto count =
      generate_history({.begin = kEnd - length, .end = kEnd, .rate = 4}, random, [&](std::string body) -> Result<void> {
        ++written.bodies;
        const auto rows = split(body, '\n');
        EXPECT_EQ(rows.size() % 2, 1u);  // pairs, and the text after the last newline
        EXPECT_EQ(rows.back(), "");
        for (std::size_t i = 0; i + 1 < rows.size(); i += 2) {
          const auto action = JsonObject::parse(rows[i]);
          EXPECT_TRUE(action) << rows[i];
          written.lines.emplace_back(JsonObject::parse(action->text("index"))->text("_index"), rows[i + 1]);
        }
        return {};
      });
  EXPECT_TRUE(count);
  if (count) written.count = *count;
  return written;
}

TEST(History, WritesAllStreamsInOrderOfTimeAndNothingFromTheFuture) {
  const auto written = write(std::chrono::minutes{30});
  std::map<std::string, int> streams;
  Timestamp last = kEnd - std::chrono::minutes{30};
  for (const auto& [stream, document] : written.lines) {
    ++streams[stream];
    const auto object = JsonObject::parse(document);
    ASSERT_TRUE(object) << document;
    const auto time = parse_rfc3339(object->text("@timestamp"));
    ASSERT_TRUE(time);
    EXPECT_GE(*time, last - Millis{1});
    EXPECT_LT(*time, kEnd);
    EXPECT_EQ(object->text("generated"), "history");
    last = std::max(last, *time);
  }
  for (const char* stream :
       {"payment_logs", "payment_webhooks", "payment_checkouts", "payment_refunds", "security_access"}) {
    EXPECT_GT(streams[stream], 10) << stream;
  }
  EXPECT_EQ(written.count.lines, written.lines.size());
  // 30 minutes at 4/s and 1.16 to 1.5 times the mean at that hour.
  EXPECT_GT(written.count.payments, 8'000u);
  EXPECT_LT(written.count.payments, 11'000u);
}

TEST(History, HoldsTheFieldsOfThePaymentLogAndNoCardNumber) {
  for (const auto& [stream, document] : write(std::chrono::minutes{2}).lines) {
    EXPECT_TRUE(find_pans(document).empty()) << document;
    if (!stream.starts_with("payment_")) continue;
    const auto object = JsonObject::parse(document);
    ASSERT_TRUE(object);
    for (const char* field : {"@timestamp", "event", "user_id", "session_id", "amount", "currency", "status",
                              "payment_method", "user_agent", "ip_address", "provider", "country"}) {
      EXPECT_NE(object->text(field), "") << field << " in " << document;
    }
    EXPECT_GT(object->integer("amount", 0), 0);
  }
}

TEST(History, RepeatsItselfFromASeed) {
  EXPECT_EQ(write(std::chrono::minutes{1}, 5).lines, write(std::chrono::minutes{1}, 5).lines);
}

TEST(History, StopsWithTheSinksError) {
  Random random(1);
  int calls = 0;
  const auto count =
      generate_history({.begin = kEnd - std::chrono::hours{1}, .end = kEnd}, random, [&](std::string) -> Result<void> {
        ++calls;
        return Error{Code::Unavailable, "no"};
      });
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, Code::Unavailable);
  EXPECT_EQ(calls, 1);
}

TEST(History, OfNoLengthIsEmpty) { EXPECT_EQ(write(Nanos{0}).bodies, 0u); }

}  // namespace
}  // namespace mamori::demo
