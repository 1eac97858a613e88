#include "base/size.h"

#include <gtest/gtest.h>

namespace mamori {
namespace {

TEST(ParseSize, ReadsBytesAndUnits) {
  const auto check = [](std::string_view text, std::uint64_t want) {
    const auto size = parse_size(text);
    ASSERT_TRUE(size) << text;
    EXPECT_EQ(*size, want) << text;
  };
  check("0", 0);
  check("1048576", 1 << 20);
  check("3B", 3);
  check("64KiB", 64 << 10);
  check("512MB", 512 << 20);
  check("2gib", std::uint64_t{2} << 30);
  check("1t", std::uint64_t{1} << 40);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const auto* text :
       {"", "MiB", "-1", "1.5GiB", "1 GiB", "5X", "5Mi B", "5bb", "18446744073709551615KiB", "9e3"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(FormatSize, ChoosesTheLargestUnitThatFits) {
  EXPECT_EQ(format_size(0), "0B");
  EXPECT_EQ(format_size(1000), "1000B");
  EXPECT_EQ(format_size(1536 << 20), "1536MiB");
  EXPECT_EQ(format_size(std::uint64_t{4} << 30), "4GiB");
}

}  // namespace
}  // namespace mamori
