#include "console/overview.h"

#include <gtest/gtest.h>

namespace mamori::console {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(OverviewJson, WritesNullForAnIndicatorWithoutData) {
  OverviewInput input{.version = "1", .environment = "demo"};
  input.evaluation.indicators.push_back(
      {.name = "payment_success_rate", .unit = "percent", .op = ">=", .threshold = 99.5});
  const auto text = overview_json(input);
  EXPECT_TRUE(has(
      text,
      R"("name":"payment_success_rate","unit":"percent","value":null,"op":">=","threshold":99.5,"state":"no_data")"))
      << text;
  EXPECT_TRUE(has(text, R"("verdict":{"state":"unknown")")) << text;
  EXPECT_TRUE(has(text, R"("configured":false)")) << text;
}

TEST(DashboardsJson, KnowsTheWidgetsOfTheDesignLogByTheirWords) {
  const auto text = dashboards_json({});
  const auto check = [&](const char* title, const char* kind, const char* available) {
    EXPECT_TRUE(has(
        text, std::string(R"({"title":")") + title + R"(","kind":")" + kind + R"(","available":)" + available + "}"))
        << text;
  };
  check("Real-time transaction volume", "volume", "true");
  check("Success rate by payment method", "methods", "true");
  check("Geographic distribution of payments", "countries", "true");
  check("Revenue per minute", "revenue", "true");
  check("Failed payment reasons breakdown", "failures", "true");
  check("API response times", "api_response_times", "true");
  check("Database query performance", "database", "false");
  check("Cache hit rates", "cache", "false");
  check("Error rates by endpoint", "errors_by_endpoint", "true");
  check("Infrastructure resource utilization", "resources", "true");
}

TEST(DashboardsJson, MarksAWidgetItDoesNotKnow) {
  EXPECT_TRUE(
      has(dashboards_json({{"Mine", {"Weather"}}}), R"({"title":"Weather","kind":"unknown","available":false})"));
}

}  // namespace
}  // namespace mamori::console
