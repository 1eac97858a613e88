#include "base/log.h"

#include <gtest/gtest.h>

namespace mamori {
namespace {

std::string logged(std::string_view message, std::initializer_list<LogField> fields) {
  testing::internal::CaptureStderr();
  log_warn(message, fields);
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneLogfmtLine) {
  const auto line = logged("disk is full", {{"path", "/var/lib"}, {"bytes", 12}, {"why", "no \"room\""}});
  EXPECT_TRUE(line.starts_with("ts=20")) << line;
  EXPECT_TRUE(line.ends_with(" level=warn msg=\"disk is full\" path=/var/lib bytes=12 why=\"no \\\"room\\\"\"\n"))
      << line;
}

TEST(Log, NeverShowsACardNumberOrALineBreakOfItsInput) {
  const auto line = logged("bad value 4242424242424242", {{"value", "a\nb 4242 4242 4242 4242"}});
  EXPECT_EQ(line.find("4242424242424242"), std::string::npos) << line;
  EXPECT_EQ(line.find("4242 4242 4242 4242"), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
  set_log_level(LogLevel::Error);
  EXPECT_EQ(logged("quiet", {}), "");
  set_log_level(LogLevel::Info);
}

}  // namespace
}  // namespace mamori
