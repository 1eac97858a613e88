// tests/sim/alerting/world.h: a payment service, mamori's judging and telling, and webhook receivers, in one thread on
// a clock and a network that are not real. Everything random comes from the seed, so a seed replays a run.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alerts/manager.h"
#include "alerts/notifier.h"
#include "alerts/test_dir.h"
#include "base/clock.h"
#include "base/random.h"
#include "rules/judge.h"
#include "rules/test_events.h"

namespace mamori::sim {

/// Thrown where the process is killed: nothing after that point happens, what is on disk stays.
struct Killed {};

struct Receiver {
  std::string url;
  enum class Mood { Up, Error500, Unreachable, TimesOut, Slow } mood = Mood::Up;
  std::vector<std::string> bodies;  // as received, repeats included
  int killed_after_receipt = 0;     // how often we died between this receiver's 200 and our note of it
};

struct Line {
  Timestamp time, arrival;
  logs::PaymentEvent event;
};

/// What the alert manager decided, whatever became of the telling.
struct Decision {
  std::string id, name, severity;
  alerts::AlertState state;
  Timestamp at;
};

class World {
 public:
  World(std::uint64_t seed, Timestamp start, spec::Spec spec);

  /// A line that is written now and acknowledged at once, or when mamori is back.
  void write(logs::PaymentEvent event);

  /// One second: evaluate, update, send what is due. Kills happen in here.
  void tick();

  /// mamori is gone until `until`; the shippers hold the lines back.
  void kill(Timestamp until);

  /// The next hand-over, or receipt, is the last thing the process does.
  void kill_at_hand_over(bool before) { kill_at_hand_over_ = before ? 1 : 2; }
  void kill_at_receipt() { kill_at_receipt_ = true; }
  void disarm() {
    kill_at_hand_over_ = 0;
    kill_at_receipt_ = false;
  }

  Timestamp now() const { return clock_.now(); }
  bool running() const { return judge_ != nullptr; }
  const rules::Evaluation& last() const { return last_; }
  std::optional<alerts::Alert> firing(std::string_view name) const;
  std::size_t undelivered() const { return notifier_ ? notifier_->counters().queued : 0; }
  Nanos downtime(Timestamp from, Timestamp to) const;

  Random random;
  std::vector<Receiver> receivers;  // fill before the first tick
  std::vector<Decision> decisions;

 private:
  void start();
  void run_once();
  Result<alerts::PostReply> post(const std::string& url, const std::string& body, Millis deadline);
  bool hand_over(const alerts::Notification& notification);

  const spec::Spec spec_;
  const std::uint64_t seed_;
  FakeClock clock_;
  alerts::test::TestDir dir_;
  std::deque<Line> store_;  // durable
  std::vector<logs::PaymentEvent> held_back_;
  std::unique_ptr<rules::Judge> judge_;
  std::unique_ptr<alerts::Notifier> notifier_;
  std::unique_ptr<alerts::AlertManager> manager_;
  rules::Evaluation last_;
  Timestamp down_until_;
  std::vector<std::pair<Timestamp, Timestamp>> downtimes_;
  int kill_at_hand_over_ = 0;
  bool kill_at_receipt_ = false;
};

}  // namespace mamori::sim
