// ingest/series_cache.h: recognises a series by a hash of the bytes that name it in a request, so that its labels are
// read and looked up only the first time.
// What always holds: an entry is 16 bytes and there are never more than `entries_max` of them; the hash is keyed by a
// secret of this process, so no sender can prepare two label sets that are taken for one another.
#pragma once
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/store.h"

namespace mamori::ingest {

/// 96 of the 128 bits of XXH3: among 100 million series two share a key with a chance of 1 in 10^13.
struct SeriesKey {
  std::uint64_t low = 0;
  std::uint32_t high = 0;
  bool operator==(const SeriesKey&) const = default;
};

struct WideHash {
  std::uint64_t low = 0, high = 0;
};

/// Thread-safe.
class SeriesHash {
 public:
  explicit SeriesHash(std::uint64_t seed);
  SeriesKey key(std::string_view bytes) const;
  WideHash wide(std::string_view bytes) const;  // all 128 bits, where a key is made of several

  /// Makes a key of a sequence of wide hashes: the sum of the products of their keyed halves, the key of each place
  /// being another. (NH: Black et al., "UMAC", CRYPTO 1999, section 4.) Every addition is independent of those before.
  class Combined {
   public:
    void add(const WideHash& hash) {
      sum_ += static_cast<Wide>(hash.low + low_key_) * (hash.high + high_key_);
      low_key_ += kStepLow;
      high_key_ += kStepHigh;
    }
    SeriesKey key() const {
      const auto low = static_cast<std::uint64_t>(sum_), high = static_cast<std::uint64_t>(sum_ >> 64);
      // The lowest bits of a sum of products are the weakest, and the cache takes them for its place.
      return {std::rotl(low, 32) ^ high ^ low_key_, static_cast<std::uint32_t>(low)};
    }

   private:
    friend class SeriesHash;
    using Wide = unsigned __int128;
    static constexpr std::uint64_t kStepLow = 0x9E3779B97F4A7C15, kStepHigh = 0xD1B54A32D192ED03;
    Combined(std::uint64_t low_key, std::uint64_t high_key) : low_key_(low_key), high_key_(high_key) {}
    std::uint64_t low_key_, high_key_;
    Wide sum_ = 0;
  };
  Combined combine() const { return {combine_low_, combine_high_}; }

 private:
  static constexpr std::size_t kSecretBytes = 192;  // XXH3's default secret has as many
  alignas(64) unsigned char secret_[kSecretBytes];
  std::uint64_t combine_low_ = 0, combine_high_ = 0;
};

struct SeriesCacheStats {
  std::uint64_t entries = 0, bytes = 0, hits = 0, misses = 0, turned = 0;
};

/// Two generations: a full young one becomes the old one, whose entries move over when they are used again and are
/// forgotten at the next turn when not. So series that ended leave without any entry being stamped on use.
/// Thread-safe; one call per request, so that a request takes the lock once.
class SeriesCache {
 public:
  static constexpr metrics::SeriesRef kUnknown = ~metrics::SeriesRef{0};

  /// REQUIRES: entries_max >= 2.
  explicit SeriesCache(std::size_t entries_max);

  /// refs[i] becomes keys[i]'s reference, or kUnknown. REQUIRES: as many refs as keys.
  void find(std::span<const SeriesKey> keys, std::span<metrics::SeriesRef> refs);

  struct Entry {
    Entry() = default;
    Entry(const SeriesKey& key, metrics::SeriesRef series) : low(key.low), high(key.high), ref(series) {}
    bool is(const SeriesKey& key) const { return low == key.low && high == key.high; }
    std::uint64_t low = 0;
    std::uint32_t high = 0;
    metrics::SeriesRef ref = kUnknown;
  };
  static_assert(sizeof(Entry) == 16);
  /// Adds them, or replaces the reference of those that are there.
  void put(std::span<const Entry> entries);

  SeriesCacheStats stats() const;

 private:
  /// Open addressing, linear probing; at most 5/8 full.
  class Table {
   public:
    metrics::SeriesRef find(const SeriesKey& key) const;
    void put(const Entry& entry);
    void prefetch(const SeriesKey& key) const;
    std::size_t size() const { return size_; }
    std::size_t bytes() const { return slots_.size() * sizeof(Entry); }

   private:
    void grow();
    std::vector<Entry> slots_;  // a power of two of them, or none; ref kUnknown: empty
    std::size_t mask_ = 0, size_ = 0;
  };
  void put_locked(const Entry& entry);

  const std::size_t young_max_;
  mutable std::shared_mutex mutex_;  // guards the tables
  Table young_, old_;
  std::uint64_t turned_ = 0;
  std::atomic<std::uint64_t> hits_{0}, misses_{0};
};

}  // namespace mamori::ingest
