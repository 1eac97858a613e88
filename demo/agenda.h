// demo/agenda.h: runs tasks at their times on a few threads. Bounded: what does not fit is refused and counted.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace mamori::demo {

/// Thread-safe. Tasks may block and may add tasks.
class Agenda {
 public:
  using Clock = std::chrono::steady_clock;

  Agenda(int threads, std::size_t tasks_max);
  ~Agenda();  // drops what has not begun, waits for what has

  /// False when `tasks_max` tasks wait already.
  bool at(Clock::time_point when, std::function<void()> task);
  bool in_ms(double delay_ms, std::function<void()> task);
  std::uint64_t refused() const;

 private:
  struct Entry {
    Clock::time_point when;
    std::uint64_t order;  // first in, first out within one instant
    std::function<void()> task;
    bool operator>(const Entry& other) const { return when != other.when ? when > other.when : order > other.order; }
  };
  void work();

  mutable std::mutex mutex_;
  std::condition_variable idle_, timer_;  // one thread waits for the next instant, the others until they are needed
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> entries_;
  const std::size_t tasks_max_;
  std::uint64_t order_ = 0, refused_ = 0;
  bool timing_ = false, stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mamori::demo
