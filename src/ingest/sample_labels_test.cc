#include "ingest/sample_labels.h"

#include <gtest/gtest.h>

namespace mamori::ingest {
namespace {

const spec::LabelPairs kTarget{{"instance", "h:1"}, {"job", "node"}};

std::string stored(LabelViewPairs own, bool honor, const spec::LabelPairs& target = kTarget,
                   const std::vector<spec::RelabelConfig>& steps = {}, const spec::ScrapeLimits& limits = {}) {
  const auto labels = stored_labels(own, target, honor, *Relabeler::make(steps), limits);
  if (!labels) return labels.error().message;
  return *labels ? (*labels)->to_string() : "dropped";
}

TEST(StoredLabels, TheTargetsWinAndTheSamplesMoveAside) {
  EXPECT_EQ(stored({{"__name__", "a"}, {"job", "own"}}, false), R"(a{exported_job="own", instance="h:1", job="node"})");
  EXPECT_EQ(stored({{"__name__", "a"}, {"job", "x"}, {"exported_job", "y"}}, false),
            R"(a{exported_exported_job="x", exported_job="y", instance="h:1", job="node"})");
  EXPECT_EQ(
      stored({{"__name__", "a"}, {"job", "x"}, {"exported_job", "y"}}, false, {{"exported_job", "z"}, {"job", "node"}}),
      R"(a{exported_exported_exported_job="y", exported_exported_job="x", exported_job="z", job="node"})");
}

TEST(StoredLabels, HonoredOnesStayEvenWhenEmpty) {
  EXPECT_EQ(stored({{"__name__", "a"}, {"job", "own"}}, true), R"(a{instance="h:1", job="own"})");
  // The Pushgateway says instance="" to have no instance at all.
  EXPECT_EQ(stored({{"__name__", "a"}, {"instance", ""}}, true), R"(a{job="node"})");
  EXPECT_EQ(stored({{"__name__", "a"}, {"instance", ""}}, false), R"(a{instance="h:1", job="node"})");
}

TEST(StoredLabels, AreRelabelled) {
  using spec::RelabelAction;
  EXPECT_EQ(stored({{"__name__", "go_x"}}, false, kTarget,
                   {{.source_labels = {"__name__"}, .regex = "go_.*", .action = RelabelAction::Drop}}),
            "dropped");
  EXPECT_EQ(stored({{"__name__", "a"}, {"pod", "p-1"}}, false, kTarget,
                   {{.regex = "pod|instance", .action = RelabelAction::LabelDrop},
                    {.source_labels = {"__name__"}, .target_label = "__name__", .replacement = "b_$1"}}),
            R"(b_a{job="node"})");
  EXPECT_EQ(stored({{"__name__", "a"}}, false, kTarget, {{.regex = "__name__", .action = RelabelAction::LabelDrop}}),
            "missing metric name (__name__ label)");
  EXPECT_EQ(stored({{"__name__", "a"}}, false, kTarget, {{.regex = ".*", .action = RelabelAction::LabelDrop}}),
            "dropped");
}

TEST(StoredLabels, AreHeldToTheLimits) {
  const LabelViewPairs own{{"__name__", "metric"}, {"name_long", "value_longer"}};
  EXPECT_EQ(stored(own, false, {}, {}, {.labels = 2, .label_name_bytes = 9, .label_value_bytes = 12}),
            R"(metric{name_long="value_longer"})");
  EXPECT_EQ(stored(own, false, kTarget, {}, {.labels = 3}),
            "label_limit exceeded (metric: metric, number of labels: 4, limit: 3)");
  EXPECT_EQ(stored(own, false, {}, {}, {.label_name_bytes = 8}),
            "label_name_length_limit exceeded (metric: metric, label name: name_long, length: 9, limit: 8)");
  EXPECT_EQ(
      stored(own, false, {}, {}, {.label_value_bytes = 11}),
      "label_value_length_limit exceeded (metric: metric, label name: name_long, value: \"value_longer\", length: "
      "12, limit: 11)");
}

}  // namespace
}  // namespace mamori::ingest
