#include "logs/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mamori::logs {
namespace {

constexpr std::string_view kLine =
    R"({"@timestamp":"2026-01-31T12:00:00Z","status":"failed","amount":1200,"processing_time":812.5,"test":false,)"
    R"("payment_method":"card","error_code":"insufficient_funds","user_agent":"Mozilla/5.0 (X11; Linux) Firefox/130.0",)"
    R"("request_path":"/api/payments","ip_address":"192.0.2.17","note":"支払いに失敗しました","nothing":null,)"
    R"("card":{"brand":"visa","bin":"424242"},"tags":["web","Mobile App"],"user.id":77,"steps":[{"n":"auth","ms":5}],)"
    R"x("expires":"2026-03-01T00:00:00Z","count_text":"15","id":"a:b(c)"})x";

bool matches(std::string_view query) {
  const auto parsed = Query::parse(query);
  EXPECT_TRUE(parsed) << query << ": " << (parsed ? "" : parsed.error().message);
  const Line line{"payment_logs", *parse_rfc3339("2026-01-31T12:00:00Z"), kLine};
  return parsed && parsed->matches(line);
}

void expect_match(std::initializer_list<std::string_view> queries) {
  for (const auto query : queries) EXPECT_TRUE(matches(query)) << query;
}
void expect_no_match(std::initializer_list<std::string_view> queries) {
  for (const auto query : queries) EXPECT_FALSE(matches(query)) << query;
}

TEST(Query, MatchesEverythingWhenItAsksForNothing) { expect_match({"", "  ", "*", "*:*", "+*"}); }

TEST(Query, FindsATermInItsField) {
  expect_match({"status:failed", "status:FAILED", "amount:1200", "amount:1200.0", "test:false", "user_agent:firefox",
                "ip_address:192.0.2.17", "error_code:insufficient_funds", "id:a\\:b\\(c\\)", "id:a:b\\(c\\)"});
  expect_no_match({"status:fail", "status:succeeded", "amount:120", "error_code:insufficient", "user_agent:fire",
                   "missing:failed", "nothing:null", "card:visa"});
}

TEST(Query, FindsWordsInAnyFieldWithoutRegardToCase) {
  expect_match({"failed", "Firefox", "mobile", "1200", "失敗", "visa", "payments"});
  expect_no_match({"fire", "status", "succeeded", "12"});
}

TEST(Query, FindsPhrases) {
  expect_match({R"("mobile app")", R"(tags:"Mobile App")", R"(user_agent:"x11; linux")", R"(note:"に失敗")"});
  expect_no_match({R"("mobile web")", R"(tags:"mobile ap")", R"(status:"mobile app")"});
}

TEST(Query, CombinesWithAndOrNot) {
  expect_match({"status:failed AND amount:1200", "status:failed amount:1200", "status:failed && amount:1200",
                "status:x OR amount:1200", "status:x || amount:1200", "NOT status:x", "!status:x", "-status:x",
                "status:failed -amount:1", "+status:failed", "NOT NOT status:failed", "status:failed AND NOT amount:1",
                "(status:x OR status:failed) AND amount:1200", "status:(x OR failed)", "status:(NOT x)"});
  expect_no_match({"status:failed AND amount:1", "status:failed amount:1", "status:x OR amount:1", "NOT status:failed",
                   "-status:failed", "status:failed !amount:1200", "status:(x OR y)", "status:(failed AND x)"});
}

TEST(Query, LetsAndBindCloserThanOr) {
  expect_match({"status:failed OR status:x AND amount:1", "amount:1 AND status:x OR status:failed"});
  expect_no_match({"(status:failed OR status:x) AND amount:1"});
}

TEST(Query, ComparesNumbersTimesAndTexts) {
  expect_match({"amount:>1199",
                "amount:>=1200",
                "amount:<1201",
                "amount:<=1200",
                "processing_time:[800 TO 900]",
                "amount:[1200 TO *]",
                "amount:{1199 TO 1201}",
                "amount:[* TO 1200]",
                "processing_time > 500",
                "processing_time >= 812.5 AND amount < 5000",
                "*:>1100",
                "count_text:>9",
                "expires:>2026-02-01",
                "expires:[2026-03-01T00:00:00Z TO 2026-03-01T00:00:00Z]",
                "status:[e TO g]",
                "ip_address:>=192",
                "@timestamp:>2026-01-31",
                "@timestamp:[2026-01-31T11:59:59Z TO 2026-01-31T12:00:01Z]",
                R"(@timestamp:<"2026-02-01T00:00:00+09:00")",
                "amount:(>1000 AND <1300)",
                "amount:-5 OR amount:>-5"});
  expect_no_match({"amount:>1200", "amount:<1200", "amount:{1200 TO 1300}", "amount:[1300 TO 1400]", "missing:>1",
                   "amount:[1200 TO 1200}", "processing_time < 500", "@timestamp:>2026-02-01", "status:>5000 AND x",
                   "count_text:>20", "card:>1", "test:>0"});
}

TEST(Query, KnowsWildcards) {
  expect_match({"error_code:insuff*", "error_code:*funds", "error_code:in?ufficient_funds", "request_path:/api/*",
                "user_agent:fire*", "fail*", "status:*", "amount:12*", "ip_address:192.0.*", "note:支払?に*"});
  expect_no_match({"error_code:suff*", "error_code:insuff", "status:fail?", "missing:*", "error_code:insuff\\*",
                   "nothing:*", "payment_*"});
}

TEST(Query, AsksWhetherAFieldIsThere) {
  expect_match({"_exists_:status", "_exists_:card.brand", "_exists_:user.id", "_exists_:@timestamp", "_exists_:card"});
  expect_no_match({"_exists_:missing", "_exists_:nothing", "_exists_:card.missing"});
}

TEST(Query, FollowsDottedPathsThroughObjectsAndArrays) {
  expect_match({"card.brand:visa", "user.id:77", "steps.n:auth", "steps.ms:<10", "tags:web"});
  expect_no_match({"card.brand:amex", "brand:visa", "steps.n:x"});
}

TEST(Query, KnowsTheStream) {
  expect_match({"_index:payment_logs", "_index:payment_*", "_stream:*logs"});
  expect_no_match({"_index:security_*"});
}

TEST(Query, IgnoresBoosts) { expect_match({"status:failed^2 AND amount:1200^0.5", "(status:failed)^3"}); }

std::string refusal(std::string_view query) {
  const auto parsed = Query::parse(query);
  if (parsed) return "accepted";
  EXPECT_EQ(parsed.error().code, Code::InvalidArgument);
  return parsed.error().message;
}

TEST(Query, PointsAtTheSpotOfAMistake) {
  EXPECT_EQ(refusal("status:(a OR b"), "query, column 8: \"(\" is not closed\nstatus:(a OR b\n       ^");
  EXPECT_EQ(refusal("失敗 \"x"), "query, column 4: the quote is not closed\n失敗 \"x\n   ^");
}

TEST(Query, RefusesWhatItCannotUnderstand) {
  using testing::HasSubstr;
  const auto check = [](std::string_view query, std::string_view want) {
    EXPECT_THAT(refusal(query), HasSubstr(std::string(want))) << query;
  };
  check("a AND", "a term is missing here");
  check("AND a", "a term is missing before AND");
  check("a OR OR b", "a term is missing before OR");
  check("()", "a term is missing before \")\"");
  check("a)", "\")\" closes nothing");
  check("status:", "a value is missing after \"status:\"");
  check(":x", "a term is missing here");
  check("a:[1 2]", "\" TO \"");
  check("a:[1 TO 2", "the range is not closed");
  check("[1 TO 2]", "needs its field");
  check("a:>", "a value is missing");
  check("a\\", "escapes nothing");
  check("a~2", "fuzzy");
  check("@timestamp:>soon", "needs a time");
  check(std::string(100, '('), "nested too deep");
  check(std::string(20'000, 'a'), "longer than 16 KiB");
}

TEST(Query, MatchesNothingButEverythingOnALineThatIsNoJson) {
  const Line line{"payment_logs", Timestamp{}, "not json"};
  EXPECT_TRUE(Query::parse("*")->matches(line));
  EXPECT_FALSE(Query::parse("not")->matches(line));
}

}  // namespace
}  // namespace mamori::logs
