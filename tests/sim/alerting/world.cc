#include "world.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/log.h"

namespace mamori::sim {

World::World(std::uint64_t seed, Timestamp start, spec::Spec spec)
    : random(seed), spec_(std::move(spec)), seed_(seed), clock_(start) {
  set_log_level(LogLevel::Error);  // thousands of alerts fire in here
}

std::optional<alerts::Alert> World::firing(std::string_view name) const {
  if (!manager_) return std::nullopt;
  for (const auto& alert : manager_->alerts()) {
    if (alert.name() == name && alert.state == alerts::AlertState::Firing) return alert;
  }
  return std::nullopt;
}

Nanos World::downtime(Timestamp from, Timestamp to) const {
  Nanos sum{0};
  for (const auto& [begin, end] : downtimes_) {
    sum += std::max(Nanos{0}, std::min(end, to) - std::max(begin, from));
  }
  return sum;
}

void World::write(logs::PaymentEvent event) {
  event.time = now();
  if (!running()) {
    held_back_.push_back(std::move(event));
    return;
  }
  store_.push_back(Line{.time = event.time, .arrival = now(), .event = event});
  while (store_.front().time < now() - 2 * rules::kReplay) store_.pop_front();
  judge_->observe(logs::Line{.stream = "payment_logs", .time = event.time, .json = "{}"}, event, now());
}

void World::kill(Timestamp until) {
  manager_.reset();
  notifier_.reset();
  judge_.reset();
  disarm();
  down_until_ = until;
  downtimes_.emplace_back(now(), until);
}

void World::start() {
  std::vector<std::string> warnings;
  judge_ = std::make_unique<rules::Judge>(spec_, &warnings);
  for (const Line& line : store_) {
    if (line.time < now() - rules::kReplay) continue;
    judge_->observe(logs::Line{.stream = "payment_logs", .time = line.time, .json = "{}"}, line.event, line.time);
  }
  alerts::NotifierOptions options;
  options.dir = dir_.path();
  options.threads = false;
  options.random_seed = seed_;
  std::vector<spec::NotifySpec> urls;
  for (const Receiver& receiver : receivers) urls.push_back({receiver.url});
  auto notifier = alerts::Notifier::open(
      options, urls,
      [this](const std::string& url, const std::string& body, Millis deadline) { return post(url, body, deadline); },
      clock_, warnings);
  ASSERT_TRUE(notifier);
  notifier_ = *std::move(notifier);
  auto manager = alerts::AlertManager::open(
      dir_.path(), [this](const alerts::Notification& notification) { return hand_over(notification); }, warnings);
  ASSERT_TRUE(manager);
  manager_ = *std::move(manager);
  EXPECT_EQ(warnings.size(), 0u) << warnings[0];
  for (auto& event : std::exchange(held_back_, {})) {
    store_.push_back(Line{.time = event.time, .arrival = now(), .event = event});
    judge_->observe(logs::Line{.stream = "payment_logs", .time = event.time, .json = "{}"}, event, now());
  }
}

bool World::hand_over(const alerts::Notification& notification) {
  const auto id = notification.id();
  const bool repeated = std::ranges::find(decisions, id, &Decision::id) != decisions.end();
  if (!repeated) {
    decisions.push_back(Decision{.id = id,
                                 .name = notification.alert.name(),
                                 .severity = notification.alert.severity(),
                                 .state = notification.alert.state,
                                 .at = now()});
  }
  if (kill_at_hand_over_ == 1) throw Killed{};
  const bool taken = notifier_->enqueue(notification);
  if (kill_at_hand_over_ == 2) throw Killed{};
  return taken;
}

Result<alerts::PostReply> World::post(const std::string& url, const std::string& body, Millis deadline) {
  Receiver& receiver = *std::ranges::find(receivers, url, &Receiver::url);
  switch (receiver.mood) {
    case Receiver::Mood::Unreachable:
      return Error{Code::Unavailable, "connection refused"};
    case Receiver::Mood::Error500:
      return alerts::PostReply{.status = 500 + static_cast<int>(random.unit() * 5)};
    case Receiver::Mood::TimesOut:
      return Error{Code::DeadlineExceeded, "no answer in " + std::to_string(deadline.count()) + " ms"};
    case Receiver::Mood::Slow:
    case Receiver::Mood::Up:
      break;
  }
  receiver.bodies.push_back(body);
  if (kill_at_receipt_) {
    ++receiver.killed_after_receipt;
    throw Killed{};
  }
  return alerts::PostReply{.status = 200};
}

void World::run_once() {
  last_ = judge_->evaluate(now());
  manager_->update(last_.findings, now());
  notifier_->run_due();
}

void World::tick() {
  clock_.advance(Seconds{1});
  const bool starts = !running() && now() >= down_until_;
  if (starts) start();
  if (!running()) return;
  try {
    // The notifier's threads may be faster than the first update, which hands the outbox over again.
    if (starts && random.unit() < 0.5) notifier_->run_due();
    run_once();
  } catch (const Killed&) {
    kill(now() + Seconds{1 + static_cast<int>(random.unit() * 5)});
  }
}

}  // namespace mamori::sim
