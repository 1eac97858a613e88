#include "ingest/exposition_lint.h"

#include <gtest/gtest.h>

namespace mamori::ingest {
namespace {

/// "2:1 a no help text", one line each.
std::string findings_of(std::string_view page) {
  std::string text;
  for (const auto& one : lint_exposition(page).findings) {
    text += (text.empty() ? "" : "\n") + std::to_string(one.at.line) + ":" + std::to_string(one.at.column) + " " +
            (one.metric.empty() ? "" : one.metric + " ") + one.text;
  }
  return text;
}

TEST(LintExposition, FindsNothingInAGoodPage) {
  EXPECT_EQ(findings_of(""), "");
  EXPECT_EQ(findings_of("# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n"
                        "http_requests_total{code=\"200\"} 1\nhttp_requests_total{code=\"500\"} 1\n"
                        "# HELP t_seconds Time.\n# TYPE t_seconds histogram\n"
                        "t_seconds_bucket{le=\"+Inf\"} 1\nt_seconds_sum 1\nt_seconds_count 1\n"),
            "");
  EXPECT_EQ(findings_of("# HELP a_requests Requests.\n# TYPE a_requests counter\na_requests_total 1\n# EOF\n"), "");
}

TEST(LintExposition, MissesTheSuffixOfAnOpenMetricsCounterToo) {
  EXPECT_EQ(findings_of("# HELP a Text.\n# TYPE a counter\na 1\n# EOF\n"),
            "1:1 a counter metrics should have \"_total\" suffix");
}

TEST(LintExposition, NamesThePlaceWhereAPageIsMalformed) {
  EXPECT_EQ(findings_of("a 1\nb{c=1} 2\n"), "2:5 expected '\"'");
  EXPECT_EQ(findings_of("a 1"), "1:4 the last line has no newline");
  EXPECT_EQ(findings_of("a one\n"), "1:3 \"one\" is not a value");
  EXPECT_EQ(findings_of("# TYPE a number\na 1\n"), "1:1 unknown metric type \"number\"");
  EXPECT_EQ(findings_of("# TYPE a\na 1\n"), "1:1 a no help text") << "a comment to promtool";
  EXPECT_EQ(findings_of("# HELP a x\n# HELP a y\na 1\n"), "2:1 second HELP line for the metric a");
  EXPECT_EQ(findings_of("a 1\n# TYPE a gauge\n"), "2:1 second TYPE line for the metric a, or TYPE behind its samples");
}

TEST(LintExposition, FindsWhatOffendsTheNamingRules) {
  const auto check = [](const char* name, const char* type, const char* labels, const char* want) {
    const std::string metric(name);
    const auto page = "# HELP " + metric + " Text.\n# TYPE " + metric + " " + type + "\n" + metric + labels + " 1\n";
    EXPECT_EQ(findings_of(page), *want == '\0' ? "" : "1:1 " + metric + " " + want);
  };
  check("requests", "counter", "", "counter metrics should have \"_total\" suffix");
  check("requests_total", "gauge", "", "non-counter metrics should not have \"_total\" suffix");
  check("wait_milliseconds", "gauge", "", "use base unit \"seconds\" instead of \"milliseconds\"");
  check("wait_hours", "gauge", "", "use base unit \"seconds\" instead of \"hours\"");
  check("wait_seconds", "gauge", "", "");
  check("wait_ms", "gauge", "", "metric names should not contain abbreviated units");
  check("open_gauge", "gauge", "", "metric name should not include type 'gauge'");
  check("job:rate", "gauge", "", "metric names should not contain ':'");
  check("openFiles", "gauge", "", "metric names should be written in 'snake_case' not 'camelCase'");
  check("files", "gauge", "{diskName=\"a\"}", "label names should be written in 'snake_case' not 'camelCase'");
  check("files", "gauge", "{le=\"1\"}", "non-histogram metrics should not have \"le\" label");
  check("files", "gauge", "{quantile=\"1\"}", "non-summary metrics should not have \"quantile\" label");
  check("files_bucket", "gauge", "", "non-histogram metrics should not have \"_bucket\" suffix");
  check("files_count", "gauge", "", "non-histogram and non-summary metrics should not have \"_count\" suffix");
  check("files_total", "untyped", "", "");
}

TEST(LintExposition, FindsMissingHelpAndSeriesThatAreThereTwice) {
  EXPECT_EQ(findings_of("a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n"), "2:1 a metric not unique\n1:1 a no help text");
}

}  // namespace
}  // namespace mamori::ingest
