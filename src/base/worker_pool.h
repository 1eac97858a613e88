// base/worker_pool.h: a few threads that help with work that falls into independent pieces.
// Always holds: who asks works on its own pieces too, so nobody waits for a helper to become free, and a piece may ask
// for help itself.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace mamori {

/// Thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t helpers);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// The process' own: with its caller as many threads as there are processors. Started at the first use.
  static WorkerPool& shared();

  /// Calls piece(i) once for each i in [0, pieces), on this thread and on helpers, in ascending order of their starts;
  /// returns when all are done. Of exceptions that pieces throw, the lowest piece's is thrown here; pieces that had not
  /// begun by then are left out.
  void run(std::size_t pieces, const std::function<void(std::size_t)>& piece);

  std::size_t helpers() const { return threads_.size(); }

 private:
  struct Batch;
  void help();
  bool do_one(Batch& batch);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Batch>> open_;  // with pieces that nobody has begun; helpers go round them
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mamori
