#include "rules/log_condition.h"

#include <gtest/gtest.h>

namespace mamori::rules {
namespace {

TEST(ParseLogCondition, ReadsTheDesignLogsConditionsAsWritten) {
  const auto failed = parse_log_condition("status:failed AND count > 10");
  ASSERT_TRUE(failed) << failed.error().message;
  EXPECT_EQ(failed->query, "status:failed");
  EXPECT_FALSE(failed->holds(10));
  EXPECT_TRUE(failed->holds(11));

  const auto slow = parse_log_condition("processing_time > 5000");
  ASSERT_TRUE(slow) << slow.error().message;
  EXPECT_EQ(slow->query, "processing_time:>5000");
  EXPECT_FALSE(slow->holds(0));
  EXPECT_TRUE(slow->holds(1));
}

TEST(ParseLogCondition, TakesTheCountFirstOrLastInEachSpelling) {
  const auto check = [](std::string_view text, std::string_view query, std::string_view op, std::uint64_t number) {
    const auto condition = parse_log_condition(text);
    ASSERT_TRUE(condition) << text;
    EXPECT_EQ(condition->query, query) << text;
    EXPECT_TRUE(condition->counts) << text;
    EXPECT_EQ(to_string(condition->op), op) << text;
    EXPECT_EQ(condition->number, number) << text;
  };
  check("count >= 3 AND error_code:timeout", "error_code:timeout", ">=", 3);
  check("error_code:timeout && count>=3", "error_code:timeout", ">=", 3);
  check("error_code:timeout AND count:>3", "error_code:timeout", ">", 3);
  check("count > 100", "", ">", 100);
  check("status:failed AND (brand:visa OR brand:jcb) AND count < 2", "status:failed AND (brand:visa OR brand:jcb)", "<",
        2);
}

TEST(ParseLogCondition, LeavesLuceneAlone) {
  const auto check = [](std::string_view text) {
    const auto condition = parse_log_condition(text);
    ASSERT_TRUE(condition) << text;
    EXPECT_EQ(condition->query, text);
    EXPECT_FALSE(condition->counts);
  };
  check("amount:[100 TO 500] AND NOT status:failed");
  check("processing_time:>5000");
  check("error_code:\"count > 10\"");
  check("user_agent:curl* OR -provider:stripe");
}

TEST(ParseLogCondition, RefusesWhatItCannotMean) {
  EXPECT_FALSE(parse_log_condition(""));
  EXPECT_FALSE(parse_log_condition("  "));
  EXPECT_FALSE(parse_log_condition("status:failed AND count"));
  EXPECT_FALSE(parse_log_condition("status:failed AND count > many"));
  EXPECT_FALSE(parse_log_condition("status:failed OR count > 10 OR brand:visa"));
}

TEST(LogAlertName, IsReadable) {
  EXPECT_EQ(log_alert_name("payment_logs", *parse_log_condition("status:failed AND count > 10")),
            "PaymentLogsStatusFailedCount");
  EXPECT_EQ(log_alert_name("payment_logs", *parse_log_condition("processing_time > 5000")),
            "PaymentLogsProcessingTime");
}

}  // namespace
}  // namespace mamori::rules
