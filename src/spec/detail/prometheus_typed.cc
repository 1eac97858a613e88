#include "spec/detail/prometheus_typed.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "spec/detail/units.h"

namespace mamori::spec {

namespace {

std::vector<std::string> texts(const Node& list) {
  std::vector<std::string> out;
  for (const Node& item : list.items) {
    if (item.is_scalar()) out.push_back(item.text);
  }
  return out;
}

void read(const Node& node, std::string& into) {
  if (node.is_scalar()) into = node.text;
}
void read(const Node& node, bool& into) {
  if (node.is_scalar()) into = read_yaml_flag(node.text).value_or(into);
}
void read(const Node& node, Nanos& into) {
  if (!node.is_scalar()) return;
  if (const auto duration = parse_duration(node.text)) into = *duration;
}
void read(const Node& node, std::uint64_t& into) {
  if (!node.is_scalar()) return;
  if (const auto number = read_integer(node.text); number && *number >= 0) into = static_cast<std::uint64_t>(*number);
}

LabelPairs pairs_of(const Node& map) {
  LabelPairs pairs;
  for (const Entry& entry : map.entries) {
    if (entry.value.is_scalar() || entry.value.kind == Kind::Null) pairs.emplace_back(entry.key, entry.value.text);
  }
  std::ranges::sort(pairs);
  return pairs;
}

/// $NAME and ${NAME} as the environment has them, "" when it does not; $$ is a dollar.
std::string expand_environment(const std::string& text) {
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      out += text[++i];
      continue;
    }
    const bool braced = text[i + 1] == '{';
    const auto begin = i + (braced ? 2 : 1);
    auto end = begin;
    while (end < text.size() && is_name(text[end])) ++end;
    if (end == begin || (braced && (end == text.size() || text[end] != '}'))) {
      out += text[i];
      continue;
    }
    const char* value = std::getenv(text.substr(begin, end - begin).c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value != nullptr) out += value;
    i = braced ? end : end - 1;
  }
  return out;
}

class Reader {
 public:
  explicit Reader(const Document& document) : document_(document) {}

  PrometheusConfig config() const {
    const Node& global = document_.root["global"];
    PrometheusConfig config;
    read(global["evaluation_interval"], config.evaluation_interval);
    read(global["rule_query_offset"], config.rule_query_offset);
    for (const auto& [name, value] : pairs_of(global["external_labels"])) {
      config.external_labels.emplace_back(name, expand_environment(value));
    }
    for (const Node& item : document_.root["rule_files"].items) {
      if (item.is_scalar()) config.rule_files.push_back(path(item));
    }
    for (const Node& item : document_.root["scrape_configs"].items) {
      if (item["job_name"].is_scalar()) config.scrape_configs.push_back(job(item));
    }
    return config;
  }

 private:
  std::string path(const Node& node) const {
    const auto file = static_cast<std::size_t>(node.at.file);
    return beside(file < document_.files.size() ? document_.files[file] : "", node.text);
  }
  void read_path(const Node& node, std::string& into) const {
    if (node.is_scalar() && !node.text.empty()) into = path(node);
  }

  void read_limits(const Node& node, ScrapeLimits& limits) const {
    read(node["sample_limit"], limits.samples);
    read(node["target_limit"], limits.targets);
    read(node["label_limit"], limits.labels);
    read(node["label_name_length_limit"], limits.label_name_bytes);
    read(node["label_value_length_limit"], limits.label_value_bytes);
    read(node["keep_dropped_targets"], limits.dropped_targets);
    if (const auto bytes = read_bytes(node["body_size_limit"].text)) limits.body_bytes = *bytes;
  }

  /// What global and a job have in common; a job's 0 means "as in global", as Prometheus reads it.
  void read_common(const Node& node, ScrapeConfig& job) const {
    read(node["scrape_interval"], job.scrape_interval);
    read(node["scrape_timeout"], job.scrape_timeout);
    read(node["extra_scrape_metrics"], job.extra_scrape_metrics);
    if (const auto protocols = texts(node["scrape_protocols"]); !protocols.empty()) job.scrape_protocols = protocols;
    const ScrapeLimits before = job.limits;
    read_limits(node, job.limits);
    const auto or_before = [](std::uint64_t& now, std::uint64_t then) { now = now == 0 ? then : now; };
    or_before(job.limits.samples, before.samples);
    or_before(job.limits.targets, before.targets);
    or_before(job.limits.labels, before.labels);
    or_before(job.limits.label_name_bytes, before.label_name_bytes);
    or_before(job.limits.label_value_bytes, before.label_value_bytes);
    or_before(job.limits.dropped_targets, before.dropped_targets);
    or_before(job.limits.body_bytes, before.body_bytes);
  }

  ScrapeConfig job(const Node& node) const {
    ScrapeConfig job;
    read_common(document_.root["global"], job);
    read_common(node, job);
    // A default must not contradict an interval that is shorter.
    job.scrape_timeout = std::min(job.scrape_timeout, job.scrape_interval);
    read(node["job_name"], job.job_name);
    read(node["scheme"], job.scheme);
    read(node["metrics_path"], job.metrics_path);
    read(node["honor_labels"], job.honor_labels);
    read(node["honor_timestamps"], job.honor_timestamps);
    read(node["track_timestamps_staleness"], job.track_timestamps_staleness);
    read(node["enable_compression"], job.enable_compression);
    read(node["fallback_scrape_protocol"], job.fallback_scrape_protocol);
    for (const Entry& param : node["params"].entries) job.params.emplace_back(param.key, texts(param.value));
    std::ranges::sort(job.params);
    job.http = http_client(node);
    job.static_configs = to_target_groups(node["static_configs"]);
    read_discovery(node, job);
    job.relabel_configs = relabeling(node["relabel_configs"]);
    job.metric_relabel_configs = relabeling(node["metric_relabel_configs"]);
    return job;
  }

  HttpClientConfig http_client(const Node& node) const {
    HttpClientConfig http;
    if (const Node& basic = node["basic_auth"]; basic.is_map()) {
      http.basic_auth.emplace();
      read(basic["username"], http.basic_auth->username);
      read_path(basic["username_file"], http.basic_auth->username_file);
      read(basic["password"], http.basic_auth->password);
      read_path(basic["password_file"], http.basic_auth->password_file);
    }
    const Node& authorization = node["authorization"];
    if (authorization.is_map() || node["bearer_token"].is_scalar() || node["bearer_token_file"].is_scalar()) {
      http.authorization.emplace();
      read(authorization["type"], http.authorization->type);
      http.authorization->type = trim(http.authorization->type);
      if (http.authorization->type.empty()) http.authorization->type = "Bearer";
      read(authorization["credentials"], http.authorization->credentials);
      read_path(authorization["credentials_file"], http.authorization->credentials_file);
      read(node["bearer_token"], http.authorization->credentials);
      read_path(node["bearer_token_file"], http.authorization->credentials_file);
    }
    http.tls = tls(node["tls_config"]);
    read(node["follow_redirects"], http.follow_redirects);
    read(node["proxy_url"], http.proxy_url);
    for (const Entry& header : node["http_headers"].entries) {
      for (const char* part : {"values", "secrets"}) {
        for (auto& value : texts(header.value[part])) http.headers.emplace_back(header.key, std::move(value));
      }
      for (const Node& file : header.value["files"].items) {
        if (file.is_scalar()) http.header_files.emplace_back(header.key, path(file));
      }
    }
    return http;
  }

  TlsConfig tls(const Node& node) const {
    TlsConfig tls;
    read(node["ca"], tls.ca);
    read_path(node["ca_file"], tls.ca_file);
    read(node["cert"], tls.cert);
    read_path(node["cert_file"], tls.cert_file);
    read(node["key"], tls.key);
    read_path(node["key_file"], tls.key_file);
    read(node["server_name"], tls.server_name);
    read(node["insecure_skip_verify"], tls.insecure_skip_verify);
    read(node["min_version"], tls.min_version);
    read(node["max_version"], tls.max_version);
    return tls;
  }

  void read_discovery(const Node& node, ScrapeConfig& job) const {
    for (const Node& item : node["file_sd_configs"].items) {
      FileDiscovery files;
      for (const Node& file : item["files"].items) {
        if (file.is_scalar()) files.files.push_back(path(file));
      }
      read(item["refresh_interval"], files.refresh_interval);
      job.file_sd_configs.push_back(std::move(files));
    }
    for (const Node& item : node["dns_sd_configs"].items) {
      DnsDiscovery dns{.names = texts(item["names"])};
      read(item["type"], dns.type);
      for (char& c : dns.type) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      if (const auto port = read_integer(item["port"].text); port && *port >= 0 && *port <= 65535) {
        dns.port = static_cast<int>(*port);
      }
      read(item["refresh_interval"], dns.refresh_interval);
      job.dns_sd_configs.push_back(std::move(dns));
    }
  }

  static std::vector<RelabelConfig> relabeling(const Node& list) {
    std::vector<RelabelConfig> steps;
    for (const Node& item : list.items) {
      RelabelConfig step;
      step.source_labels = texts(item["source_labels"]);
      read(item["separator"], step.separator);
      read(item["regex"], step.regex);
      read(item["target_label"], step.target_label);
      read(item["replacement"], step.replacement);
      read(item["modulus"], step.modulus);
      step.action = relabel_action(item["action"].is_scalar() ? item["action"].text : "replace").value_or(step.action);
      steps.push_back(std::move(step));
    }
    return steps;
  }

  const Document& document_;
};

}  // namespace

PrometheusConfig to_prometheus_config(const Document& document) { return Reader(document).config(); }

std::vector<TargetGroup> to_target_groups(const Node& list) {
  std::vector<TargetGroup> groups;
  for (const Node& item : list.items) {
    groups.push_back({.targets = texts(item["targets"]), .labels = pairs_of(item["labels"])});
  }
  return groups;
}

std::optional<RelabelAction> relabel_action(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, RelabelAction>, 11> kActions{{
      {"replace", RelabelAction::Replace},
      {"keep", RelabelAction::Keep},
      {"drop", RelabelAction::Drop},
      {"keepequal", RelabelAction::KeepEqual},
      {"dropequal", RelabelAction::DropEqual},
      {"hashmod", RelabelAction::HashMod},
      {"labelmap", RelabelAction::LabelMap},
      {"labeldrop", RelabelAction::LabelDrop},
      {"labelkeep", RelabelAction::LabelKeep},
      {"lowercase", RelabelAction::Lowercase},
      {"uppercase", RelabelAction::Uppercase},
  }};
  for (const auto& [name, action] : kActions) {
    if (equals_ignore_case(name, text)) return action;
  }
  return std::nullopt;
}

std::string beside(const std::string& from, const std::string& path) {
  const std::filesystem::path named(path);
  if (path.empty() || named.is_absolute()) return path;
  return (std::filesystem::path(from).parent_path() / named).string();
}

std::string anchored(std::string_view regex) { return "^(?s:" + std::string(regex) + ")$"; }

}  // namespace mamori::spec
