#include "ingest/exposition.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mamori::ingest {
namespace {

Result<Exposition> text(std::string_view page) { return parse_exposition(page, ExpositionFormat::PrometheusText); }
Result<Exposition> open_metrics(std::string_view page) { return parse_exposition(page, ExpositionFormat::OpenMetrics); }

TEST(ParseExposition, ReadsThePageOfAnExporter) {
  const auto page = text(
      "# HELP http_requests_total All \\\\ requests\\nmore\n"
      "# TYPE http_requests_total counter\n"
      "http_requests_total{code=\"200\",path=\"a\\\"b\\\\c\\nd\"} 1027 1395066363000\n"
      "# a comment\n\n"
      "  load1  0.5  \r\n"
      "inf_one +Inf\nnan_one NaN\nneg -1.5e-3\n"
      "trailing{a=\"b\",} 1\n");
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->samples.size(), 6u);
  EXPECT_EQ(page->samples[0].labels.to_string(), R"(http_requests_total{code="200", path="a\"b\\c\nd"})");
  EXPECT_EQ(page->samples[0].time_ms, 1395066363000);
  EXPECT_EQ(page->samples[1].value, 0.5);
  EXPECT_TRUE(std::isinf(page->samples[2].value));
  EXPECT_TRUE(std::isnan(page->samples[3].value));
  EXPECT_EQ(page->samples[4].value, -0.0015);
  EXPECT_EQ(page->metadata.at("http_requests_total").type, "counter");
  EXPECT_EQ(page->metadata.at("http_requests_total").help, "All \\ requests\nmore");
}

TEST(ParseExposition, ReadsQuotedNames) {
  const auto page = text("{\"my.metric\",\"a.b\"=\"c\"} 1\n");
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->samples[0].labels.get("__name__"), "my.metric");
  EXPECT_EQ(page->samples[0].labels.get("a.b"), "c");
}

TEST(ParseExposition, ReadsOpenMetricsWithSecondsAndExemplars) {
  const auto page =
      open_metrics("# TYPE a counter\n# UNIT a seconds\na_total{x=\"y\"} 3 1.5 # {trace=\"t\"} 1\n# EOF\n");
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->samples[0].time_ms, 1500);
  EXPECT_EQ(page->metadata.at("a").unit, "seconds");
}

TEST(ParseExposition, RefusesAnOpenMetricsPageThatWasCutShort) {
  EXPECT_FALSE(open_metrics("a 1\n"));
  EXPECT_FALSE(open_metrics("a 1\n# EOF\nb 2\n"));
}

TEST(ParseExposition, NamesLineAndColumnOfWhatIsWrong) {
  const auto check = [](const char* page, const char* want) {
    const auto result = text(page);
    ASSERT_FALSE(result) << page;
    EXPECT_EQ(result.error().message, want);
  };
  check("ok 1\na{b=c} 1\n", "line 2, column 5: expected '\"'");
  check("a{b=\"c} 1\n", "line 1, column 10: the quoted text does not end on this line");
  check("a one\n", "line 1, column 3: \"one\" is not a value");
  check("a 1 2 3\n", "line 1, column 7: unexpected text after the sample");
  check("1a 1\n", "line 1, column 3: expected a name");
  check("a{b=\"1\",b=\"2\"} 1\n", "line 1, column 14: the label b stands twice");
  check("{b=\"1\"} 1\n", "line 1, column 8: the sample has no metric name");
  check("{\"\",b=\"1\"} 1\n", "line 1, column 11: the sample has no metric name");
  check("{\"a\",\"\"} 1\n", "line 1, column 8: the sample has two metric names");
  check("a{\"b\"} 1\n", "line 1, column 6: the sample has two metric names");
  check("{__name__=\"\"} 1\n", "line 1, column 14: the sample has no metric name");
  check("a\n", "line 1, column 2: \"\" is not a value");
}

TEST(ExpositionFormat, IsChosenByContentType) {
  EXPECT_EQ(exposition_format("application/openmetrics-text; version=1.0.0"), ExpositionFormat::OpenMetrics);
  EXPECT_EQ(exposition_format("text/plain; version=0.0.4"), ExpositionFormat::PrometheusText);
  EXPECT_EQ(exposition_format(""), ExpositionFormat::PrometheusText);
}

}  // namespace
}  // namespace mamori::ingest
