#include "ingest/scrape_client.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "net/http_server.h"
#include "net/tls_test_server.h"

namespace mamori::ingest {
namespace {

namespace fs = std::filesystem;

constexpr Nanos kTimeout = Seconds{10};

class ScrapeClientTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mamori-client-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }

  std::string write(const char* name, const std::string& text) const {
    std::ofstream(dir_ + "/" + name) << text;
    return dir_ + "/" + name;
  }
  /// Of the request for `job_`'s targets.
  std::string header(const char* name) const {
    const auto request = ScrapeClient(job_).request("http://h/", kTimeout);
    return request ? std::string(request->headers.get(name)) : request.error().message;
  }

  std::string dir_;
  spec::ScrapeConfig job_;
};

TEST_F(ScrapeClientTest, AsksForTheProtocolsInTheirOrder) {
  EXPECT_EQ(header("Accept"),
            "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
            "text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1");
  job_.scrape_protocols = {"PrometheusText0.0.4", "OpenMetricsText1.0.0"};
  EXPECT_EQ(header("Accept"),
            "text/plain;version=0.0.4;q=0.3,application/openmetrics-text;version=1.0.0;q=0.2,*/*;q=0.1");
}

TEST_F(ScrapeClientTest, TellsTheTimeout) {
  EXPECT_EQ(header("X-Prometheus-Scrape-Timeout-Seconds"), "10");
  EXPECT_EQ(ScrapeClient(job_).request("http://h/", Millis{500})->headers.get("X-Prometheus-Scrape-Timeout-Seconds"),
            "0.5");
}

TEST_F(ScrapeClientTest, SendsBasicCredentialsAndReadsTheirFilesEachTime) {
  job_.http.basic_auth = spec::BasicAuth{.username = "user", .password = "pass"};
  EXPECT_EQ(header("Authorization"), "Basic dXNlcjpwYXNz");
  job_.http.basic_auth = spec::BasicAuth{.username_file = write("u", "user\n"), .password_file = write("p", "pass\n")};
  const ScrapeClient client(job_);
  EXPECT_EQ(client.request("http://h/", kTimeout)->headers.get("Authorization"), "Basic dXNlcjpwYXNz");
  write("p", "other");
  EXPECT_EQ(client.request("http://h/", kTimeout)->headers.get("Authorization"), "Basic dXNlcjpvdGhlcg==");
  fs::remove(dir_ + "/p");
  EXPECT_EQ(client.request("http://h/", kTimeout).error().message, "there is no file " + dir_ + "/p");
}

TEST_F(ScrapeClientTest, SendsTokensOfAnyType) {
  job_.http.authorization = spec::Authorization{.credentials = "t"};
  EXPECT_EQ(header("Authorization"), "Bearer t");
  job_.http.authorization = spec::Authorization{.type = "Token", .credentials_file = write("t", "from file\n")};
  EXPECT_EQ(header("Authorization"), "Token from file");
}

TEST_F(ScrapeClientTest, SendsHeadersOfTheJob) {
  job_.http.headers = {{"X-Team", "a"}, {"X-Team", "b"}};
  const auto request = *ScrapeClient(job_).request("http://h/", kTimeout);
  std::string all;
  for (const auto& [name, value] : request.headers) all += name == "X-Team" ? value : "";
  EXPECT_EQ(all, "ab");
  job_.http.header_files = {{"X-Key", write("key", "k\n")}};
  EXPECT_EQ(header("X-Key"), "k");
}

TEST_F(ScrapeClientTest, FollowsRedirectsAndPacksUnlessToldNotTo) {
  EXPECT_EQ(ScrapeClient(job_).request("http://h/", kTimeout)->redirects_max, 10);
  EXPECT_TRUE(ScrapeClient(job_).request("http://h/", kTimeout)->accept_gzip);
  job_.http.follow_redirects = false;
  job_.enable_compression = false;
  EXPECT_EQ(ScrapeClient(job_).request("http://h/", kTimeout)->redirects_max, 0);
  EXPECT_FALSE(ScrapeClient(job_).request("http://h/", kTimeout)->accept_gzip);
}

TEST_F(ScrapeClientTest, BoundsTheBody) {
  EXPECT_EQ(ScrapeClient(job_).request("http://h/", kTimeout)->response_bytes_max, 64u << 20);
  job_.limits.body_bytes = 100;
  EXPECT_EQ(ScrapeClient(job_).request("http://h/", kTimeout)->response_bytes_max, 100u);
}

TEST_F(ScrapeClientTest, TakesUserAndPasswordOutOfAProxysUrl) {
  job_.http.proxy_url = "http://user:p%40ss@proxy:3128";
  const auto proxy = ScrapeClient(job_).request("http://h/", kTimeout)->proxy;
  EXPECT_EQ(proxy.url, "http://proxy:3128");
  EXPECT_EQ(proxy.authorization, "Basic dXNlcjpwQHNz");
}

TEST_F(ScrapeClientTest, SpeaksTlsWithTheJobsFilesAndSeesNewOnes) {
  const auto own = net::make_certificate("exporter.example"), client = net::make_certificate("mamori"),
             other = net::make_certificate("exporter.example");
  const net::TlsTestServer server(own, client.cert);
  job_.http.tls = {.ca_file = write("ca.pem", own.cert),
                   .cert_file = write("cert.pem", client.cert),
                   .key_file = write("key.pem", client.key),
                   .server_name = "exporter.example"};
  const ScrapeClient scraper(job_);
  const auto ask = [&] { return net::send(*scraper.request(server.url(), kTimeout), Seconds{5}); };
  auto reply = ask();
  ASSERT_TRUE(reply) << reply.error().message;
  write("ca.pem", other.cert);
  EXPECT_FALSE(ask());
  write("ca.pem", own.cert);
  EXPECT_TRUE(ask());
  write("ca.pem", "no certificate");
  EXPECT_EQ(scraper.request(server.url(), kTimeout).error().message, "tls_config: the CA certificate is no PEM");

  job_.http.tls.ca_file = "";
  EXPECT_FALSE(net::send(*ScrapeClient(job_).request(server.url(), kTimeout), Seconds{5}));
  job_.http.tls.insecure_skip_verify = true;
  EXPECT_TRUE(net::send(*ScrapeClient(job_).request(server.url(), kTimeout), Seconds{5}));
  job_.http.tls.max_version = "TLS12";
  job_.http.tls.min_version = "TLS13";
  EXPECT_FALSE(net::send(*ScrapeClient(job_).request(server.url(), kTimeout), Seconds{5}));
}

TEST_F(ScrapeClientTest, ReadsAPageByItsTypeThenByTheFallback) {
  const auto check = [&](const char* type, ExpositionFormat want) {
    EXPECT_EQ(ScrapeClient(job_).format_of(type), want) << type;
  };
  check("application/openmetrics-text; version=1.0.0", ExpositionFormat::OpenMetrics);
  check("text/html", ExpositionFormat::PrometheusText);
  job_.fallback_scrape_protocol = "OpenMetricsText1.0.0";
  check("", ExpositionFormat::OpenMetrics);
  check("text/html", ExpositionFormat::OpenMetrics);
  check("text/plain; version=0.0.4", ExpositionFormat::PrometheusText);
}

}  // namespace
}  // namespace mamori::ingest
