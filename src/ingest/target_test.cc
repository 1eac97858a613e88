#include "ingest/target.h"

#include <gtest/gtest.h>

namespace mamori::ingest {
namespace {

using spec::LabelPairs;
using spec::RelabelAction;

spec::ScrapeConfig job() { return {.job_name = "node", .scrape_interval = Seconds{15}}; }

JobTargets targets_of(const spec::ScrapeConfig& job, const std::vector<spec::TargetGroup>& groups) {
  return make_targets(job, *Relabeler::make(job.relabel_configs), groups);
}
JobTargets targets_of(const spec::ScrapeConfig& job) { return targets_of(job, {{.targets = {"h:9100"}}}); }

std::string value_of(const LabelPairs& labels, std::string_view name) {
  for (const auto& [key, value] : labels) {
    if (key == name) return value;
  }
  return "";
}

TEST(MakeTargets, NamesWhatWasFoundBeforeRelabelling) {
  auto probe = job();
  probe.scheme = "https";
  probe.metrics_path = "/probe";
  probe.params = {{"module", {"http", "a b"}}};
  const auto targets =
      targets_of(probe, {{.targets = {"h:9100"}, .labels = {{"__meta_filepath", "f"}, {"zone", "a"}}}});
  ASSERT_EQ(targets.active.size(), 1u);
  EXPECT_EQ(targets.active[0].discovered, (LabelPairs{{"__address__", "h:9100"},
                                                      {"__meta_filepath", "f"},
                                                      {"__metrics_path__", "/probe"},
                                                      {"__param_module", "http"},
                                                      {"__scheme__", "https"},
                                                      {"__scrape_interval__", "15s"},
                                                      {"__scrape_timeout__", "10s"},
                                                      {"job", "node"},
                                                      {"zone", "a"}}));
  EXPECT_EQ(targets.active[0].labels, (LabelPairs{{"instance", "h:9100"}, {"job", "node"}, {"zone", "a"}}));
  EXPECT_EQ(targets.active[0].url, "https://h:9100/probe?module=http&module=a+b");
  EXPECT_EQ(targets.active[0].interval, Nanos{Seconds{15}});
  EXPECT_EQ(targets.active[0].timeout, Nanos{Seconds{10}});
}

TEST(MakeTargets, ADiscoveredLabelWinsOverTheJobsOwn) {
  const auto targets = targets_of(job(), {{.targets = {"h"},
                                           .labels = {{"__scheme__", "https"},
                                                      {"__metrics_path__", "/m"},
                                                      {"__scrape_interval__", "30s"},
                                                      {"__scrape_timeout__", "3s"},
                                                      {"__address__", "not this"},
                                                      {"instance", "shop"},
                                                      {"job", "own"}}}});
  ASSERT_EQ(targets.active.size(), 1u);
  EXPECT_EQ(targets.active[0].url, "https://h/m");
  EXPECT_EQ(targets.active[0].labels, (LabelPairs{{"instance", "shop"}, {"job", "own"}}));
  EXPECT_EQ(targets.active[0].interval, Nanos{Seconds{30}});
  EXPECT_EQ(targets.active[0].timeout, Nanos{Seconds{3}});
}

TEST(MakeTargets, RelabellingTurnsATargetIntoAParameterOfAProber) {
  auto probe = job();
  probe.metrics_path = "/probe";
  probe.params = {{"module", {"http"}}};
  probe.relabel_configs = {
      {.source_labels = {"__address__"}, .target_label = "__param_target"},
      {.source_labels = {"__param_target"}, .target_label = "instance"},
      {.target_label = "__address__", .replacement = "127.0.0.1:9115"},
      {.source_labels = {"__meta_dns_name"}, .target_label = "dns"},
  };
  const auto targets =
      targets_of(probe, {{.targets = {"https://shop.example/pay?a=b"}, .labels = {{"__meta_dns_name", "x"}}}});
  ASSERT_EQ(targets.active.size(), 1u) << targets.problems.at(0);
  EXPECT_EQ(targets.active[0].url,
            "http://127.0.0.1:9115/probe?module=http&target=https%3A%2F%2Fshop.example%2Fpay%3Fa%3Db");
  EXPECT_EQ(targets.active[0].labels,
            (LabelPairs{{"dns", "x"}, {"instance", "https://shop.example/pay?a=b"}, {"job", "node"}}));
}

TEST(MakeTargets, DroppedOnesAreCountedAndShownUpToTheBound) {
  auto strict = job();
  strict.relabel_configs = {{.source_labels = {"__address__"}, .regex = "a.*", .action = RelabelAction::Drop}};
  const std::vector<spec::TargetGroup> groups{{.targets = {"a1", "a2", "b"}}};
  EXPECT_EQ(targets_of(strict, groups).dropped.size(), 2u);
  strict.limits.dropped_targets = 1;
  const auto targets = targets_of(strict, groups);
  EXPECT_EQ(targets.dropped_count, 2u);
  ASSERT_EQ(targets.dropped.size(), 1u);
  EXPECT_EQ(value_of(targets.dropped[0], "__address__"), "a1");
  EXPECT_EQ(value_of(targets.active.at(0).labels, "instance"), "b");
}

TEST(MakeTargets, ATargetThatIsThereTwiceIsScrapedOnce) {
  EXPECT_EQ(targets_of(job(), {{.targets = {"a", "a"}}, {.targets = {"a"}, .labels = {{"x", "y"}}}}).active.size(), 2u);
}

TEST(MakeTargets, SaysWhyATargetCannotBeScraped) {
  const auto check = [](const char* label, const char* value, const char* want) {
    auto changed = job();
    changed.relabel_configs = {{.target_label = label, .replacement = value}};
    const auto targets = targets_of(changed);
    EXPECT_TRUE(targets.active.empty());
    ASSERT_EQ(targets.problems.size(), 1u);
    EXPECT_EQ(targets.problems[0], want);
  };
  check("__address__", "", "target \"h:9100\": no address");
  check("__address__", "http://x", "target \"h:9100\": \"http://x\" is not a valid hostname");
  check("__scheme__", "ftp", "target \"h:9100\": the scheme \"ftp\" is not known");
  check("__scrape_interval__", "fast", "target \"h:9100\": the scrape interval \"fast\" is no duration above 0");
  check("__scrape_timeout__", "16s",
        "target \"h:9100\": scrape timeout cannot be greater than scrape interval (16s > 15s)");
}

}  // namespace
}  // namespace mamori::ingest
