#include "ingest/number_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

namespace mamori::ingest {
namespace {

TEST(ReadValue, TakesWhatGoTakes) {
  const auto check = [](std::string_view text, double want) {
    const auto got = read_value(text);
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*got), std::bit_cast<std::uint64_t>(want)) << text;
  };
  check("0", 0);
  check("-0", -0.0);
  check("+1.5", 1.5);
  check("1.", 1);
  check(".5", 0.5);
  check("1e3", 1000);
  check("1E+3", 1000);
  check("1.7976931348623157e308", 1.7976931348623157e308);
  check("0.1", 0.1);
  check("123456789012345678", 123456789012345680.0);
  check("9007199254740993", 9007199254740992);
  check("1e-999", 0);
  check("-1e-400", -0.0);
  check("5e-324", 5e-324);
  check("Inf", INFINITY);
  check("+infinity", INFINITY);
  check("-INF", -INFINITY);
  check("nan", std::bit_cast<double>(0x7ff8000000000001ull));
  check("-NaN", std::bit_cast<double>(0x7ff8000000000001ull));
}

TEST(ReadValue, RefusesTheRest) {
  for (const char* text : {"", "+", "-", ".", "e5", "1e", "1e+", "--1", "+-1", "1_000", "0x10", "1e999", "-1e999", "1 ",
                           "one", "1.2.3", "infinit", "1,5"}) {
    EXPECT_FALSE(read_value(text)) << text;
  }
}

TEST(OpenMetricsFloat, IsWrittenAsPrometheus3WritesLabels) {
  const auto check = [](double value, const char* want) { EXPECT_EQ(openmetrics_float(value), want); };
  check(0, "0.0");
  check(1, "1.0");
  check(-1, "-1.0");
  check(0.25, "0.25");
  check(100000, "100000.0");
  check(1000000, "1e+06");
  check(1234567, "1.234567e+06");
  check(0.0001, "0.0001");
  check(0.00001, "1e-05");
  check(INFINITY, "+Inf");
  check(-INFINITY, "-Inf");
  check(NAN, "NaN");
}

}  // namespace
}  // namespace mamori::ingest
