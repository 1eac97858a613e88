// What the store does with files that are damaged, cut short, or not its own.
#include <gmock/gmock.h>

#include <fstream>

#include "metrics/store_fixture.h"

namespace mamori::metrics {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

class StoreDamageTest : public StoreTest {
 protected:
  /// Three series in a part, one sample of each in memory.
  void SetUp() override {
    StoreTest::SetUp();
    for (int i = 1; i <= 200; ++i) {
      for (const char* instance : {"a", "b", "c"}) append(instance, i, i * 1.5);
    }
    ASSERT_TRUE(store_->flush());
    for (const char* instance : {"a", "b", "c"}) append(instance, 201, 201);
    store_.reset();
  }

  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string part() const { return path("parts/" + part_files()[0]); }
  static std::string read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const std::string& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
  }
  std::size_t count() {
    std::size_t count = 0;
    for (const auto& series : select()) count += series.samples.size();
    return count;
  }
};

TEST_F(StoreDamageTest, EachByteOfAPartThatIsWrongIsFoundOrDoesNoHarm) {
  const auto good = read(part());
  const auto file = part();
  const TestFolder copy;
  fs::copy(folder_.path(), copy.path(), fs::copy_options::recursive);
  std::size_t set_aside = 0, at_reading = 0;
  for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 400) {
    fs::remove_all(folder_.path());
    fs::copy(copy.path(), folder_.path(), fs::copy_options::recursive);
    auto bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    write(file, bytes);
    open();
    if (!warnings_.empty()) {
      EXPECT_THAT(warnings_[0], HasSubstr("0000")) << "the file is named";
      EXPECT_TRUE(fs::exists(file + ".damaged"));
      EXPECT_EQ(count(), 3u) << "what the log holds";
      ++set_aside;
    } else {
      // A block is only looked at when it is read: then its series are not answered at all, rather than wrongly.
      for (const auto& series : select()) {
        ASSERT_EQ(series.samples.size(), 201u);
        for (std::size_t i = 0; i < 200; ++i) ASSERT_EQ(series.samples[i].value, static_cast<double>(i + 1) * 1.5);
      }
      at_reading += count() < 3 * 201;
    }
    append("a", 300, 1);
    ASSERT_TRUE(store_->flush()) << "it goes on";
    ASSERT_TRUE(store_->merge(/*settle=*/true));
  }
  EXPECT_GT(set_aside, 0u);
  EXPECT_GT(at_reading, 0u);
}

TEST_F(StoreDamageTest, APartThatCannotBeReadIsLeftOutOfMergesAndStaysOnTheDisk) {
  auto bytes = read(part());
  const auto file = part();
  // Of the bytes that only show when they are read, some are in the file's first half.
  bool found = false;
  for (std::size_t at = 8; at < bytes.size() / 2 && !found; ++at) {
    auto bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    write(file, bad);
    open();
    found = warnings_.empty() && count() < 3 * 201;
    if (!found && fs::exists(file + ".damaged")) fs::remove(file + ".damaged");
  }
  ASSERT_TRUE(found);
  ASSERT_TRUE(store_->flush());
  append("a", 300, 1);
  ASSERT_TRUE(store_->flush());
  ASSERT_TRUE(store_->merge(/*settle=*/true));
  EXPECT_EQ(store_->stats().parts_damaged, 1u);
  EXPECT_EQ(store_->stats().parts, 2u) << "the damaged one, and the two others as one";
  EXPECT_TRUE(fs::exists(file));
  EXPECT_THAT(*store_->merge(/*settle=*/true), false) << "it is not tried again and again";
}

TEST_F(StoreDamageTest, ALostCatalogueIsMadeAnewFromTheParts) {
  fs::remove(path("catalogue"));
  open();
  EXPECT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("3 series that were missing were found in the parts"));
  EXPECT_EQ(count(), 3 * 201u);
  open();
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_EQ(count(), 3 * 201u);
}

TEST_F(StoreDamageTest, ADamagedCatalogueIsSetAsideAndMadeAnew) {
  const auto good = read(path("catalogue"));
  const TestFolder copy;
  fs::copy(folder_.path(), copy.path(), fs::copy_options::recursive);
  for (std::size_t at = 0; at < good.size(); ++at) {
    fs::remove_all(folder_.path());
    fs::copy(copy.path(), folder_.path(), fs::copy_options::recursive);
    auto bytes = good;
    bytes[at] = at == 7 ? 'x' : static_cast<char>(bytes[at] ^ 0x04);
    write(path("catalogue"), bytes);
    open();
    EXPECT_EQ(warnings_.size(), 2u) << at;
    EXPECT_EQ(count(), 3 * 201u) << at;
  }
}

TEST_F(StoreDamageTest, ATornLogTailIsCutOffAndTheRestIsUsed) {
  std::string segment;
  for (const auto& entry : fs::directory_iterator(path("wal"))) {
    if (entry.path().extension() == ".wal") segment = entry.path().string();
  }
  fs::resize_file(segment, fs::file_size(segment) - 2);
  open();
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("set aside"));
  EXPECT_EQ(count(), 3 * 201u - 1);
  append("c", 201, 201);
  open();
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_EQ(count(), 3 * 201u);
}

TEST_F(StoreDamageTest, ALostLogDoesNotMakeTheNextOneBeTakenForDoneWith) {
  fs::remove_all(path("wal"));
  open();
  append("a", 500, 1);
  open();
  EXPECT_EQ(count(), 3 * 200u + 1);
}

TEST_F(StoreDamageTest, SamplesOfSeriesThatNoFileNamesAreCounted) {
  fs::remove(path("catalogue"));
  fs::remove(part());
  open();
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("3 samples are of series whose names were lost"));
  EXPECT_EQ(count(), 0u);
}

TEST_F(StoreDamageTest, RefusesAFolderOfAnotherLayout) {
  write(path("LAYOUT"), "mamori metrics, layout 3\n");
  EXPECT_THAT(why_not_open(), HasSubstr("another layout than 2"));
  fs::remove(path("LAYOUT"));
  EXPECT_THAT(why_not_open(), HasSubstr("before 0.1.0"));
  EXPECT_EQ(part_files().size(), 1u) << "nothing is touched";
}

TEST_F(StoreDamageTest, ASecondProcessIsKeptOut) {
  open();
  const auto second = open_file_store(folder_.path(), options_, clock_, warnings_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::Unavailable);
}

}  // namespace
}  // namespace mamori::metrics
