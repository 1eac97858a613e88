#include "metrics/labels.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

namespace mamori::metrics {
namespace {

constexpr std::uint64_t kFnvOffset = 14695981039346656037ull, kFnvPrime = 1099511628211ull;

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return (hash ^ 0xFF) * kFnvPrime;  // 0xFF is in no UTF-8 text: it parts "ab","c" from "a","bc"
}

bool is_plain_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; };
  if (name.empty() || !letter(name[0])) return false;
  return std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

/// The header, then for each pair where its name and its value end in the text, then the text.
struct Labels::Block {
  std::atomic<std::uint32_t> owners{1};
  std::uint32_t count = 0;
  std::uint64_t hash = 0;

  std::uint32_t* ends() { return reinterpret_cast<std::uint32_t*>(this + 1); }
  const std::uint32_t* ends() const { return reinterpret_cast<const std::uint32_t*>(this + 1); }
  char* text() { return reinterpret_cast<char*>(ends() + 2ul * count); }
  const char* text() const { return reinterpret_cast<const char*>(ends() + 2ul * count); }
  std::size_t text_bytes() const { return ends()[2ul * count - 1]; }
  std::size_t bytes() const { return sizeof(Block) + 8ul * count + text_bytes(); }
};

Labels Labels::from_pairs(std::vector<Pair> pairs) {
  const auto by_name = [](const Pair& a, const Pair& b) { return a.first < b.first; };
  if (!std::ranges::is_sorted(pairs, by_name)) std::ranges::stable_sort(pairs, by_name);
  // Of equal names the last one stays.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && pairs[i + 1].first == pairs[i].first) continue;
    if (pairs[i].second.empty()) continue;
    pairs[kept++] = pairs[i];
  }
  pairs.resize(kept);
  return from_sorted(pairs);
}

Labels::Labels(const std::vector<std::pair<std::string, std::string>>& pairs)
    : Labels(from_pairs({pairs.begin(), pairs.end()})) {}

Labels Labels::from_sorted(std::span<const Pair> pairs) {
  Labels labels;
  if (pairs.empty()) return labels;
  std::size_t text_bytes = 0;
  for (const auto& [name, value] : pairs) text_bytes += name.size() + value.size();
  if (text_bytes > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("a label set larger than 4 GiB");
  void* memory = ::operator new(sizeof(Block) + 8 * pairs.size() + text_bytes);
  auto* block = new (memory) Block;
  block->count = static_cast<std::uint32_t>(pairs.size());
  std::uint64_t hash = kFnvOffset;
  std::uint32_t at = 0;
  auto* end = block->ends();
  for (const auto& [name, value] : pairs) {
    for (const auto text : {name, value}) {
      if (!text.empty()) std::memcpy(block->text() + at, text.data(), text.size());
      at += static_cast<std::uint32_t>(text.size());
      *end++ = at;
      hash = mix(hash, text);
    }
  }
  block->hash = hash;
  labels.block_ = block;
  return labels;
}

Labels::Labels(const Labels& other) noexcept : block_(other.block_) {
  if (block_ != nullptr) block_->owners.fetch_add(1, std::memory_order_relaxed);
}

Labels::~Labels() {
  if (block_ == nullptr || block_->owners.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  block_->~Block();
  ::operator delete(block_);
}

std::size_t Labels::size() const { return block_ == nullptr ? 0 : block_->count; }
std::size_t Labels::bytes() const { return block_ == nullptr ? 0 : block_->bytes(); }
std::uint64_t Labels::hash() const { return block_ == nullptr ? kFnvOffset : block_->hash; }

Labels::Pair Labels::pair(std::size_t i) const {
  const auto* ends = block_->ends();
  const std::uint32_t begin = i == 0 ? 0 : ends[2 * i - 1];
  const auto* text = block_->text();
  return {{text + begin, ends[2 * i] - begin}, {text + ends[2 * i], ends[2 * i + 1] - ends[2 * i]}};
}

std::string_view Labels::get(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const auto [own, value] = pair(i);
    if (own == name) return value;
  }
  return {};
}

bool Labels::has(std::string_view name) const { return !get(name).empty(); }

Labels Labels::with(std::string_view name, std::string_view value) const {
  std::vector<Pair> pairs(begin(), end());
  pairs.emplace_back(name, value);
  return from_pairs(std::move(pairs));
}

Labels Labels::without(std::string_view name) const {
  if (!has(name)) return *this;
  std::vector<Pair> pairs(begin(), end());
  std::erase_if(pairs, [&](const Pair& pair) { return pair.first == name; });
  return from_sorted(pairs);
}

bool Labels::operator==(const Labels& other) const {
  if (block_ == other.block_) return true;
  if (block_ == nullptr || other.block_ == nullptr) return false;
  return block_->hash == other.block_->hash && block_->count == other.block_->count &&
         block_->bytes() == other.block_->bytes() &&
         std::memcmp(block_->ends(), other.block_->ends(), block_->bytes() - sizeof(Block)) == 0;
}

std::strong_ordering Labels::operator<=>(const Labels& other) const {
  if (block_ == other.block_) return std::strong_ordering::equal;
  const auto common = std::min(size(), other.size());
  for (std::size_t i = 0; i < common; ++i) {
    const auto mine = pair(i), theirs = other.pair(i);
    if (const auto order = mine.first <=> theirs.first; order != 0) return order;
    if (const auto order = mine.second <=> theirs.second; order != 0) return order;
  }
  return size() <=> other.size();
}

std::string Labels::to_string() const {
  const auto metric = get(kMetricName);
  const bool bare_metric = is_plain_name(metric);
  std::string out = bare_metric ? std::string(metric) : "";
  std::string inner;
  for (const auto& [name, value] : *this) {
    if (name == kMetricName && bare_metric) continue;
    if (!inner.empty()) inner += ", ";
    if (is_plain_name(name)) {
      inner += name;
    } else {
      append_quoted(inner, name);
    }
    inner += '=';
    append_quoted(inner, value);
  }
  if (!inner.empty() || out.empty()) out += "{" + inner + "}";
  return out;
}

}  // namespace mamori::metrics
