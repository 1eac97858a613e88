#include "ingest/scrape.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

namespace mamori::ingest {
namespace {

namespace fs = std::filesystem;

/// Answers each scrape with the page it is told, and lets the test wait until a number of scrapes are done.
class FakeExporter {
 public:
  void set(std::optional<std::string> page) {
    const std::lock_guard guard(mutex_);
    page_ = std::move(page);
  }
  Result<net::ClientResponse> answer(const net::ClientRequest& request) {
    const std::lock_guard guard(mutex_);
    url_ = request.url;
    if (!page_) return Error{Code::Unavailable, "connection refused"};
    return net::ClientResponse{.status = 200, .headers = {}, .body = *page_};
  }
  std::string url() {
    const std::lock_guard guard(mutex_);
    return url_;
  }

 private:
  std::mutex mutex_;
  std::optional<std::string> page_;
  std::string url_;
};

class ScrapeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-scrape-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    std::vector<std::string> warnings;
    store_ = *metrics::Store::open(dir_, {}, clock_, warnings);
    manager_ = std::make_unique<ScrapeManager>(
        *store_, registry_, clock_,
        [this](const net::ClientRequest& request, Millis) { return exporter_.answer(request); });
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

  /// Moves the clock past the next scrape and waits for its samples.
  void scrape_once() {
    const auto before = count("up");
    clock_.advance(Seconds{16});
    const auto deadline = std::chrono::steady_clock::now() + Seconds{10};
    while (count("up") == before && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(Millis{5});
    ASSERT_GT(count("up"), before);
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
  FakeExporter exporter_;
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
  EXPECT_EQ(exporter_.url(), "http://host:9100/metrics?collect%5B%5D=cpu");
  EXPECT_EQ(select("up")[0].samples.back().value, 1);
  EXPECT_EQ(select("scrape_samples_scraped")[0].samples.back().value, 1);
  EXPECT_EQ(select("scrape_series_added")[0].samples.back().value, 1);
  EXPECT_EQ(manager_->targets()[0].health, "up");
}

TEST_F(ScrapeTest, TellsOfItsTargetsAsPrometheusDoes) {
  auto named = job();
  named.static_configs[0].labels.emplace_back("instance", "shop");
  manager_->set_jobs({named});
  const auto json = targets_json(manager_->targets());
  const auto has = [&](const char* text) { EXPECT_NE(json.find(text), std::string::npos) << text << " in " << json; };
  has(R"("discoveredLabels":{"__address__":"host:9100","__metrics_path__":"/metrics","__scheme__":"http",)");
  has(R"("labels":{"instance":"shop","job":"node","zone":"a"},"scrapePool":"node")");
  has(R"("scrapeInterval":"15s")");
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
