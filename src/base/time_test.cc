#include "base/time.h"

#include <gtest/gtest.h>

namespace mamori {
namespace {

using namespace std::chrono_literals;

TEST(ParseRfc3339, ReadsFractionsAndOffsets) {
  const auto check = [](std::string_view text, const char* want) {
    const auto t = parse_rfc3339(text);
    ASSERT_TRUE(t) << text;
    EXPECT_EQ(format_rfc3339(*t), want);
  };
  check("2026-01-31T23:59:59Z", "2026-01-31T23:59:59.000Z");
  check("2026-01-31 23:59:59.1234567891+09:00", "2026-01-31T14:59:59.123Z");
  check("1969-12-31T23:59:59.5-01:30", "1970-01-01T01:29:59.500Z");
  check("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z");
}

TEST(ParseRfc3339, RefusesWhatIsNoTime) {
  for (const auto* text : {"", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-1-1T0:0:0Z",
                           "2026-01-01T00:00:00.Z", "9999-01-01T00:00:00Z", "2026-01-01T00:00:00Zx"}) {
    const auto t = parse_rfc3339(text);
    ASSERT_FALSE(t) << text;
    EXPECT_EQ(t.error().code, Code::InvalidArgument);
  }
}

TEST(ParseTime, TakesEpochSecondsAndMilliseconds) {
  EXPECT_EQ(*parse_time("1700000000.123"), Timestamp{1'700'000'000'123ms});
  EXPECT_EQ(*parse_time("1700000000123"), Timestamp{1'700'000'000'123ms});
  EXPECT_EQ(*parse_time("-1.5"), Timestamp{-1500ms});
  EXPECT_FALSE(parse_time("nan"));
  EXPECT_FALSE(parse_time("1e300"));
}

TEST(ParseDuration, ReadsPrometheusForms) {
  EXPECT_EQ(*parse_duration("15s"), Nanos{15s});
  EXPECT_EQ(*parse_duration("1h30m"), Nanos{90min});
  EXPECT_EQ(*parse_duration("250ms"), Nanos{250ms});
  EXPECT_EQ(*parse_duration("1y2w3d"), Nanos{(365 + 14 + 3) * 24h});
  EXPECT_EQ(*parse_duration("0"), Nanos{0});
  for (const auto* text : {"", "5", "-5m", "5m1h", "1.5h", "5 m", "9999999y", "5mm"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(FormatDuration, PrintsTheShortestForm) {
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(24h * 10), "10d");
  EXPECT_EQ(format_duration(24h * 14), "2w");
  EXPECT_EQ(format_duration(1500ms), "1s500ms");
}

}  // namespace
}  // namespace mamori
