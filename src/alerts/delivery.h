// alerts/delivery.h: one receiver's queue: what is sent next, when, and what an answer means. It neither sends nor
// waits itself. Not thread-safe: the notifier locks.
// What always holds: first in, first out; the file holds what memory holds, unless a write failed, which is reported.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "alerts/alert.h"
#include "alerts/notifier.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace mamori::alerts {

class Delivery {
 public:
  /// `path`: the queue's file. `options` outlives this.
  Delivery(std::string url, std::string path, const NotifierOptions& options);

  /// Reads the file of an earlier process, if any. Errors: Corrupt, Io.
  Result<void> load();

  /// False when the file could not be written. A notification whose id is waiting or was answered for is not queued
  /// again.
  bool enqueue(const Notification& notification);

  struct Item {
    std::string id, body;
  };
  /// What is to be sent now, or nothing.
  const Item* next(Timestamp now) const;
  /// When something is to be sent; nothing when the queue is empty.
  std::optional<Timestamp> due() const;

  enum class Verdict { Delivered, Refused, Retry };
  /// Takes the answer for the item of that id.
  Verdict answered(const std::string& id, const Result<PostReply>& reply, Timestamp now);

  const std::string& url() const { return url_; }
  const std::string& host() const { return host_; }
  const std::string& path() const { return path_; }
  std::size_t size() const { return queue_.size(); }
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t write_failures() const { return write_failures_; }
  int failures() const { return failures_; }

 private:
  bool persist();
  Nanos backoff(const Result<PostReply>& reply);

  const std::string url_, host_, path_;
  const NotifierOptions& options_;
  Random random_;
  std::deque<Item> queue_;
  std::deque<std::string> answered_;  // the latest ids, so that a hand-over repeated after a crash is known
  int failures_ = 0;                  // in a row, of the first item
  Timestamp not_before_;
  std::uint64_t dropped_ = 0, write_failures_ = 0;
};

}  // namespace mamori::alerts
