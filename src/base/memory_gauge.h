// base/memory_gauge.h: how much memory the process may use, and how much it uses. One object, shared by all that can
// use less when there is little left: queries are refused, the metrics store writes its head to disk early. Measures
// the process' own pages (anonymous ones); pages of mapped files are the kernel's to drop.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>

namespace mamori {

/// Thread-safe.
class MemoryGauge {
 public:
  /// `limit_bytes`: 0 for none. `resident` reads how much is used, at most every `measure_every`: it costs some
  /// microseconds, and that time is too short to use up much.
  explicit MemoryGauge(std::uint64_t limit_bytes, std::function<std::uint64_t()> resident = resident_bytes,
                       std::chrono::milliseconds measure_every = std::chrono::milliseconds(50));

  std::uint64_t limit() const { return limit_; }
  /// As measured last, with what has been reserved since or shortly before, which may not be in use yet.
  std::uint64_t used();

  /// More than 4/5 of the limit is used: time to give back what can be done without.
  bool under_pressure();

  /// Announces memory that is about to be used. False if it would pass 95 % of the limit: the last twentieth is for
  /// what cannot be refused. Heap memory that was freed but not given back to the system is given back first.
  bool reserve(std::uint64_t bytes);
  void release(std::uint64_t bytes);

  std::uint64_t reserved() const { return reserved_; }
  std::uint64_t refused() const { return refused_; }

  /// This process' anonymous memory. 0 where the system does not tell.
  static std::uint64_t resident_bytes();
  /// What this machine or its control group has.
  static std::uint64_t machine_bytes();

 private:
  using Clock = std::chrono::steady_clock;
  void measure();

  const std::uint64_t limit_;
  const std::function<std::uint64_t()> resident_;
  const std::chrono::milliseconds measure_every_;
  std::atomic<std::uint64_t> reserved_{0}, refused_{0};
  std::mutex mutex_;  // guards what follows
  Clock::time_point measured_at_{}, trimmed_at_{};
  std::uint64_t measured_ = 0;
  std::uint64_t reserved_then_ = 0, reserved_before_ = 0;  // at the last measurement, at the one before
};

}  // namespace mamori
