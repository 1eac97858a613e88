#include "ingest/series_cache.h"

// Inlined, so that the compiler sees the short lengths that label sets have.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "base/random.h"

namespace mamori::ingest {
namespace {

constexpr std::size_t kSlotsMin = 1024;
// Slots are fetched this far ahead: about the number of cache misses that one core keeps in flight.
constexpr std::size_t kPrefetchAhead = 10;

}  // namespace

SeriesHash::SeriesHash(std::uint64_t seed) {
  Random random(seed);
  for (std::size_t i = 0; i < kSecretBytes; i += 8) {
    const auto bits = random.bits();
    std::memcpy(secret_ + i, &bits, sizeof bits);
  }
  combine_low_ = random.bits();
  combine_high_ = random.bits();
}

WideHash SeriesHash::wide(std::string_view bytes) const {
  const auto hash = XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret_, kSecretBytes);
  return {hash.low64, hash.high64};
}

SeriesKey SeriesHash::key(std::string_view bytes) const {
  const auto hash = wide(bytes);
  return {hash.low, static_cast<std::uint32_t>(hash.high)};
}

SeriesCache::SeriesCache(std::size_t entries_max) : young_max_(entries_max / 2) {}

void SeriesCache::find(std::span<const SeriesKey> keys, std::span<metrics::SeriesRef> refs) {
  std::vector<Entry> used_again;
  std::size_t misses = 0;
  {
    const std::shared_lock guard(mutex_);
    for (std::size_t i = 0; i < std::min(kPrefetchAhead, keys.size()); ++i) young_.prefetch(keys[i]);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i + kPrefetchAhead < keys.size()) young_.prefetch(keys[i + kPrefetchAhead]);
      refs[i] = young_.find(keys[i]);
      if (refs[i] != kUnknown) continue;
      refs[i] = old_.find(keys[i]);
      if (refs[i] == kUnknown) {
        ++misses;
      } else {
        used_again.emplace_back(keys[i], refs[i]);
      }
    }
  }
  hits_.fetch_add(keys.size() - misses, std::memory_order_relaxed);
  misses_.fetch_add(misses, std::memory_order_relaxed);
  if (!used_again.empty()) put(used_again);
}

void SeriesCache::put(std::span<const Entry> entries) {
  const std::lock_guard guard(mutex_);
  for (const auto& entry : entries) put_locked(entry);
}

void SeriesCache::put_locked(const Entry& entry) {
  if (young_.size() >= young_max_) {
    old_ = std::move(young_);
    young_ = Table();
    ++turned_;
  }
  young_.put(entry);
}

SeriesCacheStats SeriesCache::stats() const {
  const std::shared_lock guard(mutex_);
  return {.entries = young_.size() + old_.size(),
          .bytes = young_.bytes() + old_.bytes(),
          .hits = hits_,
          .misses = misses_,
          .turned = turned_};
}

metrics::SeriesRef SeriesCache::Table::find(const SeriesKey& key) const {
  if (size_ == 0) return kUnknown;
  for (std::size_t at = key.low & mask_;; at = (at + 1) & mask_) {
    const auto& slot = slots_[at];
    if (slot.ref == kUnknown || slot.is(key)) return slot.ref;
  }
}

void SeriesCache::Table::put(const Entry& entry) {
  if ((size_ + 1) * 8 > slots_.size() * 5) grow();
  const SeriesKey key{entry.low, entry.high};
  std::size_t at = key.low & mask_;
  while (slots_[at].ref != kUnknown && !slots_[at].is(key)) at = (at + 1) & mask_;
  if (slots_[at].ref == kUnknown) ++size_;
  slots_[at] = entry;
}

void SeriesCache::Table::prefetch(const SeriesKey& key) const {
  if (size_ > 0) __builtin_prefetch(&slots_[key.low & mask_]);
}

void SeriesCache::Table::grow() {
  std::vector<Entry> before(std::max(kSlotsMin, slots_.size() * 2));
  before.swap(slots_);
  mask_ = slots_.size() - 1;
  size_ = 0;
  for (const auto& entry : before) {
    if (entry.ref != kUnknown) put(entry);
  }
}

}  // namespace mamori::ingest
