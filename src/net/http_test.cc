#include "net/http.h"

#include <gtest/gtest.h>

#include "net/http_client.h"

namespace mamori::net {
namespace {

TEST(Gzip, RoundTripsAndBoundsTheResult) {
  const std::string text(100'000, 'x');
  const auto packed = gzip(text);
  EXPECT_LT(packed.size(), 2000u);
  EXPECT_EQ(*gunzip(packed, 100'000), text);
  const auto over = gunzip(packed, 99'999);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::TooLarge);
  EXPECT_EQ(*gunzip(packed + gzip("tail"), 200'000), text + "tail") << "members follow one another";
}

TEST(Gzip, AMemberMayBeLongerThanTheLastOneSays) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919);
  const auto packed = gzip(text) + gzip("x");
  EXPECT_EQ(*gunzip(packed, text.size() + 1), text + "x");
  EXPECT_EQ(gunzip(packed, text.size()).error().code, Code::TooLarge);
  auto lying = gzip(text);
  lying.replace(lying.size() - 4, 4, "\xFF\xFF\xFF\x7F");
  EXPECT_EQ(gunzip(lying, 1u << 30).error().code, Code::InvalidArgument);
}

TEST(Gzip, RefusesWhatIsNotGzip) {
  for (const auto& bad : {std::string("not gzip"), std::string(), gzip("cut short").substr(0, 12)}) {
    const auto result = gunzip(bad, 1000);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::InvalidArgument);
  }
}

TEST(Params, DecodesQueriesAndForms) {
  const auto params = Params::parse("query=up%7Bjob%3D%22a+b%22%7D&match[]=a&match[]=b&flag&&x=%zz");
  EXPECT_EQ(params.get("query"), "up{job=\"a b\"}");
  EXPECT_EQ(params.all("match[]"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_EQ(params.get("flag"), "");
  EXPECT_EQ(params.get("x"), "%zz");
  EXPECT_EQ(params.get("missing"), std::nullopt);
}

TEST(ParseUrl, SplitsAndRefuses) {
  const auto url = parse_url("https://[::1]:8443/hook?token=1#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->target, "/hook?token=1");
  EXPECT_EQ(parse_url("http://example.com")->port, "80");
  EXPECT_EQ(parse_url("http://example.com?x=1")->target, "/?x=1");
  for (const auto* bad :
       {"ftp://x/", "http://", "http://u:secret@h/", "http://h:99999/", "http://h:/", "http://h/a b"}) {
    const auto result = parse_url(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().message.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace mamori::net
