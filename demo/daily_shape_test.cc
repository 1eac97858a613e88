#include "demo/daily_shape.h"

#include <gtest/gtest.h>

namespace mamori::demo {
namespace {

Timestamp japan(int hour, int minute) {
  using namespace std::chrono;
  return Timestamp{sys_days{2026y / 6 / 1} + hours{hour} + minutes{minute} - hours{9}};
}

TEST(DailyShape, PeaksAtLunchAndHigherInTheEvening) {
  EXPECT_GT(daily_shape(japan(12, 0)), daily_shape(japan(10, 30)) * 1.3);
  EXPECT_GT(daily_shape(japan(21, 0)), daily_shape(japan(12, 0)));
}

TEST(DailyShape, IsQuietButAliveBeforeDawn) {
  EXPECT_LT(daily_shape(japan(4, 0)), 0.4);
  EXPECT_GE(daily_shape(japan(4, 0)), 0.3);
}

TEST(DailyShape, HasAMeanOfOneOverADay) {
  double sum = 0;
  for (int minute = 0; minute < 1440; ++minute) sum += daily_shape(japan(0, minute));
  EXPECT_NEAR(sum / 1440, 1.0, 0.01);
}

TEST(DailyShape, HasNoJumpAtMidnight) { EXPECT_NEAR(daily_shape(japan(23, 59)), daily_shape(japan(24, 0)), 0.02); }

TEST(DailyShape, IsDefinedBefore1970) { EXPECT_GT(daily_shape(Timestamp{std::chrono::hours{-5}}), 0.29); }

}  // namespace
}  // namespace mamori::demo
