#include "ingest/scrape.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

namespace mamori::ingest {
namespace {

namespace fs = std::filesystem;

/// Answers each scrape with the page it is told.
class FakeExporter {
 public:
  void set(std::optional<std::string> page) {
    const std::lock_guard guard(mutex_);
    page_ = std::move(page);
  }
  Result<net::ClientResponse> answer(const net::ClientRequest& request, Millis deadline) {
    const std::lock_guard guard(mutex_);
    asked_[request.url] = deadline;
    authorization_ = request.headers.get("Authorization");
    if (!page_) return Error{Code::Unavailable, "connection refused"};
    if (page_->size() > request.response_bytes_max) return Error{Code::TooLarge, "the answer is larger than allowed"};
    return net::ClientResponse{.status = 200, .headers = {}, .body = *page_};
  }
  /// URLs that were asked, and the last deadline of each.
  std::map<std::string, Millis> asked() {
    const std::lock_guard guard(mutex_);
    return asked_;
  }
  std::string authorization() {
    const std::lock_guard guard(mutex_);
    return authorization_;
  }

 private:
  std::mutex mutex_;
  std::optional<std::string> page_;
  std::map<std::string, Millis> asked_;
  std::string authorization_;
};

bool comes_true(const std::function<bool()>& check) {
  const auto deadline = std::chrono::steady_clock::now() + Seconds{10};
  while (!check()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(Millis{5});
  }
  return true;
}

class ScrapeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-scrape-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    std::vector<std::string> warnings;
    store_ = *metrics::Store::open(dir_ + "/store", {}, clock_, warnings);
    start([this](const net::ClientRequest& request, Millis deadline) { return exporter_.answer(request, deadline); });
  }
  void start(Fetch fetch) {
    manager_ = std::make_unique<ScrapeManager>(
        *store_, exemplars_, registry_, clock_,
        ScrapeWorld{.fetch = std::move(fetch), .dns = [this](const std::string&, net::DnsType) {
                      const std::lock_guard guard(dns_mutex_);
                      return Result<std::vector<net::DnsRecord>>(dns_);
                    }});
  }
  void TearDown() override {
    manager_.reset();
    store_.reset();
    fs::remove_all(dir_);
  }

  static spec::ScrapeConfig job() {
    return {.job_name = "node",
            .scrape_interval = Seconds{15},
            .params = {{"collect[]", {"cpu"}}},
            .static_configs = {{{"host:9100"}, {{"zone", "a"}}}}};
  }

  /// Moves the clock past the next scrape of all targets and waits until they are done.
  void scrape_once() {
    clock_.advance(Seconds{16});
    ASSERT_TRUE(comes_true([&] {
      return std::ranges::all_of(manager_->targets(),
                                 [&](const auto& target) { return target.last_scrape == clock_.now(); });
    }));
  }
  bool has_target(const std::string& instance) const {
    return std::ranges::any_of(manager_->targets(), [&](const auto& target) { return target.instance == instance; });
  }

  std::vector<metrics::SeriesData> select(const char* name) const {
    const auto matcher = *metrics::Matcher::make("__name__", metrics::MatchOp::Equal, name);
    return store_->select(std::span(&matcher, 1), 0, std::numeric_limits<std::int64_t>::max());
  }
  std::size_t count(const char* name) const {
    std::size_t samples = 0;
    for (const auto& series : select(name)) samples += series.samples.size();
    return samples;
  }

  std::string dir_;
  FakeClock clock_{Timestamp{Seconds{1'700'000'000}}};
  metrics::Registry registry_;
  metrics::ExemplarRing exemplars_{10};
  FakeExporter exporter_;
  std::mutex dns_mutex_;
  std::vector<net::DnsRecord> dns_;
  std::unique_ptr<metrics::Store> store_;
  std::unique_ptr<ScrapeManager> manager_;
};

TEST_F(ScrapeTest, StoresThePageWithTheTargetsLabels) {
  exporter_.set("load1{job=\"own\"} 0.5\n");
  manager_->set_jobs({job()});
  scrape_once();
  const auto load = select("load1");
  ASSERT_EQ(load.size(), 1u);
  EXPECT_EQ(load[0].labels.to_string(), R"(load1{exported_job="own", instance="host:9100", job="node", zone="a"})");
  EXPECT_TRUE(exporter_.asked().contains("http://host:9100/metrics?collect%5B%5D=cpu"));
  EXPECT_EQ(select("up")[0].samples.back().value, 1);
  EXPECT_EQ(select("scrape_samples_scraped")[0].samples.back().value, 1);
  EXPECT_EQ(select("scrape_series_added")[0].samples.back().value, 1);
  EXPECT_EQ(manager_->targets()[0].health, "up");
}

TEST_F(ScrapeTest, TellsOfItsTargetsAsPrometheusDoes) {
  auto named = job();
  named.static_configs[0].labels.emplace_back("instance", "shop");
  manager_->set_jobs({named});
  const auto json = targets_json(manager_->targets(), manager_->dropped_targets());
  const auto has = [&](const char* text) { EXPECT_NE(json.find(text), std::string::npos) << text << " in " << json; };
  has(R"("discoveredLabels":{"__address__":"host:9100","__metrics_path__":"/metrics","__param_collect[]":"cpu",)"
      R"("__scheme__":"http",)");
  has(R"("labels":{"instance":"shop","job":"node","zone":"a"},"scrapePool":"node")");
  has(R"("scrapeInterval":"15s")");
  has(R"("droppedTargets":[],"droppedTargetCounts":{"node":0})");

  named.relabel_configs = {{.action = spec::RelabelAction::Drop}};
  manager_->set_jobs({named});
  const auto dropped = targets_json(manager_->targets(), manager_->dropped_targets());
  EXPECT_TRUE(dropped.starts_with(
      R"({"activeTargets":[],"droppedTargets":[{"discoveredLabels":{"__address__":"host:9100","__metrics_path__":)"))
      << dropped;
  EXPECT_TRUE(dropped.ends_with(R"("scrapePool":"node"}],"droppedTargetCounts":{"node":1}})")) << dropped;
}

TEST_F(ScrapeTest, RelabelsTargetsAndSamples) {
  exporter_.set("load1 0.5\ngo_threads 7\n");
  auto changed = job();
  changed.relabel_configs = {{.source_labels = {"__address__"}, .regex = "(.*):.*", .target_label = "host"}};
  changed.metric_relabel_configs = {
      {.source_labels = {"__name__"}, .regex = "go_.*", .action = spec::RelabelAction::Drop}};
  manager_->set_jobs({changed});
  scrape_once();
  EXPECT_EQ(select("load1").at(0).labels.get("host"), "host");
  EXPECT_TRUE(select("go_threads").empty());
  EXPECT_EQ(select("scrape_samples_scraped")[0].samples.back().value, 2);
  EXPECT_EQ(select("scrape_samples_post_metric_relabeling")[0].samples.back().value, 1);
}

TEST_F(ScrapeTest, GivesSamplesTheScrapesTimeUnlessTheirOwnIsHonored) {
  exporter_.set("load1 0.5 1699999999000\n");
  manager_->set_jobs({job()});
  scrape_once();
  EXPECT_EQ(select("load1")[0].samples.back().time_ms, 1'699'999'999'000);
  auto own = job();
  own.honor_timestamps = false;
  manager_->set_jobs({own});
  scrape_once();
  EXPECT_EQ(select("load1")[0].samples.back().time_ms, to_millis(clock_.now()));
}

TEST_F(ScrapeTest, EndsSeriesWithTimesOfTheirOwnWhenTheJobSaysSo) {
  auto tracked = job();
  manager_->set_jobs({tracked});
  for (const bool track : {false, true}) {
    tracked.track_timestamps_staleness = track;
    manager_->set_jobs({tracked});
    exporter_.set("a 1 " + std::to_string(to_millis(clock_.now())) + "\n");
    scrape_once();
    exporter_.set("b 1\n");
    scrape_once();
    EXPECT_EQ(metrics::is_stale_nan(select("a").at(0).samples.back().value), track);
  }
}

TEST_F(ScrapeTest, KeepsToTheLimitsOfTheJob) {
  exporter_.set("a{x=\"y\"} 1\nb{x=\"y\"} 1\n");
  const auto check = [&](spec::ScrapeLimits limits, const std::string& want) {
    auto limited = job();
    limited.limits = limits;
    manager_->set_jobs({limited});
    scrape_once();
    const auto error = manager_->targets().at(0).last_error;
    EXPECT_TRUE(want.empty() ? error.empty() : error.starts_with(want)) << error;
  };
  check({}, "");
  check({.samples = 1}, "sample limit exceeded");
  check({.labels = 4}, "label_limit exceeded");
  check({.label_name_bytes = 5}, "label_name_length_limit exceeded");
  check({.label_value_bytes = 5}, "label_value_length_limit exceeded");
  check({.body_bytes = 5}, "body size limit exceeded");
  check({.samples = 2, .labels = 5, .label_name_bytes = 8, .label_value_bytes = 9, .body_bytes = 100}, "");
}

TEST_F(ScrapeTest, ALimitOfTheStoreLeavesTheTargetItsReportsAndIsTold) {
  manager_.reset();
  store_.reset();
  std::vector<std::string> warnings;
  store_ = *metrics::Store::open(dir_ + "/small", {.series_max = 7}, clock_, warnings);
  start([this](const net::ClientRequest& request, Millis deadline) { return exporter_.answer(request, deadline); });
  exporter_.set("a 1\nb 2\nc 3\nd 4\n");
  manager_->set_jobs({job()});
  scrape_once();
  const auto target = manager_->targets().at(0);
  EXPECT_EQ(target.health, "up");
  EXPECT_NE(target.last_error.find("--series-max"), std::string::npos) << target.last_error;
  EXPECT_EQ(store_->stats().series, 7u);
  const auto up = *metrics::Matcher::make("__name__", metrics::MatchOp::Equal, "up");
  EXPECT_EQ(store_->select({&up, 1}, 0, INT64_MAX).size(), 1u);
}

TEST_F(ScrapeTest, StoresMoreReportsWhenTheJobAsksForThem) {
  exporter_.set("a 1\n");
  auto more = job();
  manager_->set_jobs({more});
  scrape_once();
  EXPECT_TRUE(select("scrape_timeout_seconds").empty());
  more.extra_scrape_metrics = true;
  manager_->set_jobs({more});
  scrape_once();
  EXPECT_EQ(select("scrape_timeout_seconds").at(0).samples.back().value, 10);
}

TEST_F(ScrapeTest, ShowsItsCredentials) {
  exporter_.set("a 1\n");
  auto secret = job();
  secret.http.basic_auth = spec::BasicAuth{.username = "user", .password = "pass"};
  manager_->set_jobs({secret});
  scrape_once();
  EXPECT_EQ(exporter_.authorization(), "Basic dXNlcjpwYXNz");
}

TEST_F(ScrapeTest, MoreTargetsThanTheLimitAreAllRefused) {
  exporter_.set("a 1\n");
  auto many = job();
  many.static_configs = {{{"a:1", "b:1", "c:1"}, {}}};
  many.limits.targets = 2;
  manager_->set_jobs({many});
  scrape_once();
  ASSERT_TRUE(comes_true([&] { return count("up") == 3; }));
  EXPECT_TRUE(exporter_.asked().empty());
  EXPECT_EQ(manager_->targets().at(0).last_error, "target_limit exceeded (number of targets: 3, limit: 2)");
  many.limits.targets = 3;
  manager_->set_jobs({many});
  scrape_once();
  EXPECT_TRUE(comes_true([&] { return exporter_.asked().size() == 3; }));
}

TEST_F(ScrapeTest, FindsTargetsInFilesAndFollowsTheirChanges) {
  auto found = job();
  found.static_configs.clear();
  found.file_sd_configs = {{.files = {dir_ + "/*.json"}}};
  const auto write = [&](const std::string& text) {
    std::ofstream(dir_ + "/new") << text;
    fs::rename(dir_ + "/new", dir_ + "/a.json");
  };
  write(R"([{"targets": ["a:1"], "labels": {"zone": "x"}}])");
  manager_->set_jobs({found});
  ASSERT_EQ(manager_->targets().size(), 1u) << "at once";
  EXPECT_EQ(manager_->targets()[0].labels, (spec::LabelPairs{{"instance", "a:1"}, {"job", "node"}, {"zone", "x"}}));
  exporter_.set("a 1\n");
  scrape_once();
  clock_.advance(Seconds{1});
  write(R"([{"targets": ["b:1"]}])");
  EXPECT_TRUE(comes_true([&] { return has_target("b:1") && !has_target("a:1"); }));
  EXPECT_TRUE(comes_true([&] { return metrics::is_stale_nan(select("a").at(0).samples.back().value); }));
}

TEST_F(ScrapeTest, FindsTargetsInDnsAndKeepsThemOverAReload) {
  dns_ = {{.text = "db1.example.", .port = 9187}};
  auto found = job();
  found.static_configs.clear();
  found.dns_sd_configs = {{.names = {"_pg._tcp.example"}, .refresh_interval = Seconds{30}}};
  manager_->set_jobs({found});
  ASSERT_TRUE(comes_true([&] { return has_target("db1.example:9187"); }));
  {
    const std::lock_guard guard(dns_mutex_);
    dns_ = {{.text = "db2.example.", .port = 9187}};
  }
  found.honor_labels = true;
  manager_->set_jobs({found});
  EXPECT_TRUE(has_target("db1.example:9187"));
  clock_.advance(Seconds{31});
  EXPECT_TRUE(comes_true([&] { return has_target("db2.example:9187") && !has_target("db1.example:9187"); }));
}

TEST_F(ScrapeTest, AReloadThatChangesOnlyTheTimeoutIsNoticed) {
  exporter_.set("a 1\n");
  auto changed = job();
  manager_->set_jobs({changed});
  scrape_once();
  const std::string url = "http://host:9100/metrics?collect%5B%5D=cpu";
  EXPECT_EQ(exporter_.asked()[url], Millis{10'000});
  changed.scrape_timeout = Seconds{3};
  manager_->set_jobs({changed});
  EXPECT_EQ(manager_->targets()[0].timeout, Nanos{Seconds{3}});
  scrape_once();
  EXPECT_EQ(exporter_.asked()[url], Millis{3000});
  EXPECT_EQ(count("a"), 2u) << "the series goes on: no marker between the two samples";
}

TEST_F(ScrapeTest, NewRulesCountFromTheNextScrape) {
  exporter_.set("a 1\nb 2\n");
  manager_->set_jobs({job()});
  scrape_once();
  auto changed = job();
  changed.metric_relabel_configs = {{.source_labels = {"__name__"}, .regex = "b", .action = spec::RelabelAction::Drop}};
  manager_->set_jobs({changed});
  scrape_once();
  EXPECT_FALSE(metrics::is_stale_nan(select("a")[0].samples.back().value));
  EXPECT_TRUE(metrics::is_stale_nan(select("b")[0].samples.back().value));
}

TEST_F(ScrapeTest, StopsInTheMiddleOfAnAnswerAndOfReadingIt) {
  std::string page;
  for (int i = 0; i < 5000; ++i) page += "a{i=\"" + std::to_string(i) + "\"} 1\n";
  std::atomic<bool> asked{false};
  start([&](const net::ClientRequest& request, Millis) -> Result<net::ClientResponse> {
    asked = true;
    while (!request.give_up()) std::this_thread::sleep_for(Millis{1});
    return net::ClientResponse{.status = 200, .headers = {}, .body = page};
  });
  manager_->set_jobs({job()});
  clock_.advance(Seconds{16});
  ASSERT_TRUE(comes_true([&] { return asked.load(); }));
  manager_->stop();
  EXPECT_EQ(count("a") + count("up"), 0u);
}

TEST_F(ScrapeTest, ManySlowTargetsHoldUpNoOther) {
  std::atomic<bool> over{false};
  start([&](const net::ClientRequest& request, Millis) -> Result<net::ClientResponse> {
    while (request.url.find("slow") != std::string::npos && !over) std::this_thread::sleep_for(Millis{1});
    return net::ClientResponse{.status = 200, .headers = {}, .body = "a 1\n"};
  });
  auto many = job();
  for (int i = 0; i < 20; ++i) many.static_configs[0].targets.push_back("slow" + std::to_string(i) + ":1");
  manager_->set_jobs({many});
  clock_.advance(Seconds{16});
  EXPECT_TRUE(comes_true([&] { return count("a") == 1; }));
  over = true;
  manager_.reset();  // its threads look at what goes with this function
}

TEST_F(ScrapeTest, KeepsExemplarsAndMetadata) {
  auto open = job();
  open.fallback_scrape_protocol = "OpenMetricsText1.0.0";
  exporter_.set("# TYPE a counter\n# HELP a What.\na_total 1 # {trace_id=\"t\"} 1\n# EOF\n");
  manager_->set_jobs({open});
  scrape_once();
  EXPECT_TRUE(comes_true([&] { return exemplars_.stats().exemplars == 1; }));
  EXPECT_EQ(manager_->metadata().at("a").help, "What.");
}

TEST_F(ScrapeTest, KeepsTheSamplesOwnLabelsWhenToldToHonorThem) {
  exporter_.set("load1{job=\"own\"} 0.5\n");
  auto honest = job();
  honest.honor_labels = true;
  manager_->set_jobs({honest});
  scrape_once();
  EXPECT_EQ(select("load1")[0].labels.get("job"), "own");
}

TEST_F(ScrapeTest, MarksASeriesStaleWhenThePageNoLongerHasIt) {
  exporter_.set("a 1\nb 2\n");
  manager_->set_jobs({job()});
  scrape_once();
  exporter_.set("a 1\n");
  scrape_once();
  EXPECT_FALSE(metrics::is_stale_nan(select("a")[0].samples.back().value));
  EXPECT_TRUE(metrics::is_stale_nan(select("b")[0].samples.back().value));
}

TEST_F(ScrapeTest, MarksAllStaleAndUpZeroWhenTheTargetIsDown) {
  exporter_.set("a 1\n");
  manager_->set_jobs({job()});
  scrape_once();
  exporter_.set(std::nullopt);
  scrape_once();
  EXPECT_TRUE(metrics::is_stale_nan(select("a")[0].samples.back().value));
  EXPECT_EQ(select("up")[0].samples.back().value, 0);
  EXPECT_EQ(manager_->targets()[0].health, "down");
  EXPECT_EQ(manager_->targets()[0].last_error, "connection refused");
}

TEST_F(ScrapeTest, EndsTheSeriesOfATargetThatIsRemoved) {
  exporter_.set("a 1\n");
  manager_->set_jobs({job()});
  scrape_once();
  clock_.advance(Seconds{1});
  manager_->set_jobs({});
  EXPECT_TRUE(metrics::is_stale_nan(select("a")[0].samples.back().value));
  EXPECT_TRUE(metrics::is_stale_nan(select("up")[0].samples.back().value));
  EXPECT_TRUE(manager_->targets().empty());
}

TEST_F(ScrapeTest, RefusesAPageThatIsWrongAsAWhole) {
  exporter_.set("a 1\nb{ 2\n");
  manager_->set_jobs({job()});
  scrape_once();
  EXPECT_TRUE(select("a").empty());
  EXPECT_EQ(manager_->targets()[0].health, "down");
  EXPECT_NE(manager_->targets()[0].last_error.find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace mamori::ingest
