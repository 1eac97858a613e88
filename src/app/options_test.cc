#include "app/options.h"

#include <gtest/gtest.h>

namespace mamori::app {
namespace {

constexpr Option kOptions[] = {{"--listen", "ADDRESS:PORT", "127.0.0.1:9650", "where to listen"},
                               {"--config", "FILE", "", "the spec", true},
                               {"--json", "", "", "machine-readable"}};

Result<ParsedOptions> parse(std::vector<std::string_view> args) { return parse_options(kOptions, args); }

TEST(ParseOptions, TakesBothFormsSwitchesAndDefaults) {
  const auto options = parse({"--config", "a.yaml", "--config=b.yaml", "--json", "file", "--", "--listen"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->all("--config"), (std::vector<std::string>{"a.yaml", "b.yaml"}));
  EXPECT_TRUE(options->given("--json"));
  EXPECT_EQ(options->get("--listen"), "127.0.0.1:9650");
  EXPECT_EQ(options->positional(), (std::vector<std::string>{"file", "--listen"}));
}

TEST(ParseOptions, NamesTheNearestKnownOption) {
  const auto options = parse({"--lisen", "x"});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().message, "unknown option --lisen; did you mean --listen?");
}

TEST(ParseOptions, RefusesMissingSurplusAndRepeatedValues) {
  EXPECT_FALSE(parse({"--listen"}));
  EXPECT_FALSE(parse({"--json=yes"}));
  EXPECT_FALSE(parse({"--listen", "a", "--listen", "b"}));
}

}  // namespace
}  // namespace mamori::app
