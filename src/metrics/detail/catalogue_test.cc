#include "metrics/detail/catalogue.h"

#include <gmock/gmock.h>

#include <fstream>

#include "metrics/store_fixture.h"

namespace mamori::metrics::detail {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class CatalogueTest : public testing::Test {
 protected:
  std::unique_ptr<Catalogue> open() {
    contents_ = {};
    warnings_.clear();
    auto catalogue = Catalogue::open(path_, contents_, warnings_);
    EXPECT_TRUE(catalogue) << catalogue.error().message;
    return catalogue ? *std::move(catalogue) : nullptr;
  }
  static std::vector<SeriesLabels> series(SeriesRef first, SeriesRef count) {
    std::vector<SeriesLabels> made;
    for (SeriesRef id = first; id < first + count; ++id)
      made.emplace_back(id, Labels({{"__name__", "up"}, {"instance", std::to_string(id)}}));
    return made;
  }
  void flip(std::uint64_t at) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 0x55));
  }

  TestFolder folder_;
  std::string path_ = folder_.path() + "/catalogue";
  CatalogueContents contents_;
  std::vector<std::string> warnings_;
};

TEST_F(CatalogueTest, GivesBackWhatWasAppended) {
  auto catalogue = open();
  ASSERT_TRUE(catalogue->append(series(0, 100), 100));
  ASSERT_TRUE(catalogue->append({}, 100));
  ASSERT_TRUE(catalogue->append(series(500, 50'000), 60'000));
  EXPECT_LT(catalogue->bytes(), 50'100u * 12) << "packed";
  catalogue = open();
  EXPECT_THAT(warnings_, IsEmpty());
  ASSERT_EQ(contents_.series.size(), 50'100u);
  EXPECT_EQ(contents_.series[100], series(500, 1)[0]);
  EXPECT_EQ(contents_.next_id, 60'000u);
  EXPECT_EQ(catalogue->entries(), 50'100u);
}

TEST_F(CatalogueTest, SetsADamagedTailAsideAndKeepsWhatIsBefore) {
  ASSERT_TRUE(open()->append(series(0, 100), 100));
  const auto first = open()->bytes();
  ASSERT_TRUE(open()->append(series(100, 100), 200));
  const auto whole = open()->bytes();
  for (const auto at : {first, first + 5, first + 9, first + 20, whole - 1}) {
    std::filesystem::copy_file(path_, path_ + ".good", std::filesystem::copy_options::overwrite_existing);
    flip(at);
    auto catalogue = open();
    ASSERT_EQ(warnings_.size(), 1u) << at;
    EXPECT_THAT(warnings_[0], HasSubstr("catalogue.damaged-" + std::to_string(first)));
    EXPECT_EQ(contents_.series.size(), 100u);
    ASSERT_TRUE(catalogue->append(series(300, 1), 301));
    EXPECT_EQ(open()->entries(), 101u);
    EXPECT_THAT(warnings_, IsEmpty()) << "said once";
    std::filesystem::rename(path_ + ".good", path_);
  }
  std::filesystem::resize_file(path_, whole - 1);
  EXPECT_EQ(open()->entries(), 100u);
  flip(2);
  EXPECT_EQ(open()->entries(), 0u) << "not even the magic bytes";
}

TEST_F(CatalogueTest, RefusesANewerVersions) {
  std::ofstream(path_) << "MAMOCAT2 and so on";
  const auto refused = Catalogue::open(path_, contents_, warnings_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Corrupt);
  EXPECT_THAT(refused.error().message, HasSubstr("newer version"));
}

TEST_F(CatalogueTest, IsWrittenAnewWithoutTheDead) {
  auto catalogue = open();
  ASSERT_TRUE(catalogue->append(series(0, 10'000), 10'000));
  ASSERT_TRUE(catalogue->rewrite(series(9'990, 10), 12'000));
  ASSERT_TRUE(catalogue->append(series(12'000, 5), 12'005));
  open();
  EXPECT_EQ(contents_.series.size(), 15u);
  EXPECT_EQ(contents_.next_id, 12'005u);
}

}  // namespace
}  // namespace mamori::metrics::detail
