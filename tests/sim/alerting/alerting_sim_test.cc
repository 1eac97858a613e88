// Outages, quiet nights, kills at the worst moments and receivers that fail, by the hundred. A failing run names its
// seed; MAMORI_SEED=… replays it alone, MAMORI_LONG=1 runs thousands.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "world.h"

namespace mamori::sim {
namespace {

using logs::PaymentStatus;
using rules::test::payment;

const Timestamp kStart{Seconds{1'800'000'000}};

std::vector<std::uint64_t> seeds(std::uint64_t usual, std::uint64_t many) {
  if (const char* one = std::getenv("MAMORI_SEED")) return {std::strtoull(one, nullptr, 10)};  // NOLINT
  const std::uint64_t count = std::getenv("MAMORI_LONG") != nullptr ? many : usual;            // NOLINT
  std::vector<std::uint64_t> all;
  for (std::uint64_t seed = 1; seed <= count; ++seed) all.push_back(seed);
  return all;
}

struct Fault {
  int begin = 0, end = 0;  // seconds of the run
  double failing = 1;      // share of the payments in that time
  bool at(int second) const { return second >= begin && second < end; }
};

/// An attempt of the provider's: healthy payments fail technically in 0.3 % and are declined in 10 %.
logs::PaymentEvent attempt(Random& random, std::uint64_t id, double failing) {
  const std::string name = "p" + std::to_string(id);
  if (random.unit() < failing) return payment(name, PaymentStatus::Failed, "timeout", 8000 * random.unit());
  if (random.unit() < 0.10) return payment(name, PaymentStatus::Failed, "insufficient_funds", 300);
  return payment(name, PaymentStatus::Succeeded, "", 200 + 300 * random.unit());
}

void change_moods(World& world) {
  for (Receiver& receiver : world.receivers) {
    if (world.random.unit() < 0.98) continue;
    const double dice = world.random.unit();
    receiver.mood = dice < 0.4   ? Receiver::Mood::Up
                    : dice < 0.6 ? Receiver::Mood::Error500
                    : dice < 0.8 ? Receiver::Mood::Unreachable
                                 : Receiver::Mood::TimesOut;
  }
}

void change_life(World& world) {
  const double dice = world.random.unit();
  if (dice < 0.003) world.kill(world.now() + Seconds{static_cast<int>(world.random.unit() * 20)});
  if (dice > 0.990) world.kill_at_receipt();
  if (dice > 0.980 && dice < 0.985) world.kill_at_hand_over(true);
  if (dice > 0.985 && dice < 0.990) world.kill_at_hand_over(false);
}

std::string member(const std::string& body, const std::string& name) {
  const std::string key = "\"" + name + "\":\"";
  const auto at = body.find(key);
  if (at == std::string::npos) return "";
  auto end = at + key.size();
  while (body[end] != '"') end += body[end] == '\\' ? 2 : 1;
  return body.substr(at + key.size(), end - at - key.size());
}

/// Every decision reached every receiver, in order, once; twice only where we died between receipt and note.
void check_delivery(const World& world) {
  for (const Receiver& receiver : world.receivers) {
    std::map<std::string, int> times;
    std::map<std::string, std::string> last_status;  // by groupKey
    for (const std::string& body : receiver.bodies) {
      if (++times[body] > 1) continue;
      const std::string group = member(body, "groupKey");
      EXPECT_NE(last_status[group], member(body, "status")) << "twice in a row: " << body;
      last_status[group] = member(body, "status");
      EXPECT_EQ(member(body, "fingerprint").size(), 16u);
    }
    EXPECT_EQ(times.size(), world.decisions.size()) << receiver.url;
    int repeats = 0;
    for (const auto& [body, count] : times) repeats += count - 1;
    EXPECT_LE(repeats, receiver.killed_after_receipt) << receiver.url;
  }
}

void drain(World& world) {
  for (Receiver& receiver : world.receivers) receiver.mood = Receiver::Mood::Up;
  world.disarm();
  for (int s = 0; s < 120; ++s) world.tick();
  EXPECT_TRUE(world.running());
  EXPECT_EQ(world.undelivered(), 0u);
}

std::optional<Timestamp> first_firing(const World& world, std::string_view name, Timestamp from) {
  for (const Decision& decision : world.decisions) {
    if (decision.name == name && decision.state == alerts::AlertState::Firing && decision.at >= from)
      return decision.at;
  }
  return std::nullopt;
}

spec::Spec with_log_alerts() {
  spec::Spec spec = rules::test::design_spec();
  spec.log_alerts = {{.section = "payment_logs",
                      .pattern = "payment_*",
                      .condition = "count > 700",
                      .period = Seconds{300},
                      .action = "notify_team"}};
  return spec;
}

void outage_at_two_per_second(std::uint64_t seed) {
  World world(seed, kStart, with_log_alerts());
  world.receivers = {{.url = "http://one/hook"}, {.url = "http://two/hook"}};
  Fault fault;
  fault.begin = 60 + static_cast<int>(world.random.unit() * 100);
  fault.end = fault.begin + 40 + static_cast<int>(world.random.unit() * 60);
  std::uint64_t id = 0;
  const int length = fault.end + 420;  // the 5 m window, 30 s of calm, and some downtime
  std::optional<Timestamp> firing_since;
  for (int second = 0; second < length; ++second) {
    change_moods(world);
    change_life(world);
    for (int i = 0; i < 2; ++i) {
      world.write(attempt(world.random, ++id, fault.at(second) ? fault.failing : 0.003));
    }
    world.tick();
    const auto down = world.firing("PaymentsDown");
    if (down && firing_since && fault.at(second)) EXPECT_EQ(down->starts_at, *firing_since) << "a new start";
    if (down) firing_since = down->starts_at;
  }
  drain(world);
  check_delivery(world);

  const Timestamp began = kStart + Seconds{fault.begin};
  const Timestamp ended = kStart + Seconds{fault.end};
  for (const Decision& decision : world.decisions) {
    if (decision.severity != "critical") continue;
    EXPECT_GT(decision.at, began) << decision.name << " before the outage";
    const bool resolved = decision.state == alerts::AlertState::Resolved;
    EXPECT_TRUE(!resolved || decision.at > ended) << decision.name << " resolved during the outage";
  }
  const auto fired = first_firing(world, "PaymentsDown", began);
  ASSERT_TRUE(fired);
  // Killed processes decide nothing; each restart adds at most its downtime and the second of its first look.
  const Nanos delay = *fired - began - world.downtime(began, *fired);
  EXPECT_LE(delay, Seconds{10} + Seconds{world.downtime(began, *fired).count() > 0 ? 2 : 0});
  EXPECT_FALSE(world.firing("PaymentsDown")) << "resolved in the end";
}

TEST(AlertingSim, AnOutageIsToldWithinTenSecondsWhateverElseBreaks) {
  for (const std::uint64_t seed : seeds(100, 3000)) {
    SCOPED_TRACE("MAMORI_SEED=" + std::to_string(seed));
    outage_at_two_per_second(seed);
    if (testing::Test::HasFailure()) return;
  }
}

void quiet_night(std::uint64_t seed) {
  World world(seed, kStart, rules::test::design_spec());
  world.receivers = {{.url = "http://one/hook"}};
  std::uint64_t id = 0;
  // Two payments an hour at random moments, one of each two fails; three hours.
  for (int hour = 0; hour < 3; ++hour) {
    const int first = static_cast<int>(world.random.unit() * 3600);
    const int second = static_cast<int>(world.random.unit() * 3600);
    const bool first_fails = world.random.unit() < 0.5;
    for (int s = 0; s < 3600; ++s) {
      if (s == first) world.write(attempt(world.random, ++id, first_fails ? 1 : 0));
      if (s == second) world.write(attempt(world.random, ++id, first_fails ? 0 : 1));
      if (world.random.unit() < 0.0005) world.kill(world.now());
      world.tick();
    }
  }
  EXPECT_TRUE(world.decisions.empty()) << world.decisions[0].name;
  EXPECT_TRUE(world.receivers[0].bodies.empty());
}

TEST(AlertingSim, OneFailedPaymentOfTwoAtNightPagesNobody) {
  for (const std::uint64_t seed : seeds(10, 300)) {
    SCOPED_TRACE("MAMORI_SEED=" + std::to_string(seed));
    quiet_night(seed);
    if (testing::Test::HasFailure()) return;
  }
}

void storm(std::uint64_t seed) {
  World world(seed, kStart, with_log_alerts());
  world.receivers = {{.url = "http://one/hook"}, {.url = "http://two/hook"}, {.url = "http://three/hook"}};
  std::uint64_t id = 0;
  Fault fault;
  for (int second = 0; second < 500; ++second) {
    if (second >= fault.end) {
      fault.begin = second + static_cast<int>(world.random.unit() * 200);
      fault.end = fault.begin + 1 + static_cast<int>(world.random.unit() * 90);
      fault.failing = world.random.unit();
    }
    change_moods(world);
    change_life(world);
    for (int tries = static_cast<int>(world.random.unit() * 5); tries > 0; --tries) {
      // A retry now and then: the same payment again.
      if (world.random.unit() > 0.1) ++id;
      world.write(attempt(world.random, id, fault.at(second) ? fault.failing : 0.003));
    }
    world.tick();
  }
  drain(world);
  check_delivery(world);
}

TEST(AlertingSim, EveryNotificationArrivesOnceInAStormOfFaults) {
  for (const std::uint64_t seed : seeds(90, 3000)) {
    SCOPED_TRACE("MAMORI_SEED=" + std::to_string(seed));
    storm(seed);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace mamori::sim
