#include "base/text.h"

#include <gtest/gtest.h>

namespace mamori {
namespace {

TEST(GlobMatches, StarAndQuestionMarkSpanTheWholeName) {
  EXPECT_TRUE(glob_matches("payment_*", "payment_logs"));
  EXPECT_TRUE(glob_matches("payment_*", "payment_"));
  EXPECT_FALSE(glob_matches("payment_*", "xpayment_logs"));
  EXPECT_TRUE(glob_matches("*_a*b", "x_aab_ab"));
  EXPECT_TRUE(glob_matches("a?c", "abc"));
  EXPECT_FALSE(glob_matches("a?c", "ac"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_FALSE(glob_matches("", "a"));
}

TEST(Nearest, FindsATypoAndNothingFarAway) {
  const std::vector<std::string> known = {"threshold", "period", "statistic"};
  EXPECT_EQ(nearest("treshold", known), "threshold");
  EXPECT_EQ(nearest("peroid", known), "period");
  EXPECT_EQ(nearest("webhook", known), "");
}

TEST(EditDistance, CountsASwapOfNeighboursOnce) {
  EXPECT_EQ(edit_distance("abcd", "acbd"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Split, KeepsEmptyParts) { EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""})); }

}  // namespace
}  // namespace mamori
