#include "metrics/promql/series_line.h"

#include <gtest/gtest.h>

#include "metrics/promql/ast.h"

namespace mamori::metrics::promql {
namespace {

std::string shown(std::string_view line) {
  const auto parsed = parse_series_line(line);
  if (!parsed) return "error: " + parsed.error().message;
  std::string out = parsed->labels.to_string() + ":";
  for (const auto& point : parsed->points) {
    if (point.type == Point::Type::None) out += " _";
    if (point.type == Point::Type::Histogram) out += " histogram";
    if (point.type == Point::Type::Value)
      out += " " + (is_stale_nan(point.value) ? "stale" : format_float(point.value));
  }
  return out;
}

TEST(SeriesLine, ReadsValuesStepByStep) {
  EXPECT_EQ(shown("up 1 2.5 -3 1e3"), "up: 1 2.5 -3 1000");
  EXPECT_EQ(shown("up{job=\"a\"} 1+2x3"), "up{job=\"a\"}: 1 3 5 7");
  EXPECT_EQ(shown("{job='a', b=\"}\"} 10-5x1"), "{b=\"}\", job=\"a\"}: 10 5");
  EXPECT_EQ(shown("{\"the.name\", \"a.b\"=\"c\"} 0x2"), "{__name__=\"the.name\", \"a.b\"=\"c\"}: 0 0 0");
  EXPECT_EQ(shown("up _ _x2 stale NaN -Inf"), "up: _ _ _ stale NaN -Inf");
  EXPECT_EQ(shown("up {{schema:0}}x1 {{count:1}}+{{count:2}}x1"), "up: histogram histogram histogram histogram");
  EXPECT_EQ(shown("up"), "up:");
}

TEST(SeriesLine, RefusesWhatPrometheusRefuses) {
  for (const auto* line :
       {"up{job=a} 1", "up{job} 1", "up{job=\"a\" 1", "up{job!=\"a\"} 1", "up{a=\"b\" c=\"d\"} 1", "foo-bar 1", "1up 1",
        "up 1_", "up 1 2+3 4", "up abc", "up 1x", "up 1x9999999999", "up {{schema:0}", "up stalex", "up 1x2y", "up 3e",
        "up 1.2.3", "up{a=\"b\",a=\"b\"} 1", "up{__name__=\"x\"} 1"}) {
    EXPECT_TRUE(shown(line).starts_with("error: ")) << line << " gives " << shown(line);
  }
}

TEST(Metric, IsALabelSetAndNothingElse) {
  const auto check = [](std::string_view text, std::string_view want) {
    const auto labels = parse_metric(text);
    ASSERT_TRUE(labels) << text << ": " << labels.error().message;
    EXPECT_EQ(labels->to_string(), want);
  };
  check("", "{}");
  check("{}", "{}");
  check("up", "up");
  check(" up {a=\"b\",} ", "up{a=\"b\"}");
  EXPECT_FALSE(parse_metric("{a"));
  EXPECT_FALSE(parse_metric("up 1"));
}

}  // namespace
}  // namespace mamori::metrics::promql
