#include "base/pan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mamori {
namespace {

std::string masked(std::string text) {
  mask_pans(text);
  return text;
}

std::string masked_json(std::string json) {
  mask_pans_in_json(json);
  return json;
}

TEST(MaskPans, KeepsFirstSixAndLastFourOfEveryNetwork) {
  const auto check = [](std::string_view number, std::string_view want) {
    EXPECT_EQ(masked(std::string(number)), want);
    EXPECT_EQ(masked("pay with " + std::string(number) + ", thanks"), "pay with " + std::string(want) + ", thanks");
  };
  check("4242424242424242", "424242******4242");
  check("4222222222222", "422222***2222");
  check("5555555555554444", "555555******4444");
  check("2223003122003222", "222300******3222");
  check("378282246310005", "378282*****0005");
  check("6011111111111117", "601111******1117");
  check("3056930009020004", "305693******0004");
  check("36227206271667", "362272****1667");
  check("3566002020360505", "356600******0505");
  check("6200000000000005", "620000******0005");
  check("6205500000000000004", "620550*********0004");
  check("6304000000000000", "630400******0000");
  check("2200000000000004", "220000******0004");
}

TEST(MaskPans, TakesTheGroupsThatCardsArePrintedIn) {
  const auto check = [](std::string_view text, std::string_view want) { EXPECT_EQ(masked(std::string(text)), want); };
  check("4242 4242 4242 4242", "4242 42** **** 4242");
  check("4242-4242-4242-4242", "4242-42**-****-4242");
  check("3782 822463 10005", "3782 82**** *0005");
  check("3622-720627-1667", "3622-72****-1667");
  check("6205 5000 0000 0000 004", "6205 50** **** ***0 004");
  check("12 4242 4242 4242 4242 12", "12 4242 42** **** 4242 12");
  check("1111 4242 4242 4242 4242", "1111 4242 42** **** 4242");
  check("4242424242424242 4242424242424242", "424242******4242 424242******4242");
  check("カード4242424242424242です", "カード424242******4242です");
  // no way to write a card number
  check("4242 4242-4242 4242", "4242 4242-4242 4242");
  check("42424242 42424242", "42424242 42424242");
  check("4242  4242  4242  4242", "4242  4242  4242  4242");
}

TEST(MaskPans, LeavesNumbersThatAreNoCards) {
  for (const std::string text : {
           "4242424242424241",  // Luhn
           "1764042535000",
           "1764042535000123456",  // epoch in ms, in ns
           "352099001761481",      // an IMEI
           "0000000000000000",
           "4444444444444444444",   // one digit only
           "42424242424242424242",  // 20 digits
           "0.4242424242424242",    // a fraction
           "id_4242424242424242",
           "4242424242424242x",  // identifiers
           "4242424242424242_1",
           "a-4242424242424242",  //
           "9-4242-4242-4242-4242",
           "4242-4242-4242-4242-1",
           "0f4242424242424242ab",                          // hex
           "4242424242424242-4242-4242-4242-424242424242",  // like a UUID
           "424242424242",
           "",
           "4",
           "4242",
           "4242 4242 4242",
           "4242 4242 4242 424",
       }) {
    EXPECT_EQ(masked(text), text);
  }
}

TEST(FindPans, TellsWhereTheNumbersStand) {
  const auto matches = find_pans("a 4242 4242 4242 4242, b=378282246310005");
  ASSERT_EQ(matches.size(), 2u);
  EXPECT_EQ(matches[0].offset, 2u);
  EXPECT_EQ(matches[0].length, 19u);
  EXPECT_EQ(matches[1].offset, 25u);
  EXPECT_EQ(matches[1].length, 15u);
}

TEST(MaskPansInJson, MasksStringsKeysAndNumbersAtAnyDepth) {
  const auto check = [](std::string_view json, std::string_view want) {
    EXPECT_EQ(masked_json(std::string(json)), want);
  };
  check(R"({"card":"4242424242424242"})", R"({"card":"424242******4242"})");
  check(R"({"card":4242424242424242,"n":1})", R"({"card":"424242******4242","n":1})");
  check(R"({"4242424242424242":true})", R"({"424242******4242":true})");
  check(R"({"a":[{"b":["x 4242-4242-4242-4242"]}, 378282246310005 ]})",
        R"({"a":[{"b":["x 4242-42**-****-4242"]}, "378282*****0005" ]})");
  check(R"({"t":"\u0034242424242424242"})", R"({"t":"424242******4242"})");
  check(R"({"t":"line\n4242424242424242\n\"q\" \ud83d\ude00"})",
        "{\"t\":\"line\\n424242******4242\\n\\\"q\\\" \xF0\x9F\x98\x80\"}");
  check(R"({"t":"{\"card\":\"4242424242424242\"}"})", R"({"t":"{\"card\":\"424242******4242\"}"})");
  check(R"({"amount":1200,"ms":1764042535000,"x":-1.5e3})", R"({"amount":1200,"ms":1764042535000,"x":-1.5e3})");
}

TEST(MaskPansInJson, RedactsVerificationCodesAndCredentialsByKey) {
  const auto check = [](std::string_view json, std::string_view want) {
    EXPECT_EQ(masked_json(std::string(json)), want);
  };
  check(R"({"cvc":"123","a":1})", R"({"cvc":"[redacted]","a":1})");
  check(R"({"CVV2": 1234})", R"({"CVV2": "[redacted]"})");
  check(R"({"card_cvc" : {"v":["1","2"]} ,"b":"c"})", R"({"card_cvc" : "[redacted]" ,"b":"c"})");
  check(R"({"card[cvc]":null})", R"({"card[cvc]":"[redacted]"})");
  check(R"({"security_code":123})", R"({"security_code":"[redacted]"})");
  check(R"({"headers":{"Authorization":"Bearer abc","x":"y"}})",
        R"({"headers":{"Authorization":"[redacted]","x":"y"}})");
  check(R"({"cv\u0063":"123"})", R"({"cv\u0063":"[redacted]"})");
  check(R"({"cvc_check":"pass","error_code":"invalid_cvc"})", R"({"cvc_check":"pass","error_code":"invalid_cvc"})");
  check(R"({"a":"cvc","b":"x"})", R"({"a":"cvc","b":"x"})");
}

TEST(MaskPansInJson, CountsCardNumbersOnly) {
  std::string json = R"({"a":"4242424242424242 and 378282246310005","cvc":"123","b":[5555555555554444]})";
  EXPECT_EQ(mask_pans_in_json(json), 3u);
  EXPECT_EQ(mask_pans_in_json(json), 0u) << "what is masked stays as it is";
}

TEST(LuhnValid, FollowsTheStandard) {
  EXPECT_TRUE(luhn_valid("4242424242424242"));
  EXPECT_TRUE(luhn_valid("79927398713"));
  EXPECT_FALSE(luhn_valid("79927398710"));
  EXPECT_FALSE(luhn_valid(""));
  EXPECT_FALSE(luhn_valid("4242 4242 4242 4242"));
}

}  // namespace
}  // namespace mamori
