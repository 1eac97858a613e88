// base/clock.h: the only source of "now". Whatever a decision depends on takes a Clock, so a simulation can replay it.
#pragma once
#include <atomic>

#include "base/time.h"

namespace mamori {

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override { return std::chrono::time_point_cast<Nanos>(std::chrono::system_clock::now()); }
};

/// Stands still until told otherwise.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Timestamp start) : nanos_(start.time_since_epoch().count()) {}
  Timestamp now() const override { return Timestamp{Nanos{nanos_.load()}}; }
  void advance(Nanos by) { nanos_ += by.count(); }
  void set(Timestamp to) { nanos_ = to.time_since_epoch().count(); }

 private:
  std::atomic<std::int64_t> nanos_;
};

}  // namespace mamori
