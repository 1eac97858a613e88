#include "demo/agenda.h"

namespace mamori::demo {

Agenda::Agenda(int threads, std::size_t tasks_max) : tasks_max_(tasks_max) {
  threads_.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Agenda::~Agenda() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  idle_.notify_all();
  timer_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool Agenda::at(Clock::time_point when, std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= tasks_max_) {
      ++refused_;
      return false;
    }
    entries_.push({when, order_++, std::move(task)});
  }
  timer_.notify_one();
  idle_.notify_one();
  return true;
}

bool Agenda::in_ms(double delay_ms, std::function<void()> task) {
  return at(Clock::now() + std::chrono::microseconds(static_cast<std::int64_t>(delay_ms * 1000)), std::move(task));
}

std::uint64_t Agenda::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

void Agenda::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (entries_.empty() || (entries_.top().when > Clock::now() && timing_)) {
      idle_.wait(lock);
      continue;
    }
    const auto when = entries_.top().when;
    if (when > Clock::now()) {
      timing_ = true;
      timer_.wait_until(lock, when);
      timing_ = false;
      continue;
    }
    auto task = entries_.top().task;
    entries_.pop();
    if (!timing_) idle_.notify_one();  // somebody else watches the clock while this thread works
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace mamori::demo
