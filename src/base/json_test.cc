#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace mamori {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(AppendJsonString, EscapesWhatJsonForbids) {
  EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(quoted(std::string_view("\n\t\0\x1f", 4)), R"("\n\t\u0000\u001f")");
  EXPECT_EQ(quoted("決済"), "\"決済\"");
}

TEST(AppendJsonString, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(quoted("a\xff"
                   "b"),
            "\"a\xEF\xBF\xBD"
            "b\"");
  EXPECT_EQ(quoted("\xC0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"") << "overlong";
  EXPECT_EQ(quoted("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"") << "surrogate";
  EXPECT_EQ(quoted("\xE6\xB1"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"") << "cut short";
}

TEST(AppendJsonNumber, WritesTheShortestFormAndNullForWhatJsonLacks) {
  std::string out;
  append_json_number(out, 99.5);
  append_json_number(out, std::nan(""));
  append_json_number(out, std::numeric_limits<double>::infinity());
  EXPECT_EQ(out, "99.5nullnull");
}

TEST(JsonWriter, PlacesCommasAndColons) {
  JsonWriter json;
  json.begin_object().field("a", 1).key("b").begin_array().string("x").null().boolean(true).end_array();
  json.key("c").begin_object().end_object().key("d").raw("[1]").field("e", 0.5).end_object();
  EXPECT_EQ(json.text(), R"({"a":1,"b":["x",null,true],"c":{},"d":[1],"e":0.5})");
}

}  // namespace
}  // namespace mamori
