#include "metrics/detail/part_set.h"

#include <gmock/gmock.h>

#include <fstream>

#include "metrics/store_fixture.h"

namespace mamori::metrics::detail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PartSetTest : public testing::Test {
 protected:
  void write(const PartName& name) const {
    auto writer = PartWriter::create(folder_.path() + "/" + to_string(name));
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->add(1, {.labels = Labels({{"a", "b"}}), .samples = {{1, 1}}, .histograms = {}}));
    ASSERT_TRUE((*writer)->finish());
  }
  std::vector<std::string> open() {
    warnings_.clear();
    std::vector<std::string> names;
    const auto parts = open_parts(folder_.path(), warnings_, damaged_);
    EXPECT_TRUE(parts) << parts.error().message;
    for (const auto& part : *parts) names.push_back(to_string(part.name));
    return names;
  }
  TestFolder folder_;
  std::vector<std::string> warnings_;
  std::size_t damaged_ = 0;
};

TEST(PartName, SaysWhatAPartWasMadeOf) {
  const PartName name{.first = 1, .last = 0xabc, .deletions = 3};
  EXPECT_EQ(to_string(name), "00000001-00000abc-00000003.part");
  EXPECT_EQ(parse_part_name("00000001-00000abc-00000003.part"), name);
  for (const char* other : {"0000000000000001.part", "00000001-00000abc-00000003.part.tmp", "LOCK", "",
                            "00000002-00000001-00000000.part", "00000001-00000ABC-00000003.part"})
    EXPECT_FALSE(parse_part_name(other)) << other;
  const PartName inner{.first = 2, .last = 5, .deletions = 9}, rewritten{.first = 1, .last = 0xabc, .deletions = 4};
  EXPECT_TRUE(inner.is_within(name));
  EXPECT_TRUE(name.is_within(rewritten));
  EXPECT_FALSE(rewritten.is_within(name));
  EXPECT_FALSE(name.is_within(name));
  EXPECT_FALSE(name.is_within(inner));
}

TEST_F(PartSetTest, DeletesWhatACrashLeftBehindAMerge) {
  write({1, 1, 0});
  write({2, 2, 0});
  write({1, 2, 0});
  write({3, 3, 0});
  write({3, 3, 2});
  std::ofstream(folder_.path() + "/00000004-00000004-00000000.part.tmp") << "half";
  std::ofstream(folder_.path() + "/notes.txt") << "someone's";
  EXPECT_THAT(open(), ElementsAre("00000001-00000002-00000000.part", "00000003-00000003-00000002.part"));
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/00000001-00000001-00000000.part"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/00000004-00000004-00000000.part.tmp"));
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/notes.txt"));
}

TEST_F(PartSetTest, FallsBackToTheOldPartsWhenTheMergedOneIsDamaged) {
  write({1, 1, 0});
  write({2, 2, 0});
  std::ofstream(folder_.path() + "/00000001-00000002-00000000.part") << "nonsense";
  EXPECT_THAT(open(), ElementsAre("00000001-00000001-00000000.part", "00000002-00000002-00000000.part"));
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("set aside"));
  EXPECT_EQ(damaged_, 1u);
  open();
  EXPECT_THAT(warnings_, IsEmpty()) << "said once";
}

}  // namespace
}  // namespace mamori::metrics::detail
