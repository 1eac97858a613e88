// alerts/notifier.h: brings notifications to the receivers of the spec's `notify:`, as Alertmanager webhooks.
// What always holds: per receiver in order, at least once, and exactly once unless the process dies between a
// receiver's 2xx and the note of it; what is not delivered when the process ends is delivered after the next start; a
// slow or dead receiver delays no other; a receiver's URL, which may hold a secret, is never logged (its host is).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alerts/alert.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/time.h"
#include "spec/spec.h"

namespace mamori::alerts {

struct PostReply {
  int status = 0;
  std::optional<Seconds> retry_after;  // of a 429 or 503
};

/// POSTs a JSON body and waits at most `deadline`. Thread-safe. Errors: Unavailable, DeadlineExceeded, InvalidArgument.
using Transport = std::function<Result<PostReply>(const std::string& url, const std::string& body, Millis deadline)>;

/// Over net::send.
Transport http_transport();

struct NotifierOptions {
  std::string dir;           // queues are kept in `dir`/notify-*.json
  std::string external_url;  // where people reach the page: "http://127.0.0.1:9650"; a link in each notification
  Millis attempt_timeout{10'000};
  Millis backoff_first{1'000};    // full jitter: wait before retry n is uniform in [0, min(max, first * 2^(n-1)))
  Millis backoff_max{15'000};     // a receiver that is back hears of it within this time
  std::size_t queue_max = 1'000;  // per receiver; the oldest gives way, counted
  std::uint64_t random_seed = 0;  // of the jitter
  bool threads = true;            // false: nothing is sent but by run_due(), for simulations
};

struct NotifierCounters {
  std::uint64_t delivered = 0, attempts_failed = 0, refused = 0, dropped = 0, state_write_failures = 0;
  std::uint64_t queued = 0;  // now
};

/// Thread-safe.
class Notifier {
 public:
  /// Reads the queues that an earlier process left, and goes on with them. Errors: Io.
  static Result<std::unique_ptr<Notifier>> open(NotifierOptions options, const std::vector<spec::NotifySpec>& receivers,
                                                Transport transport, const Clock& clock,
                                                std::vector<std::string>& warnings);
  virtual ~Notifier() = default;  // stops; undelivered notifications stay in their files

  /// Puts it into every receiver's file and queue; false when a file could not be written (it is queued all the same).
  virtual bool enqueue(const Notification& notification) = 0;

  /// A receiver that is no longer named is dropped with its queue; one that stays keeps its queue.
  virtual void reconfigure(const std::vector<spec::NotifySpec>& receivers) = 0;

  virtual NotifierCounters counters() const = 0;

  /// Only without threads: sends what is due at the clock's time; the time of the next attempt, if any is waiting.
  virtual std::optional<Timestamp> run_due() = 0;

  /// Waits at most `grace` for the queues to drain, then stops the threads; an attempt under way is waited for, at
  /// most `attempt_timeout`.
  virtual void stop(Millis grace) = 0;
};

/// "hooks.example.org" of "https://user:secret@hooks.example.org:8443/T0/secret": all that may be logged of a URL.
std::string host_of(const std::string& url);

}  // namespace mamori::alerts
