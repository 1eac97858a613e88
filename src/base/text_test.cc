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

TEST(Utf8, IsReadAndWrittenAsRfc3629Says) {
  for (const std::uint32_t code : {0x24u, 0xA2u, 0x20ACu, 0x1F600u, 0x10FFFFu}) {
    std::string text;
    EXPECT_TRUE(append_utf8(text, code));
    EXPECT_TRUE(is_utf8(text)) << code;
    EXPECT_EQ(utf8_sequence(text), text.size());
  }
  std::string none;
  EXPECT_FALSE(append_utf8(none, 0xD800));
  EXPECT_FALSE(append_utf8(none, 0x110000));
  EXPECT_EQ(none, "");
  for (const auto* text : {"\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\xE2\x82"})
    EXPECT_FALSE(is_utf8(text));
}

}  // namespace
}  // namespace mamori
