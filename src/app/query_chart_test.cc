#include "app/query_chart.h"

#include <gtest/gtest.h>

#include <limits>

namespace mamori::app {
namespace {

using metrics::Labels;

constexpr Terminal kPlain{.columns = 60, .color = false, .utf8 = false};

AnswerSeries series(const std::vector<std::pair<std::string, std::string>>& labels, const std::vector<double>& values) {
  AnswerSeries made{.labels = Labels(labels)};
  for (std::size_t i = 0; i < values.size(); ++i)
    made.points.push_back({.time_ms = static_cast<std::int64_t>(i) * 60'000, .value = values[i], .text = "1.5"});
  return made;
}

QueryAnswer matrix(std::vector<AnswerSeries> all) {
  return {.type = QueryAnswer::Type::Matrix, .series = std::move(all)};
}

std::size_t lines_wider_than(const std::string& text, std::size_t columns) {
  std::size_t wide = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    wide += display_width(text.substr(at, end - at)) > columns ? 1 : 0;
    at = end + 1;
  }
  return wide;
}

TEST(AnswerTable, HasAColumnPerLabelThatDiffersAndSaysTheOthersOnce) {
  QueryAnswer answer{.series = {series({{"__name__", "up"}, {"job", "shop"}, {"instance", "a:1"}}, {1}),
                                series({{"__name__", "up"}, {"job", "shop"}, {"instance", "long:2"}}, {1})}};
  EXPECT_EQ(answer_table(answer, kPlain),
            "all: up{job=\"shop\"}\n\n"
            "instance  value\n"
            "a:1         1.5\n"
            "long:2      1.5\n");
}

TEST(AnswerTable, PutsTheValueFirstWhereTheTerminalIsTooNarrow) {
  const std::string long_text(70, 'x');
  QueryAnswer answer{.series = {series({{"path", long_text}}, {1}), series({{"path", "b"}}, {1})}};
  EXPECT_EQ(answer_table(answer, kPlain), "  1.5  {path=\"" + long_text + "\"}\n  1.5  {path=\"b\"}\n");
}

TEST(AnswerTable, SaysThatThereIsNothingAndPrintsOtherTypes) {
  EXPECT_EQ(answer_table({}, kPlain), "no series\n");
  EXPECT_EQ(answer_table({.type = QueryAnswer::Type::Scalar, .single = {.value = 2, .text = "2"}}, kPlain), "2\n");
  EXPECT_EQ(answer_table(matrix({series({{"a", "b"}}, {1, 1})}), kPlain),
            "{a=\"b\"}\n  1970-01-01T00:00:00.000Z  1.5\n  1970-01-01T00:01:00.000Z  1.5\n");
}

TEST(AnswerChart, DrawsLettersBetweenItsAxesWithoutColours) {
  const auto text = answer_chart(matrix({series({{"s", "rising"}}, {0, 1, 2, 3, 4}), series({{"s", "flat"}}, {1, 1})}),
                                 {.start_ms = 0, .end_ms = 240'000, .rows = 5}, {.columns = 40, .utf8 = false});
  EXPECT_EQ(text,
            "4 |                               aaaaa\n"
            "  |                       aaaaaaaa\n"
            "2 |              aaaaaaaaa\n"
            "  |bbbbbaaaaaaaaa\n"
            "0 |aaaaa\n"
            "   1970-01-01T00:00:00Z1970-01-01T00:04:00Z\n\n"
            "  a {s=\"rising\"}  min 0  max 4  last 4\n"
            "  b {s=\"flat\"}  min 1  max 1  last 1\n");
}

TEST(AnswerChart, DrawsOneSeriesInBrailleAndColoursSeveral) {
  const auto one = matrix({series({{"s", "a"}}, {0, 1, 0})});
  const ChartOptions options{.start_ms = 0, .end_ms = 120'000, .rows = 4};
  const auto plain = answer_chart(one, options, {.columns = 60});
  EXPECT_NE(plain.find("⠔"), std::string::npos) << plain;
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  EXPECT_EQ(lines_wider_than(plain, 60), 0u) << plain;
  const auto two = answer_chart(matrix({series({{"s", "a"}}, {0, 1, 0}), series({{"s", "b"}}, {1, 0, 1})}), options,
                                {.columns = 60, .color = true});
  EXPECT_NE(two.find("\x1b[36m"), std::string::npos);
  EXPECT_NE(two.find("\x1b[33m"), std::string::npos);
}

TEST(AnswerChart, DrawsTheLargestSeriesAndSaysHowManyMore) {
  std::vector<AnswerSeries> all;
  for (int i = 0; i < 12; ++i) all.push_back(series({{"i", std::to_string(i)}}, {0, static_cast<double>(i)}));
  all.push_back(series({{"i", "nan"}}, {std::numeric_limits<double>::quiet_NaN()}));
  const auto text = answer_chart(matrix(all), {.start_ms = 0, .end_ms = 60'000, .series_max = 2}, kPlain);
  EXPECT_NE(text.find("a {i=\"11\"}"), std::string::npos) << text;
  EXPECT_NE(text.find("b {i=\"10\"}"), std::string::npos) << text;
  EXPECT_EQ(text.find("{i=\"9\"}"), std::string::npos) << text;
  EXPECT_NE(text.find("and 10 more series with smaller values; --top 12 draws all"), std::string::npos) << text;
  EXPECT_NE(text.find("and 1 series without a number to draw"), std::string::npos) << text;
}

TEST(AnswerChart, LivesWithAnyValue) {
  const auto inf = std::numeric_limits<double>::infinity();
  const auto huge = std::numeric_limits<double>::max();
  for (const std::vector<double>& values :
       {std::vector{5.0, 5.0}, {0.0}, {-huge, huge, 0}, {inf, -inf, 1, inf}, {1e-320, 2e-320}}) {
    const auto text = answer_chart(matrix({series({}, values)}), {.start_ms = 0, .end_ms = 1}, {.columns = 40});
    EXPECT_EQ(lines_wider_than(text, 60), 0u) << text;
    EXPECT_EQ(text.find("nan"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace mamori::app
