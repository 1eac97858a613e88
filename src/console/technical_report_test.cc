#include "console/technical_report.h"

#include <gtest/gtest.h>

namespace mamori::console {
namespace {

using std::chrono::minutes;

const Timestamp kStart{Seconds{1'700'000'040}};

/// Holds the lines it is given; only scan() is used here.
class FakeStore final : public logs::Store {
 public:
  void add(Timestamp time, std::string json) { lines_.emplace_back(time, std::move(json)); }
  Result<void> append(std::span<const logs::Line>) override { return {}; }
  Result<logs::ScanCost> scan(const logs::ScanRange& range,
                              const std::function<bool(const logs::Line&)>& visit) const override {
    EXPECT_EQ(range.stream_pattern, "security_*");
    for (const auto& [time, json] : lines_) {
      if (!visit({.stream = "security_access", .time = time, .json = json})) break;
    }
    return logs::ScanCost{};
  }
  std::vector<logs::StreamStats> streams() const override { return {}; }
  Result<void> enforce_retention() override { return {}; }
  void set_retention(std::vector<std::pair<std::string, Nanos>>) override {}
  Result<void> sync() override { return {}; }
  Result<void> seal() override { return {}; }

 private:
  std::vector<std::pair<Timestamp, std::string>> lines_;
};

Result<std::vector<ChartSeries>> no_metrics(const std::string&, const TimeRange&) { return std::vector<ChartSeries>{}; }

std::string report(const FakeStore& store, const RangeQuery& query = no_metrics) {
  const auto text =
      technical_report_json(store, query, {.start = kStart, .end = kStart + minutes{2}, .step = minutes{1}});
  EXPECT_TRUE(text);
  return *text;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(TechnicalReport, IsNullWhereThereIsNothingToComputeFrom) {
  const auto text = report(FakeStore{});
  EXPECT_TRUE(has(text, R"("api_response_times":null,"errors_by_endpoint":null,"resources":null)")) << text;
}

TEST(TechnicalReport, CountsServerErrorsByEndpointWithoutIdentifiers) {
  FakeStore store;
  store.add(
      kStart,
      R"({"request_method":"POST","request_path":"/api/payments?x=1","response_code":502,"response_time_ms":12.5})");
  store.add(kStart, R"({"request_method":"GET","request_path":"/orders/81723","response_code":404})");
  store.add(kStart, R"({"event_type":"login","response_code":500})");
  const auto text = report(store);
  EXPECT_TRUE(has(text, R"({"endpoint":"POST /api/payments","requests":1,"errors":1,"error_percent":100})")) << text;
  EXPECT_TRUE(has(text, R"({"endpoint":"GET /orders/{id}","requests":1,"errors":0,"error_percent":0})")) << text;
  EXPECT_TRUE(has(text, R"("p99":[12.5,null])")) << text;
}

TEST(TechnicalReport, ShowsResourcesByInstance) {
  const auto query = [](const std::string& expression, const TimeRange&) -> Result<std::vector<ChartSeries>> {
    if (expression.find("cpu") == std::string::npos) return std::vector<ChartSeries>{};
    return std::vector<ChartSeries>{{"host:9100", {12.5, std::nullopt}}};
  };
  EXPECT_TRUE(has(report(FakeStore{}, query), R"("resources":[{"instance":"host:9100","cpu_percent":[12.5,null])"));
}

}  // namespace
}  // namespace mamori::console
