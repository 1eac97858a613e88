#include "ingest/relabel.h"

#include <gtest/gtest.h>

#include <optional>

namespace mamori::ingest {
namespace {

using spec::LabelPairs;
using spec::RelabelAction;
using spec::RelabelConfig;

/// Nothing: dropped.
std::optional<LabelPairs> apply(const std::vector<RelabelConfig>& steps, const LabelPairs& labels) {
  const auto relabeler = Relabeler::make(steps);
  if (!relabeler) {
    ADD_FAILURE() << relabeler.error().message;
    return std::nullopt;
  }
  LabelSet set(labels);
  return relabeler->apply(set) ? std::optional(set.pairs()) : std::nullopt;
}

const LabelPairs kAbc{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};

TEST(Relabel, ReplacesWithWhatTheGroupsCaught) {
  const auto check = [](const RelabelConfig& step, const LabelPairs& want) { EXPECT_EQ(apply({step}, kAbc), want); };
  check({.source_labels = {"a"}, .regex = "f(.*)", .target_label = "d", .replacement = "ch$1-ch${1}"},
        {{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"d", "choo-choo"}});
  check({.source_labels = {"a", "b"}, .regex = "(.*);(.*)", .target_label = "a", .replacement = "$2-$1"},
        {{"a", "bar-foo"}, {"b", "bar"}, {"c", "baz"}});
  check({.source_labels = {"a", "b"},
         .separator = "|",
         .regex = "foo\\|(?P<last>.*)",
         .target_label = "${last}_x",
         .replacement = "$last"},
        {{"a", "foo"}, {"b", "bar"}, {"bar_x", "bar"}, {"c", "baz"}});
  // No match, no change; the match is of the whole value.
  check({.source_labels = {"a"}, .regex = "o+", .target_label = "d", .replacement = "x"}, kAbc);
  // Nothing in place of something removes the label.
  check({.source_labels = {"a"}, .target_label = "b", .replacement = ""}, {{"a", "foo"}, {"c", "baz"}});
  // Without a source label the value is empty, and the default expression matches it.
  check({.target_label = "d", .replacement = "static"}, {{"a", "foo"}, {"b", "bar"}, {"c", "baz"}, {"d", "static"}});
  // A target that comes out empty changes nothing.
  check({.source_labels = {"nothing"}, .target_label = "$1", .replacement = "x"}, kAbc);
}

TEST(Relabel, ReadsReplacementsAsGoDoes) {
  const auto expand = [](const std::string& replacement) {
    const auto out =
        apply({{.source_labels = {"a"}, .regex = "(f)(o)(?P<n>o)", .target_label = "x", .replacement = replacement}},
              {{"a", "foo"}});
    return LabelSet(*out).get("x") == "" ? std::string() : std::string(LabelSet(*out).get("x"));
  };
  EXPECT_EQ(expand("$1$2"), "fo");
  EXPECT_EQ(expand("$1x"), "") << "the group called 1x";
  EXPECT_EQ(expand("${1}x"), "fx");
  EXPECT_EQ(expand("$n-${n}-$m."), "o-o-.");
  EXPECT_EQ(expand("$$1"), "$1");
  EXPECT_EQ(expand("$-${-}${1"), "$-${-}${1");
  EXPECT_EQ(expand("$0|$9|$01|"), "foo|||");
  EXPECT_EQ(expand("a$"), "a$");
}

TEST(Relabel, KeepsAndDropsByExpressionAndByEquality) {
  const auto kept = [](RelabelConfig step) { return apply({step}, kAbc).has_value(); };
  EXPECT_TRUE(kept({.source_labels = {"a"}, .regex = "f.o", .action = RelabelAction::Keep}));
  EXPECT_FALSE(kept({.source_labels = {"a"}, .regex = "f", .action = RelabelAction::Keep}));
  EXPECT_FALSE(kept({.source_labels = {"a"}, .regex = ".*o.*", .action = RelabelAction::Drop}));
  EXPECT_TRUE(kept({.source_labels = {"a"}, .regex = "o", .action = RelabelAction::Drop}));
  EXPECT_TRUE(kept({.source_labels = {"missing"}, .regex = "", .action = RelabelAction::Keep}));
  const LabelPairs twins{{"a", "x"}, {"b", "x"}};
  const RelabelConfig equal{.source_labels = {"a"}, .target_label = "b", .action = RelabelAction::KeepEqual};
  const RelabelConfig different{.source_labels = {"a"}, .target_label = "b", .action = RelabelAction::DropEqual};
  EXPECT_TRUE(apply({equal}, twins));
  EXPECT_FALSE(apply({equal}, kAbc));
  EXPECT_FALSE(apply({different}, twins));
  EXPECT_TRUE(apply({different}, kAbc));
}

TEST(Relabel, ADotMatchesANewlineToo) {
  EXPECT_TRUE(apply({{.source_labels = {"a"}, .regex = "x.*y", .action = RelabelAction::Keep}}, {{"a", "x\ny"}}));
}

TEST(Relabel, HashesAsPrometheusDoesSoThatShardsAgree) {
  const RelabelConfig step{
      .source_labels = {"c"}, .target_label = "d", .modulus = 1000, .action = RelabelAction::HashMod};
  EXPECT_EQ(LabelSet(*apply({step}, kAbc)).get("d"), "976");
  EXPECT_EQ(LabelSet(*apply({step}, {{"c", "foo\nbar"}})).get("d"), "734");
}

TEST(Relabel, MapsDropsAndKeepsNames) {
  const LabelPairs meta{{"__meta_my_bar", "aaa"}, {"__meta_my_baz", "bbb"}, {"__meta_other", "ccc"}, {"a", "foo"}};
  EXPECT_EQ(apply({{.regex = "__meta_(my.*)", .replacement = "${1}", .action = RelabelAction::LabelMap}}, meta),
            (LabelPairs{{"__meta_my_bar", "aaa"},
                        {"__meta_my_baz", "bbb"},
                        {"__meta_other", "ccc"},
                        {"a", "foo"},
                        {"my_bar", "aaa"},
                        {"my_baz", "bbb"}}));
  EXPECT_EQ(apply({{.regex = "__meta_.*", .action = RelabelAction::LabelDrop}}, meta), (LabelPairs{{"a", "foo"}}));
  EXPECT_EQ(apply({{.regex = "a|b", .action = RelabelAction::LabelKeep}}, meta), (LabelPairs{{"a", "foo"}}));
}

TEST(Relabel, ChangesTheCaseOfAnyAlphabet) {
  const auto both = apply({{.source_labels = {"a"}, .target_label = "low", .action = RelabelAction::Lowercase},
                           {.source_labels = {"a"}, .target_label = "up", .action = RelabelAction::Uppercase}},
                          {{"a", "Grüße, Ωμέγα, дом, 日本 bAr\xFF"}});
  EXPECT_EQ(LabelSet(*both).get("low"), "grüße, ωμέγα, дом, 日本 bar\xFF");
  EXPECT_EQ(LabelSet(*both).get("up"), "GRÜßE, ΩΜΈΓΑ, ДОМ, 日本 BAR\xFF");
}

TEST(Relabel, AppliesStepsInOrderUntilOneDrops) {
  EXPECT_EQ(apply({{.source_labels = {"a"}, .target_label = "b", .replacement = "x$1"},
                   {.source_labels = {"b"}, .regex = "xfoo", .action = RelabelAction::Keep},
                   {.regex = "c", .action = RelabelAction::LabelDrop}},
                  kAbc),
            (LabelPairs{{"a", "foo"}, {"b", "xfoo"}}));
}

TEST(Relabel, SaysWhichStepCannotWork) {
  const auto regex = Relabeler::make({{.regex = "a("}});
  ASSERT_FALSE(regex);
  EXPECT_EQ(regex.error().message, "relabelling: the regex \"a(\" does not compile: missing ): ^(?s:a()$");
  EXPECT_FALSE(Relabeler::make({{.target_label = "x", .action = RelabelAction::HashMod}}));
}

TEST(LabelSet, SettingNothingRemoves) {
  LabelSet set;
  set.set("b", "2");
  set.set("a", "1");
  set.set("b", "");
  set.set("c", "");
  EXPECT_EQ(set.pairs(), (LabelPairs{{"a", "1"}}));
  EXPECT_EQ(set.labels().to_string(), "{a=\"1\"}");
}

}  // namespace
}  // namespace mamori::ingest
