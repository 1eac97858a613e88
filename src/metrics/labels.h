// metrics/labels.h: a series' identity: label names and values, sorted by name, "__name__" among them.
// One immutable block of memory, shared by all copies: copying a label set costs a counter, comparing two that differ a
// hash.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mamori::metrics {

inline constexpr std::string_view kMetricName = "__name__";

class Labels {
 public:
  using Pair = std::pair<std::string_view, std::string_view>;  // name, value; live as long as the label set

  class Iterator {
   public:
    using value_type = Pair;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Pair operator*() const { return labels_->pair(at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) {
      auto before = *this;
      ++at_;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    friend class Labels;
    Iterator(const Labels* labels, std::size_t at) : labels_(labels), at_(at) {}
    const Labels* labels_ = nullptr;
    std::size_t at_ = 0;
  };

  Labels() = default;
  /// Sorts by name; a later duplicate of a name replaces the earlier; empty values are dropped, as Prometheus does.
  explicit Labels(const std::vector<std::pair<std::string, std::string>>& pairs);
  static Labels from_pairs(std::vector<Pair> pairs);  // the same
  /// REQUIRES: ascending names, each once, no empty value.
  static Labels from_sorted(std::span<const Pair> pairs);
  Labels(const Labels& other) noexcept;
  Labels(Labels&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Labels& operator=(Labels other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Labels();

  std::string_view get(std::string_view name) const;  // "" when absent
  bool has(std::string_view name) const;
  Labels with(std::string_view name, std::string_view value) const;
  Labels without(std::string_view name) const;
  std::uint64_t hash() const;     // kept, not computed
  std::string to_string() const;  // up{job="node"}
  bool empty() const { return block_ == nullptr; }
  std::size_t size() const;
  std::size_t bytes() const;  // of memory, shared by all copies
  Pair pair(std::size_t i) const;
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }
  bool operator==(const Labels& other) const;
  std::strong_ordering operator<=>(const Labels& other) const;  // by pairs, names before values

 private:
  struct Block;
  Block* block_ = nullptr;  // null: no labels
};

}  // namespace mamori::metrics
