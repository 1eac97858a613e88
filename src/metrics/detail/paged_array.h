// metrics/detail/paged_array.h: an array by series id. Ids are never used twice, so over the years they are many and
// most of them dead: memory is held by the page, and a page is there only while something in it was asked for.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mamori::metrics::detail {

template <typename T>
class PagedArray {
 public:
  static constexpr std::uint32_t kPageItems = 512;

  /// Null when its page is not there; else the item, which may be as it was made.
  T* find(std::uint32_t id) {
    const auto page = id / kPageItems;
    return page < pages_.size() && pages_[page] ? &pages_[page][id % kPageItems] : nullptr;
  }
  const T* find(std::uint32_t id) const { return const_cast<PagedArray*>(this)->find(id); }

  T& at(std::uint32_t id) {
    const auto page = id / kPageItems;
    if (page >= pages_.size()) pages_.resize(page + 1);
    if (!pages_[page]) {
      pages_[page] = std::make_unique<T[]>(kPageItems);
      ++pages_used_;
    }
    return pages_[page][id % kPageItems];
  }

  /// Calls visit(id, item) for each item of each page, ids ascending.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t page = 0; page < pages_.size(); ++page) {
      if (!pages_[page]) continue;
      for (std::uint32_t i = 0; i < kPageItems; ++i)
        visit(static_cast<std::uint32_t>(page * kPageItems + i), pages_[page][i]);
    }
  }

  /// Frees the pages of which is_unused(item) holds for all items.
  template <typename IsUnused>
  void free_pages(IsUnused is_unused) {
    for (auto& page : pages_) {
      if (!page) continue;
      bool unused = true;
      for (std::uint32_t i = 0; i < kPageItems && unused; ++i) unused = is_unused(page[i]);
      if (!unused) continue;
      page.reset();
      --pages_used_;
    }
  }

  std::size_t bytes() const { return pages_.capacity() * sizeof(pages_[0]) + pages_used_ * kPageItems * sizeof(T); }

 private:
  std::vector<std::unique_ptr<T[]>> pages_;
  std::size_t pages_used_ = 0;
};

}  // namespace mamori::metrics::detail
