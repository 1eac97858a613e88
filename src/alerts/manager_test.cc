#include "alerts/manager.h"

#include <gtest/gtest.h>

#include <fstream>

#include "alerts/test_dir.h"

namespace mamori::alerts {
namespace {

const Timestamp kStart{Seconds{1'800'000'000}};

rules::Finding finding(bool active, std::string name = "PaymentsDown") {
  rules::Finding finding;
  finding.labels = {{"alertname", std::move(name)}, {"severity", "critical"}};
  finding.annotations = {{"summary", "s"}};
  finding.active = active;
  return finding;
}

class Manager : public testing::Test {
 protected:
  Manager() { open(); }

  void open() {
    manager_.reset();
    std::vector<std::string> warnings;
    auto manager = AlertManager::open(
        dir_.path(),
        [this](const Notification& notification) {
          sent_.push_back(notification);
          return accept_;
        },
        warnings);
    ASSERT_TRUE(manager) << manager.error().message;
    manager_ = *std::move(manager);
    warnings_ = warnings;
  }

  void update(rules::Finding one, Timestamp now) { manager_->update(std::span(&one, 1), now); }

  test::TestDir dir_;
  std::vector<Notification> sent_;
  std::vector<std::string> warnings_;
  bool accept_ = true;
  std::unique_ptr<AlertManager> manager_;
};

TEST_F(Manager, TellsOnceWhenAnAlertFiresAndOnceWhenItIsResolved) {
  update(finding(false), kStart);
  EXPECT_TRUE(manager_->alerts().empty());
  for (int s = 1; s <= 10; ++s) update(finding(true), kStart + Seconds{s});
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].alert.state, AlertState::Firing);
  EXPECT_EQ(sent_[0].alert.starts_at, kStart + Seconds{1});
  ASSERT_EQ(manager_->alerts().size(), 1u);

  update(finding(false), kStart + Seconds{11});
  update(finding(false), kStart + Seconds{40});
  EXPECT_EQ(sent_.size(), 1u) << "29 s of calm are not enough";
  update(finding(false), kStart + Seconds{41});
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[1].alert.state, AlertState::Resolved);
  EXPECT_EQ(sent_[1].alert.starts_at, kStart + Seconds{1});
  EXPECT_EQ(sent_[1].alert.ends_at, kStart + Seconds{41});
  EXPECT_EQ(sent_[1].alert.fingerprint, sent_[0].alert.fingerprint);
  EXPECT_TRUE(manager_->alerts().empty());
}

TEST_F(Manager, AFlickeringConditionStaysOneAlert) {
  for (int s = 0; s < 300; ++s) update(finding(s % 20 == 0), kStart + Seconds{s});
  EXPECT_EQ(sent_.size(), 1u);
}

TEST_F(Manager, WaitsWhereTheRuleSaysSo) {
  rules::Finding slow = finding(true);
  slow.wait_before_firing = Seconds{60};
  update(slow, kStart);
  ASSERT_EQ(manager_->alerts().size(), 1u);
  EXPECT_EQ(manager_->alerts()[0].state, AlertState::Pending);
  update(slow, kStart + Seconds{59});
  EXPECT_TRUE(sent_.empty());
  update(slow, kStart + Seconds{60});
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].alert.active_at, kStart);
  EXPECT_EQ(sent_[0].alert.starts_at, kStart + Seconds{60});
}

TEST_F(Manager, APendingAlertEndsQuietly) {
  rules::Finding slow = finding(true);
  slow.wait_before_firing = Seconds{60};
  update(slow, kStart);
  update(finding(false), kStart + Seconds{1});
  EXPECT_TRUE(manager_->alerts().empty());
  EXPECT_TRUE(sent_.empty());
}

TEST_F(Manager, ARestartSendsNothingAndKeepsTheStart) {
  update(finding(true), kStart);
  open();
  ASSERT_EQ(manager_->alerts().size(), 1u);
  EXPECT_EQ(manager_->alerts()[0].starts_at, kStart);
  EXPECT_EQ(manager_->alerts()[0].state, AlertState::Firing);
  update(finding(true), kStart + Seconds{60});
  EXPECT_EQ(sent_.size(), 1u);
}

TEST_F(Manager, AfterARestartNoDataResolvesNothingForFiveMinutes) {
  update(finding(true), kStart);
  open();
  rules::Finding silent = finding(false);
  silent.has_data = false;
  const Timestamp restart = kStart + Seconds{1000};
  for (int s = 0; s < 300; ++s) update(silent, restart + Seconds{s});
  EXPECT_EQ(sent_.size(), 1u);
  for (int s = 300; s <= 331; ++s) update(silent, restart + Seconds{s});
  EXPECT_EQ(sent_.size(), 2u);
}

TEST_F(Manager, AfterARestartDataResolves) {
  update(finding(true), kStart);
  open();
  update(finding(false), kStart + Seconds{10});
  update(finding(false), kStart + Seconds{40});
  EXPECT_EQ(sent_.size(), 2u);
}

TEST_F(Manager, ARuleThatIsGoneResolvesItsAlert) {
  update(finding(true), kStart);
  manager_->update({}, kStart + Seconds{1});
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[1].alert.state, AlertState::Resolved);
}

TEST_F(Manager, HandsOverAgainWhatWasNotTaken) {
  accept_ = false;
  update(finding(true), kStart);
  EXPECT_EQ(sent_.size(), 1u);
  open();  // as after a crash
  accept_ = true;
  update(finding(true), kStart + Seconds{5});
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[0].id(), sent_[1].id());
  update(finding(true), kStart + Seconds{6});
  EXPECT_EQ(sent_.size(), 2u);
}

TEST_F(Manager, ADamagedFileIsSetAsideAndSaid) {
  update(finding(true), kStart);
  std::ofstream(dir_.path() + "/alerts.json") << "{\"alerts\":[{]";
  open();
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_TRUE(manager_->alerts().empty());
  EXPECT_TRUE(std::filesystem::exists(dir_.path() + "/alerts.json.damaged"));
}

TEST_F(Manager, SortsTheMostSevereFirst) {
  rules::Finding warning = finding(true, "A");
  warning.labels["severity"] = "warning";
  rules::Finding info = finding(true, "B");
  info.labels["severity"] = "info";
  const std::vector<rules::Finding> all{info, warning, finding(true, "Z")};
  manager_->update(all, kStart);
  const auto alerts = manager_->alerts();
  ASSERT_EQ(alerts.size(), 3u);
  EXPECT_EQ(alerts[0].name(), "Z");
  EXPECT_EQ(alerts[1].name(), "A");
  EXPECT_EQ(alerts[2].name(), "B");
}

TEST_F(Manager, TellsPeopleEvenWhenTheDiskIsGone) {
  std::filesystem::remove_all(dir_.path());
  update(finding(true), kStart);
  EXPECT_EQ(sent_.size(), 1u);
  EXPECT_GT(manager_->counters().state_write_failures, 0u);
}

}  // namespace
}  // namespace mamori::alerts
