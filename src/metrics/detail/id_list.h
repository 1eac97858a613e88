// metrics/detail/id_list.h: ascending series ids in as little memory as possible: most label values that make a store
// large (a pod, a container id) have few series, so up to two ids lie in the list itself.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "metrics/store.h"

namespace mamori::metrics::detail {

class IdList {
 public:
  IdList() = default;
  IdList(IdList&& other) noexcept { swap(other); }
  IdList& operator=(IdList&& other) noexcept {
    IdList taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~IdList() {
    if (on_heap()) delete[] heap();
  }

  std::span<const SeriesRef> ids() const { return {data(), size_}; }
  std::uint32_t size() const { return size_; }

  /// Adding an id that is there does nothing.
  void add(SeriesRef id) {
    const auto* begin = data();
    const auto* at = size_ == 0 || begin[size_ - 1] < id ? begin + size_ : std::lower_bound(begin, begin + size_, id);
    const auto place = static_cast<std::size_t>(at - begin);
    if (place < size_ && *at == id) return;
    if (size_ == capacity_) grow();
    std::memmove(data() + place + 1, data() + place, (size_ - place) * sizeof(SeriesRef));
    data()[place] = id;
    ++size_;
  }

  template <typename IsGone>
  void remove_if(IsGone is_gone) {
    size_ = static_cast<std::uint32_t>(std::remove_if(data(), data() + size_, is_gone) - data());
  }

  std::size_t heap_bytes() const { return on_heap() ? capacity_ * sizeof(SeriesRef) : 0; }

 private:
  static constexpr std::uint32_t kInside = 2;
  static_assert(sizeof(SeriesRef*) == kInside * sizeof(SeriesRef));

  bool on_heap() const { return capacity_ > kInside; }
  /// The pointer lies where the ids inside would.
  SeriesRef* heap() const {
    SeriesRef* pointer = nullptr;
    std::memcpy(&pointer, inside_, sizeof pointer);
    return pointer;
  }
  SeriesRef* data() { return on_heap() ? heap() : inside_; }
  const SeriesRef* data() const { return on_heap() ? heap() : inside_; }

  void grow() {
    const auto capacity = std::max(8u, capacity_ + capacity_ / 2);
    auto* bigger = new SeriesRef[capacity];
    std::memcpy(bigger, data(), size_ * sizeof(SeriesRef));
    if (on_heap()) delete[] heap();
    std::memcpy(inside_, &bigger, sizeof bigger);
    capacity_ = capacity;
  }

  void swap(IdList& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(inside_, other.inside_);
  }

  std::uint32_t size_ = 0, capacity_ = kInside;
  SeriesRef inside_[kInside] = {};
};

}  // namespace mamori::metrics::detail
