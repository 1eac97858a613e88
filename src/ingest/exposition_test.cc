#include "ingest/exposition.h"

#include <gtest/gtest.h>

#include <chrono>
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
  check("a{b=\"c} 1\n", "line 2, column 1: the quoted text does not end");
  check("a{b=\"c\" 1\nx 1\n", "line 1, column 10: the labels are not closed with '}' on this line");
  check("a one\n", "line 1, column 3: \"one\" is not a value");
  check("a 1 2 3\n", "line 1, column 7: unexpected text after the sample");
  check("a 1 2.5\n", "line 1, column 5: the timestamp \"2.5\" is not whole milliseconds");
  check("1a 1\n", "line 1, column 1: expected a name");
  check("a{b=\"1\",b=\"2\"} 1\n", "line 1, column 15: the label b stands twice");
  check("a{b:c=\"1\"} 1\n", "line 1, column 4: expected '='");
  check("a{b=\"\xFF\"} 1\n", "line 1, column 6: the quoted text is not UTF-8");
  check("a{,b=\"1\"} 1\n", "line 1, column 3: expected a name");
  check("{b=\"1\"} 1\n", "line 1, column 8: the sample has no metric name");
  check("{\"\",b=\"1\"} 1\n", "line 1, column 11: the sample has no metric name");
  check("{\"a\",\"\"} 1\n", "line 1, column 8: the sample has two metric names");
  check("a{\"b\"} 1\n", "line 1, column 6: the sample has two metric names");
  check("{__name__=\"\"} 1\n", "line 1, column 14: the sample has no metric name");
  check("a\n", "line 1, column 2: \"\" is not a value");
  check("a 1e999\n", "line 1, column 3: \"1e999\" is not a value");
}

TEST(ParseExposition, IsAsLaxAsPrometheus) {
  const auto one = [](std::string_view page) {
    const auto read = text(page);
    EXPECT_TRUE(read) << page << ": " << read.error().message;
    return read && read->samples.size() == 1 ? read->samples[0] : ExposedSample{};
  };
  EXPECT_EQ(one("a{b=\"c\" d=\"e\"} 1").labels.to_string(), R"(a{b="c", d="e"})");  // no comma, no newline at the end
  EXPECT_EQ(one("a{b=\"c\"}1\n").value, 1);
  EXPECT_EQ(one("a {b=\"c\"} 1\n").labels.get("b"), "c");
  EXPECT_EQ(one("a{b=\"x\ny\"} 1\n").labels.get("b"), "x\ny");
  EXPECT_EQ(one("a{b=\"\\t\"} 1\n").labels.get("b"), "\\t");
  EXPECT_EQ(one("\ta\t1\t5\t\n").time_ms, 5);
  EXPECT_EQ(one("#HELP a b\n# TYPE a nonsense\n# TYPE\n#\na 1e-999\n").value, 0);
  EXPECT_EQ(one("# HELP a\na 1\r\n").value, 1);
  EXPECT_EQ(one("{x=\"1\",\"a b\"} 1\n").labels.get("__name__"), "a b");
  EXPECT_EQ(text("a 1\n\n\n")->samples.size(), 1u);
}

TEST(ParseExposition, WritesBoundsAndQuantilesAsPrometheus3Does) {
  const auto page = text(
      "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1e7\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_bucket{le=\"x\"} "
      "1\n"
      "# TYPE s summary\ns{quantile=\"0\"} 1\ns{le=\"1\"} 1\n# TYPE g gauge\ng{le=\"1\"} 1\n");
  ASSERT_TRUE(page);
  std::string all;
  for (const auto& sample : page->samples) all += sample.labels.to_string() + " ";
  EXPECT_EQ(all,
            "h_bucket{le=\"1.0\"} h_bucket{le=\"1e+07\"} h_bucket{le=\"+Inf\"} h_bucket{le=\"x\"} s{quantile=\"0.0\"} "
            "s{le=\"1\"} g{le=\"1\"} ");
}

TEST(ParseExposition, TakesTwentyThousandLabelsInOneGo) {
  std::string page = "a{";
  for (int i = 0; i < 20'000; ++i) page += "label_" + std::to_string(i) + "=\"v\",";
  const auto began = std::chrono::steady_clock::now();
  const auto read = text(page + "} 1\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->samples[0].labels.size(), 20'001u);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(200)) << "it took 500 ms once";
  EXPECT_FALSE(text(page + "label_7=\"w\"} 1\n"));
}

TEST(ExpositionReader, ComparesWithTheLineThatIsExpected) {
  ExpositionReader reader("# TYPE a gauge\na{b=\"c\"} 1\na 2\na {b=\"d\"} 3 4\n", ExpositionFormat::PrometheusText);
  using Step = ExpositionReader::Step;
  ASSERT_EQ(reader.next("# TYPE a gauge"), Step::Metadata);
  EXPECT_EQ(reader.metadata_line(), "# TYPE a gauge");
  ASSERT_EQ(reader.next("a{b=\"c\"}"), Step::Sample);
  EXPECT_EQ(reader.series(), "a{b=\"c\"}");
  ASSERT_EQ(reader.next("a"), Step::Sample);
  EXPECT_EQ(reader.value(), 2);
  ASSERT_EQ(reader.next("a"), Step::Sample);
  EXPECT_EQ(reader.series(), "a {b=\"d\"}") << "the bare name goes on behind the space";
  EXPECT_EQ(reader.time_ms(), 4);
  EXPECT_EQ(reader.next("a"), Step::End);
  EXPECT_EQ(reader.next("a"), Step::End);
}

TEST(ExpositionReader, HandsOutExemplars) {
  ExpositionReader reader(
      "a_bucket{le=\"1\"} 3 1.5 # {trace_id=\"x\\\"y\"} 0.5 1520879607.789\nb_total 1 # {} 2\nc_total 1 # {x=\"y\"}\n"
      "# EOF\n",
      ExpositionFormat::OpenMetrics);
  using Step = ExpositionReader::Step;
  LabelViews labels;
  ExemplarSample sample;
  ASSERT_EQ(reader.next(), Step::Sample);
  EXPECT_EQ(reader.time_ms(), 1500);
  ASSERT_TRUE(reader.has_exemplar() && reader.read_exemplar(labels, sample));
  EXPECT_EQ(labels.pairs, (std::vector<std::pair<std::string_view, std::string_view>>{{"trace_id", "x\"y"}}));
  EXPECT_EQ(sample.value, 0.5);
  EXPECT_EQ(sample.time_ms, 1520879607789);
  ASSERT_EQ(reader.next(), Step::Sample);
  ASSERT_TRUE(reader.read_exemplar(labels, sample));
  EXPECT_TRUE(labels.pairs.empty() && !sample.time_ms);
  ASSERT_EQ(reader.next(), Step::Sample);
  EXPECT_FALSE(reader.read_exemplar(labels, sample));
  EXPECT_EQ(reader.error().message, "line 3, column 20: \"\" is not a number of an exemplar");
}

TEST(ExpositionFormat, IsChosenByContentType) {
  EXPECT_EQ(exposition_format("application/openmetrics-text; version=1.0.0"), ExpositionFormat::OpenMetrics);
  EXPECT_EQ(exposition_format("text/plain; version=0.0.4"), ExpositionFormat::PrometheusText);
  EXPECT_EQ(exposition_format(""), ExpositionFormat::PrometheusText);
}

}  // namespace
}  // namespace mamori::ingest
