#include "rules/log_alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mamori::rules {
namespace {

const Timestamp kStart{Seconds{1'800'000'000}};

spec::LogAlertSpec alert(std::string condition, Nanos period) {
  spec::LogAlertSpec spec;
  spec.section = "payment_logs";
  spec.pattern = "payment_*";
  spec.condition = std::move(condition);
  spec.period = period;
  spec.action = "notify_team";
  return spec;
}

/// The design log's two alerts, as written.
std::vector<spec::LogAlertSpec> design_alerts() {
  return {alert("status:failed AND count > 10", Seconds{300}), alert("processing_time > 5000", Seconds{60})};
}

class DesignLogAlerts : public testing::Test {
 protected:
  DesignLogAlerts() {
    std::vector<std::string> warnings;
    alerts_.configure(design_alerts(), &warnings);
    EXPECT_THAT(warnings, testing::IsEmpty());
  }
  void line(std::string_view json, Timestamp arrival, std::string_view stream = "payment_logs",
            Nanos lateness = Nanos{0}) {
    alerts_.observe(logs::Line{.stream = stream, .time = arrival - lateness, .json = json}, arrival);
  }
  Finding failed(Timestamp now) const { return alerts_.evaluate(second_of(now)).at(0); }
  Finding slow(Timestamp now) const { return alerts_.evaluate(second_of(now)).at(1); }
  LogAlerts alerts_;
};

TEST_F(DesignLogAlerts, MoreThanTenFailedLinesInFiveMinutes) {
  for (int i = 0; i < 10; ++i) line(R"({"status":"failed","error_code":"insufficient_funds"})", kStart + Seconds{i});
  for (int i = 0; i < 90; ++i) line(R"({"status":"succeeded"})", kStart + Seconds{i});
  EXPECT_FALSE(failed(kStart + Seconds{100}).active);
  line(R"({"status":"failed"})", kStart + Seconds{100});
  EXPECT_TRUE(failed(kStart + Seconds{100}).active);
  EXPECT_EQ(failed(kStart + Seconds{100}).value, 11);
  EXPECT_FALSE(failed(kStart + Seconds{300}).active) << "the first has left the window";
}

TEST_F(DesignLogAlerts, OneSlowLineInAMinute) {
  line(R"({"processing_time":5000})", kStart);
  EXPECT_FALSE(slow(kStart).active);
  line(R"({"processing_time":5001})", kStart);
  EXPECT_TRUE(slow(kStart).active);
  EXPECT_TRUE(slow(kStart + Seconds{59}).active);
  EXPECT_FALSE(slow(kStart + Seconds{60}).active);
}

TEST_F(DesignLogAlerts, ALateLineIsNewsWhenItComes) {
  line(R"({"processing_time":9000})", kStart, "payment_logs", std::chrono::minutes{50});
  EXPECT_TRUE(slow(kStart).active);
}

TEST_F(DesignLogAlerts, OtherStreamsDoNotCount) {
  line(R"({"processing_time":9000})", kStart, "security_access");
  EXPECT_FALSE(slow(kStart).active);
}

TEST_F(DesignLogAlerts, NotifyTheTeamAndPageNobody) {
  for (int i = 0; i < 11; ++i) line(R"({"status":"failed"})", kStart);
  const Finding finding = failed(kStart);
  EXPECT_EQ(finding.labels.at("alertname"), "PaymentLogsStatusFailedCount");
  EXPECT_EQ(finding.labels.at("severity"), "info");
  EXPECT_EQ(finding.labels.at("page"), "false");
  EXPECT_EQ(finding.annotations.at("condition"), "status:failed AND count > 10");
  EXPECT_EQ(slow(kStart).labels.at("alertname"), "PaymentLogsProcessingTime");
}

TEST_F(DesignLogAlerts, KeepTheirCountsWhenTheSpecIsReadAgain) {
  for (int i = 0; i < 11; ++i) line(R"({"status":"failed"})", kStart);
  auto specs = design_alerts();
  specs.insert(specs.begin(), alert("brand:visa", Seconds{60}));
  alerts_.configure(specs, nullptr);
  EXPECT_TRUE(alerts_.evaluate(second_of(kStart)).at(1).active);
}

TEST(LogAlerts, LeavesOutWhatItCannotReadAndSaysSo) {
  LogAlerts alerts;
  std::vector<std::string> warnings;
  alerts.configure({alert("status:(", Seconds{60}), alert("count >", Seconds{60}), alert("brand:visa", Seconds{60})},
                   &warnings);
  EXPECT_EQ(warnings.size(), 2u);
  EXPECT_EQ(alerts.evaluate(second_of(kStart)).size(), 1u);
}

TEST(LogAlerts, GivesAlikeAlertsDifferentNames) {
  LogAlerts alerts;
  alerts.configure({alert("processing_time > 5000", Seconds{60}), alert("processing_time > 9000", Seconds{60})},
                   nullptr);
  const auto findings = alerts.evaluate(second_of(kStart));
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_NE(findings[0].labels, findings[1].labels);
}

}  // namespace
}  // namespace mamori::rules
