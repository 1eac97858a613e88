#include "demo/rolling_file.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/text.h"
#include "demo/temp_dir_for_test.h"
#include "demo/workdir.h"

namespace mamori::demo {
namespace {

TEST(RollingFile, NeverHoldsMoreThanTwiceItsBound) {
  const TempDir dir;
  auto file = RollingFile::open(dir / "log", 1000);
  ASSERT_TRUE(file);
  for (int i = 0; i < 500; ++i) (*file)->append(std::string(90, 'x'));
  EXPECT_LE(std::filesystem::file_size(dir / "log"), 1000u);
  EXPECT_LE(std::filesystem::file_size(dir / "log.1"), 1000u);
  EXPECT_EQ((*file)->lost(), 0u);
}

TEST(RollingFile, GoesOnWhereAnEarlierRunEnded) {
  const TempDir dir;
  for (const char* line : {"first", "second"}) {
    auto file = RollingFile::open(dir / "log", 1000);
    ASSERT_TRUE(file);
    (*file)->append(line);
  }
  EXPECT_EQ(*read_file(dir / "log"), "first\nsecond\n");
}

TEST(RollingFile, KeepsLinesOfSeveralThreadsWhole) {
  const TempDir dir;
  auto file = RollingFile::open(dir / "log", 1u << 20);
  ASSERT_TRUE(file);
  {
    std::vector<std::jthread> threads;
    for (char c = 'a'; c < 'e'; ++c) {
      threads.emplace_back([&, c] {
        for (int i = 0; i < 200; ++i) (*file)->append(std::string(50, c));
      });
    }
  }
  const std::string text = *read_file(dir / "log");
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    EXPECT_EQ(line, std::string(50, line[0]));
  }
  EXPECT_EQ(text.size(), 4u * 200u * 51u);
}

TEST(RollingFile, ReportsAFileThatCannotBeMade) {
  const auto file = RollingFile::open("/nonexistent/log", 1000);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::Io);
}

}  // namespace
}  // namespace mamori::demo
