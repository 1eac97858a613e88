#include "demo/workdir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "demo/temp_dir_for_test.h"

namespace mamori::demo {
namespace {

namespace fs = std::filesystem;

TEST(Workdir, IsPrivateAndHasItsFolders) {
  const TempDir dir;
  const auto workdir = Workdir::make(dir / "demo");
  ASSERT_TRUE(workdir);
  struct stat status{};
  ASSERT_EQ(::stat((dir / "demo").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  for (const char* folder : {"data", "logs", "nginx", "rsyslog", "shop"}) {
    EXPECT_TRUE(fs::is_directory(dir / ("demo/" + std::string(folder))));
  }
}

TEST(Workdir, IsEmptiedWhenItWasADemosBefore) {
  const TempDir dir;
  {
    ASSERT_TRUE(Workdir::make(dir / "demo"));
  }
  std::ofstream(dir / "demo/data/old") << "old";
  ASSERT_TRUE(Workdir::make(dir / "demo"));
  EXPECT_FALSE(fs::exists(dir / "demo/data/old"));
}

TEST(Workdir, RefusesADirectoryWithOtherThingsInItAndLeavesThemAlone) {
  const TempDir dir;
  fs::create_directories(dir / "home/data");
  std::ofstream(dir / "home/data/precious") << "x";
  const auto workdir = Workdir::make(dir / "home");
  ASSERT_FALSE(workdir);
  EXPECT_EQ(workdir.error().code, Code::InvalidArgument);
  EXPECT_TRUE(fs::exists(dir / "home/data/precious"));
}

TEST(Workdir, IsHeldByOneDemoAtATime) {
  const TempDir dir;
  const auto first = Workdir::make(dir / "demo");
  ASSERT_TRUE(first);
  const auto second = Workdir::make(dir / "demo");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::Unavailable);
}

TEST(Workdir, RefusesWhatOthersCouldHavePrepared) {
  const TempDir dir;
  fs::create_directory(dir / "open");
  fs::permissions(dir / "open", fs::perms::all);
  EXPECT_FALSE(Workdir::make(dir / "open"));
  fs::create_directory(dir / "real");
  fs::create_symlink(dir / "real", dir / "link");
  EXPECT_FALSE(Workdir::make(dir / "link"));
  std::ofstream(dir / "file") << "x";
  EXPECT_FALSE(Workdir::make(dir / "file"));
  EXPECT_FALSE(Workdir::make(dir / "with;semicolon"));
}

TEST(WritePrivateFile, IsReadableByItsOwnerOnly) {
  const TempDir dir;
  ASSERT_TRUE(write_private_file(dir / "secret", "text"));
  EXPECT_EQ(*read_file(dir / "secret"), "text");
  EXPECT_EQ(fs::status(dir / "secret").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(read_file(dir / "none").error().code, Code::NotFound);
}

}  // namespace
}  // namespace mamori::demo
