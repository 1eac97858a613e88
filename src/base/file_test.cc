#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace mamori {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-file-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }
  std::string dir_;
};

TEST_F(FileTest, AnAtomicWriteReplacesTheWholeText) {
  const auto path = dir_ + "/state.json";
  ASSERT_TRUE(write_atomically(path, "a long first text"));
  ASSERT_TRUE(write_atomically(path, "short"));
  EXPECT_EQ(read_if_there(path)->value(), "short");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator{}), 1) << "nothing is left beside it";
}

TEST_F(FileTest, AFailedAtomicWriteNamesCallAndPathAndLeavesNothing) {
  fs::create_directory(dir_ + "/folder");
  std::ofstream(dir_ + "/folder/inside") << "x";
  const auto written = write_atomically(dir_ + "/folder", "text");  // a folder with files cannot be renamed over
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::Io);
  EXPECT_NE(written.error().message.find("rename " + dir_ + "/folder.tmp"), std::string::npos)
      << written.error().message;
  EXPECT_FALSE(fs::exists(dir_ + "/folder.tmp"));
}

TEST_F(FileTest, AFullDiskIsWorthAnotherTry) {
  const File full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const auto written = write_all(full.fd(), "text", "/dev/full");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::Unavailable);
  EXPECT_NE(written.error().message.find("No space left"), std::string::npos);
}

TEST_F(FileTest, AMissingFileIsNoErrorAndADamagedOneIsKeptForInspection) {
  EXPECT_FALSE(read_if_there(dir_ + "/none")->has_value());
  std::ofstream(dir_ + "/bad") << "x";
  EXPECT_NE(set_aside(dir_ + "/bad", invalid_argument("no JSON")).find("no JSON"), std::string::npos);
  EXPECT_TRUE(fs::exists(dir_ + "/bad.damaged"));
}

}  // namespace
}  // namespace mamori
