// net/detail/workers.h: threads that run jobs which may block, first come, first served. A queue of its own instead of
// asio::thread_pool: a job costs one lock and at most one wake.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mamori::net {

/// Thread-safe.
class Workers {
 public:
  using Job = std::move_only_function<void()>;  // must not throw

  explicit Workers(int count);
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void post(Job job);
  /// Jobs under way end; those that wait are never run. They are destroyed with this object.
  void stop();

 private:
  void work();
  std::mutex mutex_;  // guards what follows, apart from the threads
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mamori::net
