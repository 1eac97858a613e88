#include "spec/prometheus_config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "spec/spec.h"

namespace mamori::spec {
namespace {

namespace fs = std::filesystem;

PrometheusConfig read(const std::string& text) {
  const Loaded loaded = load_text("etc/prometheus.yml", text);
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.severity == Severity::Error) ADD_FAILURE() << to_string(diagnostic);
  }
  return loaded.spec.prometheus;
}

std::string only(const std::string& text) {
  const Loaded loaded = load_text("p.yml", text);
  std::string all;
  for (const Diagnostic& diagnostic : loaded.diagnostics) all += (all.empty() ? "" : "\n") + to_string(diagnostic);
  return all;
}

std::string errors(const std::string& text) {
  std::string all;
  for (const Diagnostic& diagnostic : load_text("p.yml", text).diagnostics) {
    if (diagnostic.severity == Severity::Error) all += (all.empty() ? "" : "\n") + to_string(diagnostic);
  }
  return all;
}

TEST(PrometheusConfig, FillsEveryKeyOfAJob) {
  const auto config = read(R"(
global:
  scrape_interval: 30s
  evaluation_interval: 45s
  rule_query_offset: 5s
  sample_limit: 900
  external_labels: {region: eu, "app.name": shop}
rule_files: [rules/*.yml, /abs/a.yml]
scrape_configs:
  - job_name: everything
    scrape_timeout: 7s
    metrics_path: /probe
    scheme: https
    honor_labels: yes
    honor_timestamps: no
    track_timestamps_staleness: on
    enable_compression: false
    extra_scrape_metrics: true
    params: {"match[]": ["a", "b"], module: [http]}
    scrape_protocols: [PrometheusText0.0.4]
    fallback_scrape_protocol: OpenMetricsText1.0.0
    basic_auth: {username: u, password_file: secret}
    tls_config: {ca_file: ca.pem, cert_file: c.pem, key_file: /k.pem, server_name: n, insecure_skip_verify: true, min_version: TLS13}
    follow_redirects: false
    proxy_url: http://127.0.0.1:3128
    http_headers: {X-Team: {values: [a, b], secrets: [c], files: [k]}}
    static_configs:
      - targets: [https://example.com/a]
        labels: {port: 9100, empty: }
    file_sd_configs: [{files: [targets/*.json], refresh_interval: 1m}]
    dns_sd_configs: [{names: [_a._tcp.x], refresh_interval: 10s}, {names: [x, y], type: aaaa, port: 9100}]
    relabel_configs:
      - {source_labels: [__address__, job], separator: "", target_label: __param_target, regex: "(.+):.*", replacement: "${1}"}
      - {action: HashMod, source_labels: [a], modulus: 8, target_label: shard}
    metric_relabel_configs: [{regex: go_.*, action: drop, source_labels: [__name__]}]
    body_size_limit: 10MB
    label_limit: 30
    label_name_length_limit: 200
    label_value_length_limit: 300
    target_limit: 5
    keep_dropped_targets: 7
)");
  EXPECT_EQ(config.evaluation_interval, Nanos{Seconds{45}});
  EXPECT_EQ(config.rule_query_offset, Nanos{Seconds{5}});
  EXPECT_EQ(config.external_labels, (LabelPairs{{"app.name", "shop"}, {"region", "eu"}}));
  EXPECT_EQ(config.rule_files, (std::vector<std::string>{"etc/rules/*.yml", "/abs/a.yml"}));
  ASSERT_EQ(config.scrape_configs.size(), 1u);
  const auto& job = config.scrape_configs[0];
  EXPECT_EQ(job.scrape_interval, Nanos{Seconds{30}});
  EXPECT_EQ(job.scrape_timeout, Nanos{Seconds{7}});
  EXPECT_EQ(job.metrics_path, "/probe");
  EXPECT_EQ(job.scheme, "https");
  EXPECT_TRUE(job.honor_labels && !job.honor_timestamps && job.track_timestamps_staleness);
  EXPECT_TRUE(!job.enable_compression && job.extra_scrape_metrics && !job.http.follow_redirects);
  EXPECT_EQ(job.params[0], (std::pair<std::string, std::vector<std::string>>{"match[]", {"a", "b"}}));
  EXPECT_EQ(job.scrape_protocols, (std::vector<std::string>{"PrometheusText0.0.4"}));
  EXPECT_EQ(job.fallback_scrape_protocol, "OpenMetricsText1.0.0");
  ASSERT_TRUE(job.http.basic_auth);
  EXPECT_EQ(job.http.basic_auth->password_file, "etc/secret");
  EXPECT_EQ(job.http.tls.ca_file, "etc/ca.pem");
  EXPECT_EQ(job.http.tls.key_file, "/k.pem");
  EXPECT_EQ(job.http.tls.min_version, "TLS13");
  EXPECT_EQ(job.http.headers, (LabelPairs{{"X-Team", "a"}, {"X-Team", "b"}, {"X-Team", "c"}}));
  EXPECT_EQ(job.http.header_files, (LabelPairs{{"X-Team", "etc/k"}}));
  EXPECT_EQ(job.static_configs[0].labels, (LabelPairs{{"empty", ""}, {"port", "9100"}}));
  EXPECT_EQ(job.file_sd_configs[0].files[0], "etc/targets/*.json");
  EXPECT_EQ(job.file_sd_configs[0].refresh_interval, Nanos{Seconds{60}});
  EXPECT_EQ(job.dns_sd_configs[0].type, "SRV");
  EXPECT_EQ(job.dns_sd_configs[1].type, "AAAA");
  EXPECT_EQ(job.dns_sd_configs[1].port, 9100);
  EXPECT_EQ(job.relabel_configs[0].separator, "");
  EXPECT_EQ(job.relabel_configs[0].replacement, "${1}");
  EXPECT_EQ(job.relabel_configs[1].action, RelabelAction::HashMod);
  EXPECT_EQ(job.relabel_configs[1].modulus, 8u);
  EXPECT_EQ(job.metric_relabel_configs[0].action, RelabelAction::Drop);
  EXPECT_EQ(job.limits, (ScrapeLimits{.samples = 900,
                                      .labels = 30,
                                      .label_name_bytes = 200,
                                      .label_value_bytes = 300,
                                      .targets = 5,
                                      .dropped_targets = 7,
                                      .body_bytes = 10u << 20}));
}

TEST(PrometheusConfig, WarnsOfNothingThatIsFollowed) {
  EXPECT_EQ(only(R"(
global: {scrape_interval: 30s, scrape_timeout: 9s, sample_limit: 900, body_size_limit: 1MB, keep_dropped_targets: 3}
scrape_configs:
  - job_name: everything
    metrics_path: /probe
    scheme: https
    honor_labels: true
    honor_timestamps: false
    track_timestamps_staleness: true
    enable_compression: false
    extra_scrape_metrics: true
    params: {module: [http]}
    scrape_protocols: [PrometheusText0.0.4]
    fallback_scrape_protocol: OpenMetricsText1.0.0
    basic_auth: {username: u, password_file: secret}
    tls_config: {ca_file: a, cert_file: c, key_file: k, server_name: n, insecure_skip_verify: true, min_version: TLS13}
    follow_redirects: false
    proxy_url: http://127.0.0.1:3128
    http_headers: {X-Team: {values: [a], secrets: [c], files: [k]}}
    static_configs: [{targets: [x], labels: {a: b}}]
    file_sd_configs: [{files: [targets/*.json], refresh_interval: 1m}]
    dns_sd_configs: [{names: [_a._tcp.x], refresh_interval: 10s}]
    relabel_configs: [{source_labels: [__address__], target_label: __param_target}]
    metric_relabel_configs: [{regex: go_.*, action: drop, source_labels: [__name__]}]
    target_limit: 5
    label_limit: 30
    label_name_length_limit: 200
    label_value_length_limit: 300
  - {job_name: token, authorization: {type: Token, credentials_file: t}}
  - {job_name: bearer, bearer_token: t}
  - {job_name: bearer_file, bearer_token_file: t}
)"),
            "");
}

TEST(PrometheusConfig, HasPrometheusDefaults) {
  const auto config = read("scrape_configs: [{job_name: a, relabel_configs: , static_configs: }]\n");
  const auto& job = config.scrape_configs.at(0);
  EXPECT_EQ(job.scrape_interval, Nanos{Seconds{60}});
  EXPECT_EQ(job.scrape_timeout, Nanos{Seconds{10}});
  EXPECT_TRUE(job.honor_timestamps && job.enable_compression && job.http.follow_redirects);
  EXPECT_FALSE(job.honor_labels);
  EXPECT_EQ(config.evaluation_interval, Nanos{Seconds{60}});
}

TEST(PrometheusConfig, ABearerTokenIsAnAuthorization) {
  const auto config = read(R"(
scrape_configs:
  - {job_name: a, bearer_token: t}
  - {job_name: b, bearer_token_file: f}
  - {job_name: c, authorization: {type: " Token ", credentials: x}}
)");
  EXPECT_EQ(config.scrape_configs[0].http.authorization, (Authorization{.type = "Bearer", .credentials = "t"}));
  EXPECT_EQ(config.scrape_configs[1].http.authorization->credentials_file, "etc/f");
  EXPECT_EQ(config.scrape_configs[2].http.authorization->type, "Token");
}

TEST(PrometheusConfig, PutsTheEnvironmentIntoExternalLabels) {
  ::setenv("MAMORI_TEST_REGION", "eu-1", 1);  // NOLINT(concurrency-mt-unsafe)
  const auto config = read(
      "global: {external_labels: {a: \"$MAMORI_TEST_REGION\", b: \"x${MAMORI_TEST_REGION}y\", c: \"$$1 ${ $\", d: "
      "\"$MAMORI_TEST_UNSET.\"}}\n");
  EXPECT_EQ(config.external_labels, (LabelPairs{{"a", "eu-1"}, {"b", "xeu-1y"}, {"c", "$1 ${ $"}, {"d", "."}}));
}

TEST(PrometheusConfig, NamesPlaceAndRemedyOfWhatIsWrong) {
  EXPECT_EQ(errors("scrape_configs:\n  - job_name: a\n    scrape_intervall: 5s\n"),
            "p.yml:3:5: error: the key 'scrape_intervall' in 'scrape_configs[]' is not known: did you mean "
            "'scrape_interval'? [spec.unknown-key]");
  EXPECT_EQ(errors("scrape_configs:\n  - job_name: a\n    scrape_interval: 15\n"),
            "p.yml:3:22: error: 'scrape_configs[].scrape_interval' is '15', which is no duration: write a number and a "
            "unit: 15s, 1m30s, 2h [spec.wrong-unit]");
  EXPECT_EQ(errors("scrape_configs: [{job_name: a, relabel_configs: [{action: kep, regex: x}]}]\n"),
            "p.yml:1:59: error: 'scrape_configs[].relabel_configs[].action' is 'kep', which is not known: did you mean "
            "'keep'? [spec.wrong-type]");
  EXPECT_EQ(errors("scrape_configs: [{job_name: a, static_configs: [{targets: [\"http://x:1/m\"]}]}]\n"),
            "p.yml:1:60: error: 'http://x:1/m' is no host:port: write it as 127.0.0.1:9100; scheme and path have keys "
            "of their own [scrape.discovery]");
  EXPECT_EQ(errors("scrape_configs: [{job_name: a, body_size_limit: 5}]\n"),
            "p.yml:1:49: error: 'scrape_configs[].body_size_limit' is '5', which is no size: write it as 512MB; units "
            "are B, KB, MB, GB, TB [spec.wrong-unit]");
}

TEST(PrometheusConfig, WarnsOfWhatOnlyPrometheusFollows) {
  EXPECT_EQ(only("scrape_configs:\n  - job_name: k\n    kubernetes_sd_configs: [{role: pod}]\n"),
            "p.yml:3:5: warning: 'kubernetes_sd_configs' of the job 'k' is not followed: the targets it would find are "
            "not scraped: let a tool write its targets to a file for file_sd_configs [scrape.not-followed]");
  EXPECT_EQ(only("scrape_configs:\n  - job_name: k\n    oauth2: {client_id: x}\n"),
            "p.yml:3:5: warning: 'oauth2' of the job 'k' is not followed: requests are sent without a token: use "
            "authorization with credentials_file [scrape.not-followed]");
  EXPECT_EQ(only("alerting: {alertmanagers: [{static_configs: [{targets: [a]}]}]}\n"),
            "p.yml:1:1: warning: 'alerting' is not followed: no Alertmanager is told: name a webhook under notify "
            "[scrape.not-followed]");
  EXPECT_EQ(only("remote_write:\nstorage: {}\nscrape_configs: [{job_name: a, enable_http2: false}]\n"), "");
}

TEST(PrometheusConfig, AKeyThatMeansNothingToAnActionIsAMistakeUnlessItIsTheDefault) {
  const auto wrong = [](const std::string& text) { return load_text("p.yml", text).has_errors(); };
  EXPECT_FALSE(
      wrong("scrape_configs: [{job_name: a, metric_relabel_configs: [{action: labeldrop, regex: x, separator: "
            "\";\", replacement: $1}]}]\n"));
  EXPECT_NE(
      only("scrape_configs: [{job_name: a, relabel_configs: [{action: labeldrop, regex: x, target_label: y}]}]\n"), "");
}

TEST(PrometheusConfig, ReadsMoreJobsFromScrapeConfigFiles) {
  std::string pattern = (fs::temp_directory_path() / "mamori-prometheus-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  const fs::path dir = pattern;
  fs::create_directories(dir / "jobs");
  std::ofstream(dir / "prometheus.yml") << "scrape_config_files: [jobs/*.yml]\nscrape_configs: [{job_name: a}]\n";
  std::ofstream(dir / "jobs/b.yml") << "scrape_configs: [{job_name: b, bearer_token_file: t}]\n";
  std::ofstream(dir / "spec.yaml") << "environment: demo\n";
  const auto loaded = load({(dir / "spec.yaml").string(), (dir / "prometheus.yml").string()});
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded->has_errors());
  EXPECT_EQ(loaded->spec.environment_label, "demo");
  const auto& jobs = loaded->spec.prometheus.scrape_configs;
  ASSERT_EQ(jobs.size(), 2u);
  EXPECT_EQ(jobs[1].http.authorization->credentials_file, (dir / "jobs/t").string());
  EXPECT_EQ(match_files({(dir / "jobs/*.yml").string(), (dir / "*/b.yml").string(), "/nonexistent/*"}).size(), 1u);
  fs::remove_all(dir);
}

TEST(TargetGroups, AreReadFromYamlAndJson) {
  const auto groups = read_target_groups("t.yml", "- targets: [a:1, b:2]\n  labels: {x: 1, y: z}\n- targets: [c]\n");
  ASSERT_TRUE(groups) << groups.error().message;
  ASSERT_EQ(groups->size(), 2u);
  EXPECT_EQ((*groups)[0].targets, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ((*groups)[0].labels, (LabelPairs{{"x", "1"}, {"y", "z"}}));
  EXPECT_EQ(read_target_groups("t.json", R"([{"targets": ["a"], "labels": {"k": "v"}}])")->at(0).labels.size(), 1u);
  EXPECT_TRUE(read_target_groups("t.yml", "")->empty());
}

TEST(TargetGroups, NameThePlaceOfAMistake) {
  const auto check = [](const char* text, const char* want) {
    const auto groups = read_target_groups("t.yml", text);
    ASSERT_FALSE(groups) << text;
    EXPECT_EQ(groups.error().message, want);
  };
  check("- target: [a]\n", "t.yml:1:3: the key 'target' in 'groups[]' is not known: did you mean 'targets'?");
  check("targets: [a]\n", "t.yml:1:1: 'groups' must be a list, not a map: write its items as '- …' lines or in [ ]");
}

}  // namespace
}  // namespace mamori::spec
