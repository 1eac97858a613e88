// Deletion and snapshots of the store on disk.
#include <gmock/gmock.h>

#include "metrics/store_fixture.h"

namespace mamori::metrics {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class StoreAdminTest : public StoreTest {
 protected:
  void remove(const std::string& instance, std::int64_t start_ms, std::int64_t end_ms) {
    const auto one = matcher("instance", MatchOp::Equal, instance);
    ASSERT_TRUE(store_->delete_series(std::span(&one, 1), start_ms, end_ms));
  }
};

TEST_F(StoreAdminTest, ADeletionTakesFromPartsAndMemoryAndFromTheDiskWhenCleaned) {
  for (int i = 1; i <= 6; ++i) {
    append("a", i, i);
    append("b", i, i);
    if (i == 2 || i == 4) ASSERT_TRUE(store_->flush());
  }
  remove("a", 2, 5);
  const auto check = [&] {
    EXPECT_EQ(samples("a"), "1=1 6=6");
    EXPECT_EQ(samples("b"), "1=1 2=2 3=3 4=4 5=5 6=6");
  };
  check();
  EXPECT_EQ(store_->stats().deletions_pending, 1u);
  open();
  check();
  ASSERT_TRUE(store_->flush());
  check();
  const auto before = store_->stats().part_samples;
  ASSERT_TRUE(store_->clean_tombstones());
  check();
  EXPECT_EQ(store_->stats().deletions_pending, 0u);
  EXPECT_EQ(store_->stats().part_samples, before - 3);
  open();
  check();
}

TEST_F(StoreAdminTest, ADeletionDoesNotTakeWhatComesLater) {
  options_.out_of_order_window = std::chrono::hours{1};
  open();
  append("a", 10, 1);
  ASSERT_TRUE(store_->flush());
  append("a", 20, 2);
  remove("a", 0, 100);
  EXPECT_EQ(samples(), "");
  append("a", 30, 3);
  append("a", 10, 4);
  EXPECT_EQ(samples(), "10=4 30=3");
  open();
  EXPECT_EQ(samples(), "10=4 30=3");
  ASSERT_TRUE(store_->flush());
  EXPECT_EQ(samples(), "10=4 30=3");
  ASSERT_TRUE(store_->merge(/*settle=*/true));
  EXPECT_EQ(samples(), "10=4 30=3");
  EXPECT_EQ(store_->stats().deletions_pending, 0u) << "no part is as old as the deletion";
}

TEST_F(StoreAdminTest, ADeletionThatOnlyTheLogKnowsIsMadeUpForAtTheNextStart) {
  append("a", 1, 1);
  append("b", 1, 1);
  ASSERT_TRUE(store_->flush());
  remove("a", 0, 100);
  store_.reset();
  std::filesystem::remove(folder_.path() + "/tombstones");  // as when the disk was full just then
  open();
  EXPECT_EQ(samples("a"), "");
  ASSERT_TRUE(store_->flush());
  append("b", 2, 2);
  ASSERT_TRUE(store_->flush());
  open();
  EXPECT_EQ(samples("a"), "");
  EXPECT_EQ(samples("b"), "1=1 2=2");
}

TEST_F(StoreAdminTest, APartOfWhichNothingIsLeftGoes) {
  append("a", 1, 1);
  ASSERT_TRUE(store_->flush());
  remove("a", 0, 100);
  ASSERT_TRUE(store_->clean_tombstones());
  EXPECT_THAT(part_files(), IsEmpty());
  clock_.advance(Seconds{700});
  ASSERT_TRUE(store_->enforce_retention());
  EXPECT_EQ(store_->stats().series, 0u);
  append("a", 2, 2);
  ASSERT_TRUE(store_->flush());
  open();
  EXPECT_EQ(samples("a"), "2=2");
}

TEST_F(StoreAdminTest, MatchersThatMatchNothingDeleteNothing) {
  append("a", 1, 1);
  remove("b", 0, 100);
  remove("a", 100, 0);
  EXPECT_EQ(samples("a"), "1=1");
  EXPECT_EQ(store_->stats().deletions_pending, 0u);
}

TEST_F(StoreAdminTest, ASnapshotIsAStoreOfItsOwn) {
  append("a", 1, 1);
  append("b", 1, 1);
  ASSERT_TRUE(store_->flush());
  append("a", 2, 2);
  remove("b", 0, 1);
  const auto without_head = store_->snapshot(/*skip_head=*/true);
  const auto whole = store_->snapshot(/*skip_head=*/false);
  ASSERT_TRUE(without_head && whole);
  append("a", 3, 3);
  ASSERT_TRUE(store_->flush());
  ASSERT_TRUE(store_->merge(/*settle=*/true));
  EXPECT_EQ(std::filesystem::hard_link_count(*whole + "/parts/00000001-00000001-00000000.part"), 2u)
      << "both snapshots have it, the store not any more";
  const auto in = [&](const std::string& path) {
    store_.reset();
    auto store = open_file_store(path, options_, clock_, warnings_);
    EXPECT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
    return samples("a") + "; " + samples("b");
  };
  EXPECT_EQ(in(*without_head), "1=1; ");
  EXPECT_EQ(in(*whole), "1=1 2=2; ");
  append("a", 9, 9);
  ASSERT_TRUE(store_->flush());
  EXPECT_EQ(in(*whole), "1=1 2=2 9=9; ");
  EXPECT_EQ(in(folder_.path()), "1=1 2=2 3=3; ");
  EXPECT_THAT(warnings_, IsEmpty());
}

}  // namespace
}  // namespace mamori::metrics
