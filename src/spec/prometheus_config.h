// spec/prometheus_config.h: what a prometheus.yml says, as values: the global section, where rules stand, and every
// scrape job with its defaults filled in. Paths are resolved against the file that names them, as Prometheus does.
// Invariant: what load() found wrong is left out or keeps its default, so a config is always safe to hold.
// Source: prometheus.io/docs/prometheus/latest/configuration/configuration.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace mamori::spec {

using LabelPairs = std::vector<std::pair<std::string, std::string>>;

struct BasicAuth {
  std::string username, username_file, password, password_file;
  bool operator==(const BasicAuth&) const = default;
};

struct Authorization {
  std::string type = "Bearer", credentials, credentials_file;
  bool operator==(const Authorization&) const = default;
};

struct TlsConfig {
  std::string ca, ca_file, cert, cert_file, key, key_file;  // the texts are PEM
  std::string server_name;
  bool insecure_skip_verify = false;
  std::string min_version, max_version;  // "TLS12"; "": what the library has
  bool operator==(const TlsConfig&) const = default;
};

struct HttpClientConfig {
  std::optional<BasicAuth> basic_auth;
  std::optional<Authorization> authorization;  // bearer_token and bearer_token_file are here, too
  TlsConfig tls;
  bool follow_redirects = true;
  std::string proxy_url;    // "": none
  LabelPairs headers;       // http_headers with values or secrets
  LabelPairs header_files;  // http_headers whose values are in files
  bool operator==(const HttpClientConfig&) const = default;
};

enum class RelabelAction {
  Replace,
  Keep,
  Drop,
  KeepEqual,
  DropEqual,
  HashMod,
  LabelMap,
  LabelDrop,
  LabelKeep,
  Lowercase,
  Uppercase,
};

struct RelabelConfig {
  std::vector<std::string> source_labels;
  std::string separator = ";";
  std::string regex = "(.*)";  // RE2, anchored at both ends by whoever compiles it; it does compile
  std::string target_label, replacement = "$1";
  std::uint64_t modulus = 0;
  RelabelAction action = RelabelAction::Replace;
  bool operator==(const RelabelConfig&) const = default;
};

/// Targets that share labels: a static_config, or what discovery found in one place.
struct TargetGroup {
  std::vector<std::string> targets;  // host:port
  LabelPairs labels;
  bool operator==(const TargetGroup&) const = default;
};

struct FileDiscovery {
  std::vector<std::string> files;  // globs
  Nanos refresh_interval = std::chrono::minutes{5};
  bool operator==(const FileDiscovery&) const = default;
};

struct DnsDiscovery {
  std::vector<std::string> names;
  std::string type = "SRV";  // SRV, A, AAAA, MX, NS
  int port = 0;              // not for SRV, which brings its own
  Nanos refresh_interval = Seconds{30};
  bool operator==(const DnsDiscovery&) const = default;
};

/// 0: no limit.
struct ScrapeLimits {
  std::uint64_t samples = 0, labels = 0, label_name_bytes = 0, label_value_bytes = 0, targets = 0, dropped_targets = 0;
  std::uint64_t body_bytes = 0;  // unpacked
  bool operator==(const ScrapeLimits&) const = default;
};

struct ScrapeConfig {
  std::string job_name, scheme = "http", metrics_path = "/metrics";
  Nanos scrape_interval = std::chrono::minutes{1}, scrape_timeout = Seconds{10};
  bool honor_labels = false, honor_timestamps = true, track_timestamps_staleness = false;
  bool enable_compression = true, extra_scrape_metrics = false;
  std::vector<std::pair<std::string, std::vector<std::string>>> params;  // ascending names
  std::vector<std::string> scrape_protocols;                             // as written; empty: the default order
  std::string fallback_scrape_protocol;                                  // "": text 0.0.4
  HttpClientConfig http;
  std::vector<TargetGroup> static_configs;
  std::vector<FileDiscovery> file_sd_configs;
  std::vector<DnsDiscovery> dns_sd_configs;
  std::vector<RelabelConfig> relabel_configs, metric_relabel_configs;
  ScrapeLimits limits;
  bool operator==(const ScrapeConfig&) const = default;
};

struct PrometheusConfig {
  Nanos evaluation_interval = std::chrono::minutes{1};
  Nanos rule_query_offset{0};
  LabelPairs external_labels;           // ascending names; $NAME and ${NAME} of the environment already put in
  std::vector<std::string> rule_files;  // globs
  std::vector<ScrapeConfig> scrape_configs;
  bool operator==(const PrometheusConfig&) const = default;
};

/// The files that match, each once, sorted within a glob. A glob that matches nothing is no error, as in Prometheus.
std::vector<std::string> match_files(const std::vector<std::string>& globs);

/// A file_sd file in YAML: [{targets: [host:port], labels: {name: value}}]. JSON goes through, too, but slowly.
/// Errors: InvalidArgument with file:line:column; TooLarge.
Result<std::vector<TargetGroup>> read_target_groups(const std::string& name, std::string_view yaml);

}  // namespace mamori::spec
