#include "base/worker_pool.h"

#include <algorithm>
#include <exception>

namespace mamori {

/// Guarded by its mutex; a piece is long (tens of microseconds at least), so a lock per piece does not show.
struct WorkerPool::Batch {
  Batch(std::size_t pieces_, const std::function<void(std::size_t)>& piece_) : pieces(pieces_), piece(piece_) {}
  const std::size_t pieces;
  const std::function<void(std::size_t)>& piece;  // lives until run() returns, which waits for running == 0
  std::mutex mutex;
  std::condition_variable done;
  std::size_t next = 0, running = 0;
  std::size_t failed_piece = 0;
  std::exception_ptr failure;
};

WorkerPool::WorkerPool(std::size_t helpers) {
  for (std::size_t i = 0; i < helpers; ++i) threads_.emplace_back([this] { help(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

WorkerPool& WorkerPool::shared() {
  static WorkerPool pool(std::max(1u, std::thread::hardware_concurrency()) - 1);
  return pool;
}

/// Does the batch's next piece; false if there is none.
bool WorkerPool::do_one(Batch& batch) {
  std::unique_lock lock(batch.mutex);
  if (batch.next >= batch.pieces) return false;
  const auto i = batch.next++;
  ++batch.running;
  lock.unlock();
  std::exception_ptr failure;
  try {
    batch.piece(i);
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  if (failure && (!batch.failure || i < batch.failed_piece)) {
    batch.failure = failure;
    batch.failed_piece = i;
  }
  if (failure) batch.next = batch.pieces;
  if (--batch.running == 0 && batch.next >= batch.pieces) batch.done.notify_all();
  return true;
}

void WorkerPool::run(std::size_t pieces, const std::function<void(std::size_t)>& piece) {
  if (pieces <= 1 || threads_.empty()) {
    for (std::size_t i = 0; i < pieces; ++i) piece(i);
    return;
  }
  const auto batch = std::make_shared<Batch>(pieces, piece);
  {
    const std::lock_guard guard(mutex_);
    open_.push_back(batch);
  }
  for (std::size_t i = 0; i < std::min(pieces - 1, threads_.size()); ++i) wake_.notify_one();
  while (do_one(*batch)) continue;
  {
    const std::lock_guard guard(mutex_);
    std::erase(open_, batch);
  }
  std::unique_lock lock(batch->mutex);
  batch->done.wait(lock, [&] { return batch->running == 0; });
  if (batch->failure) std::rethrow_exception(batch->failure);
}

void WorkerPool::help() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !open_.empty(); });
    if (stopping_) return;
    // One piece of each in turn: a large query's helpers serve a small one's, too.
    const auto batch = open_.front();
    open_.pop_front();
    open_.push_back(batch);
    lock.unlock();
    const bool more = do_one(*batch);
    lock.lock();
    if (!more) std::erase(open_, batch);
  }
}

}  // namespace mamori
