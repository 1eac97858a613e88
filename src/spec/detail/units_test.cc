#include "spec/detail/units.h"

#include <gtest/gtest.h>

namespace mamori::spec {
namespace {

TEST(Units, ReadsDurationsOfAllThreeForms) {
  const auto check = [](std::string_view text, double want_seconds) {
    const auto got = read_duration(text);
    ASSERT_TRUE(got) << text;
    EXPECT_DOUBLE_EQ(std::chrono::duration<double>(*got).count(), want_seconds) << text;
  };
  check("300", 300);
  check("0", 0);
  check("5m", 300);
  check("1h30m", 5400);
  check("250ms", 0.25);
  check("5 minutes", 300);
  check("30 seconds", 30);
  check("5 min", 300);
  check("1.5 hours", 5400);
  for (const std::string_view bad : {"", "-5", "5 parsecs", "m", "1e400", "nan", "inf", "5m5", "99999999999y"}) {
    EXPECT_FALSE(read_duration(bad)) << bad;
  }
}

TEST(Units, ReadsPercentsDollarsRatesAndSizes) {
  EXPECT_EQ(read_percent("0.1%"), 0.1);
  EXPECT_EQ(read_percent("99.5"), 99.5);
  EXPECT_FALSE(read_percent("many"));
  EXPECT_EQ(read_dollars("$2,500"), 250'000);
  EXPECT_EQ(read_dollars("$2500.50"), 250'050);
  for (const std::string_view bad : {"2500", "$2,50", "$-1", "$", "€5", "$1,0000", "$99999999999999"}) {
    EXPECT_FALSE(read_dollars(bad)) << bad;
  }
  EXPECT_EQ(read_rate("100 req/s"), 100);
  EXPECT_EQ(read_rate("100"), 100);
  EXPECT_FALSE(read_rate("100 MB/s"));
  EXPECT_EQ(read_size("500 GB"), 5e11);
  EXPECT_EQ(read_size("64MiB"), 64.0 * 1024 * 1024);
}

TEST(Units, ReadsComparisonsWithTheirUnit) {
  const auto check = [](std::string_view text, std::string_view op, double value, Unit unit) {
    const auto got = read_comparison(text);
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(got->op, op) << text;
    EXPECT_DOUBLE_EQ(got->value, value) << text;
    EXPECT_EQ(got->unit, unit) << text;
  };
  check("< 500ms", "<", 500, Unit::Time);
  check("<=2s", "<=", 2000, Unit::Time);
  check("< 70%", "<", 70, Unit::Percent);
  check(">= 99.5", ">=", 99.5, Unit::None);
  check("> 100 req/s", ">", 100, Unit::Rate);
  for (const std::string_view bad : {"500ms", "<", "< fast", "=> 5"}) EXPECT_FALSE(read_comparison(bad)) << bad;
}

TEST(Units, FindsNumbersInsideSentences) {
  EXPECT_EQ(find_duration("Primary region unavailable > 5 min"), Nanos{Seconds{300}});
  EXPECT_EQ(find_duration("for 30s of silence"), Nanos{Seconds{30}});
  EXPECT_EQ(find_duration("3秒以内"), Nanos{Seconds{3}});
  EXPECT_FALSE(find_duration("Database failure detected"));
  const auto limit = find_comparison("Stripe API errors > 5%");
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->value, 5);
  EXPECT_EQ(limit->unit, Unit::Percent);
}

TEST(Units, SaysWhatIsWrongWithANetwork) {
  EXPECT_EQ(to_string(*read_cidr("10.0.210.0/24")), "10.0.210.0/24");
  const auto check = [](std::string_view text, std::string_view why) {
    const auto got = read_cidr(text);
    ASSERT_FALSE(got) << text;
    EXPECT_NE(got.error().message.find(why), std::string::npos) << got.error().message;
  };
  check("10.0.300.0/24", "the octet 300 is above 255");
  check("10.0.1.0", "prefix length");
  check("10.0.1.0/33", "0 to 32");
  check("10.0.0/16", "four octets");
  check("10.0.x.0/16", "'x' is no octet");
  EXPECT_TRUE(read_cidr("10.0.1.7/24")->has_host_bits());
  EXPECT_TRUE(read_cidr("10.0.0.0/16")->contains(*read_cidr("10.0.255.0/24")));
  EXPECT_FALSE(read_cidr("10.0.1.0/24")->overlaps(*read_cidr("10.0.2.0/24")));
  EXPECT_TRUE(read_cidr("0.0.0.0/0")->contains(*read_cidr("10.0.2.0/24")));
}

}  // namespace
}  // namespace mamori::spec
