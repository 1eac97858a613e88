#include "console/detail/prometheus_json.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <random>

namespace mamori::console {
namespace {

std::size_t digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text.substr(0, text.find('e'))) {
    if (c >= '0' && c <= '9') digits += c;
  }
  const auto first = digits.find_first_not_of('0'), last = digits.find_last_not_of('0');
  return first == std::string::npos ? 0 : last - first + 1;
}

TEST(AppendApiValue, WritesTheFewestDigitsThatReadBackAsTheValue) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    double value = std::bit_cast<double>(random());
    if (i % 2 == 0) value = std::ldexp(static_cast<double>(random() % 2'000'000) - 1e6, static_cast<int>(i % 90) - 40);
    if (!std::isfinite(value)) continue;
    std::string out;
    append_api_value(out, value);
    double back = 0;
    const auto [end, error] = std::from_chars(out.data(), out.data() + out.size(), back);
    ASSERT_EQ(end, out.data() + out.size()) << out;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value)) << out;
    const double size = std::fabs(value);
    ASSERT_EQ(out.find('e') == std::string::npos, size == 0 || (size >= 1e-6 && size < 1e21)) << out;
    char shortest[40];
    const auto short_end =
        std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific).ptr;
    ASSERT_EQ(digits_of(out), digits_of({shortest, short_end})) << out;
  }
}

TEST(AppendApiSample, WritesTimeAndValueInOnePair) {
  const auto check = [](std::int64_t time_ms, double value, const char* want) {
    std::string out = "before ";
    append_api_sample(out, {time_ms, value});
    EXPECT_EQ(out, std::string("before ") + want);
  };
  check(1'435'781'451'781, 1, R"([1435781451.781,"1"])");
  check(-9'007'199'254'740'992, -1.25e-300, R"([-9007199254740.992,"-1.25e-300"])");
  check(0, -HUGE_VAL, R"([0,"-Inf"])");
  check(5, 999999999999999.9, R"([0.005,"999999999999999.9"])");
  check(60'000, -0.00000123456789012345678, R"([60,"-0.0000012345678901234567"])");
}

TEST(AppendApiHistogram, WritesTheBucketsThatHoldSomethingWithHowTheirBoundsBelongToThem) {
  const auto check = [](const metrics::Histogram& histogram, const char* want) {
    std::string out;
    append_api_histogram(out, {1500, std::make_shared<const metrics::Histogram>(histogram)});
    EXPECT_EQ(out, want);
  };
  check({}, R"([1.500,{"count":"0","sum":"0"}])");
  check({.schema = 1,
         .zero_threshold = 0.001,
         .zero_count = 1,
         .count = 6.5,
         .sum = -0.5,
         .positive_spans = {{0, 2}, {1, 1}},
         .negative_spans = {{1, 1}},
         .positive = {1, 0, 2},
         .negative = {2.5}},
        R"([1.500,{"count":"6.5","sum":"-0.5","buckets":[[1,"-1.414213562373095","-1","2.5"],)"
        R"([3,"-0.001","0.001","1"],[0,"0.7071067811865475","1","1"],[0,"2","2.82842712474619","2"]]}])");
  check({.schema = metrics::kCustomBucketsSchema,
         .count = 3,
         .sum = 7,
         .positive_spans = {{0, 3}},
         .positive = {1, 0, 2},
         .custom_bounds = {1, 5}},
        R"([1.500,{"count":"3","sum":"7","buckets":[[3,"-Inf","1","1"],[0,"5","+Inf","2"]]}])");
}

}  // namespace
}  // namespace mamori::console
