#include "ingest/series_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mamori::ingest {
namespace {

using metrics::SeriesRef;

class SeriesCacheTest : public testing::Test {
 protected:
  SeriesKey key(int number) const { return hash_.key("series " + std::to_string(number)); }
  SeriesRef find(SeriesCache& cache, int number) const {
    const auto wanted = key(number);
    SeriesRef ref = 0;
    cache.find({&wanted, 1}, {&ref, 1});
    return ref;
  }
  void put(SeriesCache& cache, int number, SeriesRef ref) const {
    const SeriesCache::Entry entry(key(number), ref);
    cache.put({&entry, 1});
  }
  const SeriesHash hash_{42};
};

TEST_F(SeriesCacheTest, FindsWhatWasPut) {
  SeriesCache cache(1'000'000);
  for (int i = 0; i < 50'000; ++i) put(cache, i, static_cast<SeriesRef>(i));
  for (int i = 0; i < 50'000; ++i) ASSERT_EQ(find(cache, i), static_cast<SeriesRef>(i));
  EXPECT_EQ(find(cache, 50'000), SeriesCache::kUnknown);
  const auto stats = cache.stats();
  EXPECT_EQ(stats.entries, 50'000u);
  EXPECT_EQ(stats.hits, 50'000u);
  EXPECT_EQ(stats.misses, 1u);
  EXPECT_LE(stats.bytes, 50'000u * 52);
}

TEST_F(SeriesCacheTest, ReplacesAReferenceThatIsPutAgain) {
  SeriesCache cache(100);
  put(cache, 1, 10);
  put(cache, 1, 11);
  EXPECT_EQ(find(cache, 1), 11u);
  EXPECT_EQ(cache.stats().entries, 1u);
}

TEST_F(SeriesCacheTest, NeverHoldsMoreThanItsBound) {
  SeriesCache cache(100);
  for (int i = 0; i < 1000; ++i) {
    put(cache, i, 7);
    ASSERT_LE(cache.stats().entries, 100u);
  }
  EXPECT_EQ(cache.stats().turned, 19u);
}

TEST_F(SeriesCacheTest, ForgetsWhatIsNotUsedAndKeepsWhatIs) {
  SeriesCache cache(100);
  put(cache, 0, 5);
  for (int i = 1; i < 500; ++i) {
    put(cache, i, 7);
    ASSERT_EQ(find(cache, 0), 5u);
  }
  EXPECT_EQ(find(cache, 1), SeriesCache::kUnknown);
}

TEST_F(SeriesCacheTest, PrefersTheNewReferenceWhenTheOldGenerationHasAnother) {
  SeriesCache cache(4);
  put(cache, 1, 10);
  put(cache, 2, 20);
  put(cache, 3, 30);  // 1 and 2 are the old generation now
  put(cache, 1, 11);
  EXPECT_EQ(find(cache, 1), 11u);
}

TEST_F(SeriesCacheTest, KeysOfSequencesDifferByOrderAndLength) {
  const auto key = [&](const std::vector<std::string>& symbols) {
    auto combined = hash_.combine();
    for (const auto& symbol : symbols) combined.add(hash_.wide(symbol));
    return combined.key();
  };
  EXPECT_EQ(key({"a", "b"}), key({"a", "b"}));
  EXPECT_NE(key({"a", "b"}), key({"b", "a"}));
  EXPECT_NE(key({"a", "b", "c", "d"}), key({"c", "d", "a", "b"}));
  EXPECT_NE(key({"a"}), key({"a", "a"}));
  EXPECT_NE(key({}), key({""}));
}

TEST_F(SeriesCacheTest, HashesDifferBySeedAndByEveryByte) {
  EXPECT_EQ(SeriesHash(1).key("abc"), SeriesHash(1).key("abc"));
  EXPECT_NE(SeriesHash(1).key("abc"), SeriesHash(2).key("abc"));
  const std::string bytes(300, 'x');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto other = bytes;
    other[i] ^= 1;
    ASSERT_NE(hash_.key(bytes), hash_.key(other)) << i;
  }
}

}  // namespace
}  // namespace mamori::ingest
