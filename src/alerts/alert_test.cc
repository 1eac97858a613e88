#include "alerts/alert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alerts/manager.h"

namespace mamori::alerts {
namespace {

using testing::HasSubstr;

Alert down() {
  Alert alert;
  alert.labels = {{"alertname", "PaymentsDown"}, {"severity", "critical"}};
  alert.annotations = {{"summary", "Payments are \"down\""}};
  alert.state = AlertState::Firing;
  alert.value = 91.25;
  alert.active_at = alert.starts_at = Timestamp{Seconds{1'800'000'000}};
  alert.fingerprint = fingerprint(alert.labels);
  return alert;
}

// The expected numbers are those of prometheus/common's own tests of the same hash.
TEST(Fingerprint, IsPrometheus) {
  EXPECT_EQ(fingerprint({}), "cbf29ce484222325");  // 14695981039346656037
  EXPECT_EQ(fingerprint({{"name", "garland, briggs"}, {"fear", "love is not enough"}}),
            "507a62d79ee76c9a");  // 5799056148416392346
}

TEST(WebhookBody, IsAlertmanagersVersion4) {
  Alert alert = down();
  EXPECT_EQ(webhook_body({alert}, "hooks.example.org", "http://127.0.0.1:9650"),
            R"({"version":"4","groupKey":"{}:{alertname=\"PaymentsDown\"}","truncatedAlerts":0,"status":"firing",)"
            R"("receiver":"hooks.example.org","groupLabels":{"alertname":"PaymentsDown"},)"
            R"("commonLabels":{"alertname":"PaymentsDown","severity":"critical"},)"
            R"("commonAnnotations":{"summary":"Payments are \"down\""},"externalURL":"http://127.0.0.1:9650",)"
            R"("alerts":[{"status":"firing","labels":{"alertname":"PaymentsDown","severity":"critical"},)"
            R"("annotations":{"summary":"Payments are \"down\""},"startsAt":"2027-01-15T08:00:00.000Z",)"
            R"("endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://127.0.0.1:9650/ui/","fingerprint":")" +
                alert.fingerprint + R"("}]})");
}

TEST(WebhookBody, OfAResolvedAlertSaysWhenItEnded) {
  Alert alert = down();
  alert.state = AlertState::Resolved;
  alert.ends_at = alert.starts_at + Seconds{90};
  const std::string body = webhook_body({alert}, "h", "http://h");
  EXPECT_THAT(body, HasSubstr(R"("status":"resolved")"));
  EXPECT_THAT(body, HasSubstr(R"("endsAt":"2027-01-15T08:01:30.000Z")"));
}

TEST(NotificationId, TellsEventsApart) {
  Alert first = down();
  Alert again = down();
  again.starts_at += Millis{1};
  Alert resolved = down();
  resolved.state = AlertState::Resolved;
  EXPECT_EQ(Notification{first}.id(), Notification{down()}.id());
  EXPECT_NE(Notification{first}.id(), Notification{again}.id());
  EXPECT_NE(Notification{first}.id(), Notification{resolved}.id());
}

TEST(Json, HasTheShapesOfBothApis) {
  const Alert alert = down();
  const std::vector<Alert> alerts{alert};
  EXPECT_EQ(overview_json(alerts),
            R"([{"name":"PaymentsDown","severity":"critical","state":"firing",)"
            R"("labels":{"alertname":"PaymentsDown","severity":"critical"},)"
            R"("annotations":{"summary":"Payments are \"down\""},"active_at":"2027-01-15T08:00:00.000Z",)"
            R"("value":91.25,"fingerprint":")" +
                alert.fingerprint + R"("}])");
  EXPECT_EQ(prometheus_alerts_json(alerts),
            R"({"alerts":[{"labels":{"alertname":"PaymentsDown","severity":"critical"},)"
            R"("annotations":{"summary":"Payments are \"down\""},"state":"firing",)"
            R"("activeAt":"2027-01-15T08:00:00.000Z","value":"91.25"}]})");
  EXPECT_EQ(overview_json({}), "[]");
}

}  // namespace
}  // namespace mamori::alerts
