#include "demo/options.h"

#include <gtest/gtest.h>

#include <vector>

namespace mamori::demo {
namespace {

Result<Options> parse(std::vector<std::string_view> args) { return parse_options(args); }

TEST(DemoOptions, StartTheDemoByDefault) {
  const auto options = parse({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->command, Command::Run);
  EXPECT_EQ(options->listen, "127.0.0.1:9650");
  EXPECT_EQ(options->history, Nanos{std::chrono::hours{1}});
  EXPECT_FALSE(options->duration);
}

TEST(DemoOptions, TakeValuesAfterABlankOrAnEqualsSign) {
  const auto options = parse({"--listen=127.0.0.1:0", "--duration", "60s", "--rate", "2.5", "--history", "0",
                              "--notify", "http://127.0.0.1:1/x", "--seed", "7"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->listen, "127.0.0.1:0");
  EXPECT_EQ(options->duration, Nanos{Seconds{60}});
  EXPECT_EQ(options->rate, 2.5);
  EXPECT_EQ(options->history, Nanos{0});
  EXPECT_EQ(options->seed, 7u);
}

TEST(DemoOptions, ReadAFaultAndItsStateInAnyPlace) {
  const auto options = parse({"fault", "--dir", "/x", "webhook-lag", "on"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->fault_name, "webhook-lag");
  EXPECT_EQ(options->fault_on, true);
  EXPECT_EQ(options->dir, "/x");
  ASSERT_TRUE(parse({"fault"}));
}

TEST(DemoOptions, NameTheFlagAndTheRemedyOfAWrongCall) {
  const auto check = [](std::vector<std::string_view> args, std::string_view part) {
    const auto options = parse(args);
    ASSERT_FALSE(options) << part;
    EXPECT_EQ(options.error().code, Code::InvalidArgument);
    EXPECT_NE(options.error().message.find(part), std::string::npos) << options.error().message;
    EXPECT_EQ(options.error().message.find('\n'), std::string::npos);
  };
  check({"--lisen", "x"}, "did you mean --listen?");
  check({"--listen"}, "--listen needs a value");
  check({"--listen", "0.0.0.0:9650"}, "loopback");
  check({"--listen", "127.0.0.1"}, "loopback");
  check({"--listen", "127.0.0.1:70000"}, "loopback");
  check({"--rate", "0"}, "--rate 0");
  check({"--rate", "nan"}, "--rate nan");
  check({"--rate", "1000"}, "at most 50");
  check({"--duration", "soon"}, "--duration soon");
  check({"--history", "3d"}, "--history 3d");
  check({"--notify", "ftp://x"}, "--notify");
  check({"--seed", "-1"}, "--seed -1");
  check({"start"}, "no subcommand \"start\"");
  check({"fault", "webhook-lag"}, "on|off");
  check({"fault", "webhook-lag", "maybe"}, "one word too many");
  check({"status", "--listen", "127.0.0.1:1"}, "--listen");
}

}  // namespace
}  // namespace mamori::demo
