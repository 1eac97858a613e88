#include "spec/detail/reader.h"

#include <gtest/gtest.h>

namespace mamori::spec {
namespace {

struct Read {
  std::vector<std::string> files;
  Node root;
  std::vector<Diagnostic> diagnostics;
};

Read read(const std::vector<std::string>& texts) {
  Read result;
  Findings findings(result.files);
  ReadBudget budget;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    result.files.push_back("f" + std::to_string(i));
    read_into(result.root, texts[i], {static_cast<int>(i), 1, 1}, budget, findings, result.files);
  }
  result.diagnostics = findings.take();
  return result;
}

std::string only(const Read& result) {
  return result.diagnostics.size() == 1 ? to_string(result.diagnostics[0])
                                        : std::to_string(result.diagnostics.size()) + " diagnostics";
}

TEST(Reader, KeepsThePositionOfKeysAndValuesInCharacters) {
  const Read result = read({"a: 1\nキー: [x, \"値\", y]\n"});
  const Node& list = result.root["キー"];
  ASSERT_EQ(list.items.size(), 3u);
  EXPECT_EQ(list.key_at, (Position{0, 2, 1}));
  EXPECT_EQ(list.at, (Position{0, 2, 5}));
  EXPECT_EQ(list.items[2].at, (Position{0, 2, 14}));
}

TEST(Reader, TellsQuotedTextFromPlain) {
  const Read result = read({"a: \"300\"\nb: 300\nc: '300'\n"});
  EXPECT_TRUE(result.root["a"].quoted);
  EXPECT_FALSE(result.root["b"].quoted);
  EXPECT_TRUE(result.root["c"].quoted);
}

TEST(Reader, ReadsJson) {
  const Read result = read({"{\"a\": {\"b\": [1, true, null, \"x\"]}}"});
  EXPECT_TRUE(result.diagnostics.empty());
  EXPECT_EQ(result.root["a"]["b"].items.size(), 4u);
  EXPECT_EQ(result.root["a"]["b"].items[2].kind, Kind::Null);
}

TEST(Reader, JoinsMapsAndAppendsLists) {
  const Read result = read({"a: {x: 1}\nl: [1]\n", "a: {y: 2}\nl: [2]\n"});
  EXPECT_TRUE(result.diagnostics.empty());
  EXPECT_EQ(result.root["a"]["x"].text, "1");
  EXPECT_EQ(result.root["a"]["y"].text, "2");
  ASSERT_EQ(result.root["l"].items.size(), 2u);
  EXPECT_EQ(result.root["l"].items[1].at.file, 1);
}

TEST(Reader, RefusesOneScalarTwice) {
  EXPECT_EQ(only(read({"a: {x: 1}\n", "\na: {x: 1}\n"})),
            "f1:2:5: error: 'a.x' is given twice, first in f0:1: keep one: only maps and lists of several files are "
            "joined [spec.defined-twice]");
  EXPECT_EQ(read({"a: 1\n", "a: [1]\n"}).diagnostics.size(), 1u);
  EXPECT_EQ(read({"a: 1\na: 2\n"}).diagnostics.size(), 1u);
}

TEST(Reader, NamesThePlaceOfASyntaxError) {
  const Read result = read({"a: 1\nb: [1, 2\nc: 3\n"});
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].id, "yaml.syntax");
  EXPECT_GE(result.diagnostics[0].line, 2);
  EXPECT_GE(result.diagnostics[0].column, 1);
}

TEST(Reader, FollowsAliasesAndMergeKeys) {
  const Read result = read({"base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\n"});
  EXPECT_TRUE(result.diagnostics.empty());
  EXPECT_EQ(result.root["use"]["x"].text, "1");
  EXPECT_EQ(result.root["use"]["y"].text, "3");
}

TEST(Reader, RefusesAnAliasBomb) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += std::string(k > 0 ? ", " : "") + "*a" + std::to_string(i - 1);
    bomb += "]\n";
  }
  const Read result = read({bomb});
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].id, "yaml.too-large");
}

TEST(Reader, RefusesDepthSizeAndZeroBytes) {
  EXPECT_EQ(read({"a: " + std::string(100, '[') + std::string(100, ']')}).diagnostics.at(0).id, "yaml.too-large");
  EXPECT_EQ(read({"a: " + std::string(100'000, '[')}).diagnostics.size(), 1u);
  EXPECT_EQ(read({std::string(kTextBytesMax + 1, ' ')}).diagnostics.at(0).id, "yaml.too-large");
  EXPECT_EQ(read({std::string("a: b\0c", 6)}).diagnostics.at(0).id, "yaml.syntax");
}

TEST(Reader, WantsAMapOfSections) {
  EXPECT_EQ(read({"- a\n"}).diagnostics.at(0).id, "spec.wrong-type");
  EXPECT_EQ(read({"just text\n"}).diagnostics.at(0).id, "spec.wrong-type");
  EXPECT_TRUE(read({""}).diagnostics.empty());
  EXPECT_TRUE(read({"# a comment\n"}).diagnostics.empty());
}

TEST(Reader, JoinsTheDocumentsOfOneFile) {
  const Read result = read({"a: {x: 1}\n---\na: {y: 2}\n"});
  EXPECT_TRUE(result.diagnostics.empty());
  EXPECT_EQ(result.root["a"]["y"].text, "2");
}

}  // namespace
}  // namespace mamori::spec
