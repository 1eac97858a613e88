// For any label set and any steps: names stay ascending and unique and no value is empty; keep and drop are opposites;
// labeldrop and labelkeep part the names between them; a step that changes nothing the second time is stable.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "ingest/relabel.h"

namespace mamori::ingest {
namespace {

using spec::RelabelAction;
using spec::RelabelConfig;

std::string word() { return *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab_1;"))); }

LabelSet labels() {
  LabelSet set;
  for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
    const auto name = word();
    if (!name.empty()) set.set(name, word());
  }
  return set;
}

RelabelConfig step() {
  static const std::vector<std::string> kExpressions{"(.*)", "a.*", "(a*)(b*)", "", "b|1", "(.)(.*)", "_.*;.*"};
  static const std::vector<std::string> kReplacements{"$1", "${2}x", "", "k", "$1$1", "$$"};
  RelabelConfig config;
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) config.source_labels.push_back(word());
  config.regex = *rc::gen::elementOf(kExpressions);
  config.replacement = *rc::gen::elementOf(kReplacements);
  config.target_label = "t" + word();
  config.modulus = *rc::gen::inRange<std::uint64_t>(1, 100);
  config.action = static_cast<RelabelAction>(*rc::gen::inRange(0, 11));
  return config;
}

RC_GTEST_PROP(RelabelProperty, ALabelSetStaysOne, ()) {
  auto set = labels();
  std::vector<RelabelConfig> steps;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) steps.push_back(step());
  const auto relabeler = Relabeler::make(steps);
  RC_ASSERT(relabeler.has_value());
  relabeler->apply(set);
  for (std::size_t i = 0; i < set.size(); ++i) {
    RC_ASSERT(!set.pairs()[i].second.empty());
    if (i > 0) RC_ASSERT(set.pairs()[i - 1].first < set.pairs()[i].first);
  }
}

RC_GTEST_PROP(RelabelProperty, KeepAndDropAreOpposites, ()) {
  auto config = step();
  auto one = labels();
  auto other = one;
  config.action = RelabelAction::Keep;
  const bool kept = Relabeler::make({config})->apply(one);
  config.action = RelabelAction::Drop;
  RC_ASSERT(Relabeler::make({config})->apply(other) != kept);
  RC_ASSERT(one == other);
}

RC_GTEST_PROP(RelabelProperty, LabelDropAndLabelKeepPartTheNames, ()) {
  auto config = step();
  const auto all = labels();
  auto kept = all, left = all;
  config.action = RelabelAction::LabelKeep;
  Relabeler::make({config})->apply(kept);
  config.action = RelabelAction::LabelDrop;
  Relabeler::make({config})->apply(left);
  RC_ASSERT(kept.size() + left.size() == all.size());
  for (const auto& [name, value] : all) RC_ASSERT(kept.get(name).empty() != left.get(name).empty());
}

RC_GTEST_PROP(RelabelProperty, ShardsPartTheTargets, ()) {
  const auto set = labels();
  const auto shards = *rc::gen::inRange<std::uint64_t>(1, 20);
  int taken = 0;
  for (std::uint64_t shard = 0; shard < shards; ++shard) {
    auto copy = set;
    const auto relabeler = Relabeler::make(
        {{.source_labels = {"a"}, .target_label = "shard", .modulus = shards, .action = RelabelAction::HashMod},
         {.source_labels = {"shard"}, .regex = std::to_string(shard), .action = RelabelAction::Keep}});
    taken += relabeler->apply(copy) ? 1 : 0;
  }
  RC_ASSERT(taken == 1);
}

RC_GTEST_PROP(RelabelProperty, LowercaseIsStable, (const std::string& text)) {
  LabelSet set;
  set.set("a", text);
  const auto relabeler =
      Relabeler::make({{.source_labels = {"a"}, .target_label = "a", .action = RelabelAction::Lowercase}});
  relabeler->apply(set);
  const auto once = set;
  relabeler->apply(set);
  RC_ASSERT(set == once);
}

}  // namespace
}  // namespace mamori::ingest
