// metrics/detail/chain.h: samples of one series in a head: blocks that are only added to, out of an arena that is freed
// as a whole. Whoever notes a chain's first block and count sees those items unchanged, whatever is added later.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

namespace mamori::metrics::detail {

/// Memory in pieces of 1 MiB straight from the system, so that a head that was written out is given back at once.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();
  /// Aligned to 8 bytes. Throws std::bad_alloc. REQUIRES: bytes <= 1 MiB.
  void* take(std::size_t bytes) {
    bytes = (bytes + 7) & ~std::size_t{7};
    if (bytes > left_) add_piece();
    void* taken = next_;
    next_ += bytes;
    left_ -= bytes;
    taken_ += bytes;
    return taken;
  }
  std::size_t bytes() const { return taken_; }

 private:
  void add_piece();
  std::vector<void*> pieces_;
  char* next_ = nullptr;
  std::size_t left_ = 0, taken_ = 0;
};

template <typename T>
struct Block {
  Block* next = nullptr;
  std::uint32_t capacity = 0;
  std::uint32_t before = 0;  // items in the blocks before this one
  T* items() { return reinterpret_cast<T*>(this + 1); }
  const T* items() const { return reinterpret_cast<const T*>(this + 1); }
};

/// What a reader notes of a chain.
template <typename T>
struct ChainView {
  const Block<T>* first = nullptr;
  std::uint32_t count = 0;

  /// Calls visit(span) for each block's items, in the order in which they were added.
  template <typename Visit>
  void for_each_block(Visit visit) const {
    auto left = count;
    for (const auto* block = first; left > 0; block = block->next) {
      const auto here = left < block->capacity ? left : block->capacity;
      visit(std::span<const T>(block->items(), here));
      left -= here;
    }
  }
};

template <typename T>
class Chain {
 public:
  void add(Arena& arena, T item) {
    if (last_ == nullptr || count_ - last_->before == last_->capacity) grow(arena);
    new (last_->items() + (count_ - last_->before)) T(std::move(item));
    ++count_;
  }
  const T& back() const { return last_->items()[count_ - last_->before - 1]; }
  bool empty() const { return count_ == 0; }
  std::uint32_t count() const { return count_; }
  ChainView<T> view() const { return {first_, count_}; }
  const Block<T>* last_block() const { return last_; }

 private:
  // Most series that came and went have few samples, most that stay have 75 in a head: 4 + 8 + 16 + 32 + 32 ….
  static constexpr std::uint32_t kFirst = 4, kMost = 32;

  void grow(Arena& arena) {
    const std::uint32_t capacity = last_ == nullptr ? kFirst : (last_->capacity < kMost ? last_->capacity * 2 : kMost);
    static_assert(alignof(T) <= 8 && sizeof(Block<T>) % 8 == 0);
    auto* block = new (arena.take(sizeof(Block<T>) + capacity * sizeof(T)))
        Block<T>{.next = nullptr, .capacity = capacity, .before = count_};
    (last_ == nullptr ? first_ : last_->next) = block;
    last_ = block;
  }

  Block<T>* first_ = nullptr;
  Block<T>* last_ = nullptr;
  std::uint32_t count_ = 0;
};

}  // namespace mamori::metrics::detail
