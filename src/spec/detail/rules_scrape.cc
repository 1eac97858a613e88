// Rules over the Prometheus sections: what cannot work, as Prometheus itself refuses it, and what only Prometheus does.
#include <array>
#include <set>

#include "base/text.h"
#include "spec/detail/facts.h"
#include "spec/detail/prometheus_shape.h"
#include "spec/detail/prometheus_typed.h"
#include "spec/detail/rule.h"
#include "spec/detail/units.h"

namespace mamori::spec {

// rules_relabel.cc
void check_relabeling(const Document& document, Findings& findings);

namespace {

struct NotFollowed {
  std::string_view key, happens, fix;
};

constexpr std::string_view kNoNative = "native histograms are not scraped; classic ones are";
constexpr std::string_view kNothing = "remove it, or leave it: nothing else depends on it";

/// Keys of global, of a job and of the top level that are read and not followed. A value that asks for nothing (false,
/// an empty list) is not worth a word.
constexpr auto kNotFollowed = std::to_array<NotFollowed>({
    {"oauth2", "requests are sent without a token", "use authorization with credentials_file"},
    {"enable_http2", "targets are asked in HTTP/1.1", kNothing},
    {"no_proxy", "every target of the job goes through proxy_url",
     "put targets without a proxy into a job of their own"},
    {"proxy_from_environment", "the environment's proxies are not used", "name the proxy as proxy_url"},
    {"proxy_connect_header", "the proxy gets no such header", "put user and password into proxy_url"},
    {"scrape_native_histograms", kNoNative, kNothing},
    {"convert_classic_histograms_to_nhcb", "classic histograms stay as they are", kNothing},
    {"always_scrape_classic_histograms", "classic histograms are always scraped, native ones never", kNothing},
    {"scrape_classic_histograms", "classic histograms are always scraped, native ones never", kNothing},
    {"native_histogram_bucket_limit", kNoNative, kNothing},
    {"native_histogram_min_bucket_factor", kNoNative, kNothing},
    {"scrape_failure_log_file", "failed scrapes are shown at /api/v1/targets and nowhere else", kNothing},
    {"query_log_file", "queries are not logged", kNothing},
    {"alerting", "no Alertmanager is told", "name a webhook under notify"},
    {"remote_write", "samples are sent nowhere", "let the other side scrape /federate, or keep a Prometheus for it"},
    {"remote_read", "queries see what is stored here only", kNothing},
    {"otlp", "OTLP is taken with its own defaults", kNothing},
    {"storage", "storage follows the options of mamori serve", "see mamori help serve"},
    {"tracing", "no traces are sent", kNothing},
    {"runtime", "there is no Go runtime to tune", kNothing},
    {"metric_name_validation_scheme", "UTF-8 names are accepted, too", kNothing},
    {"metric_name_escaping_scheme", "names are asked for and kept as they are", kNothing},
    {"PrometheusProto", "the protobuf format is not asked for, a text format is", "remove it"},
});

const NotFollowed* not_followed(std::string_view key) {
  static constexpr NotFollowed kDiscovery{"", "the targets it would find are not scraped",
                                          "let a tool write its targets to a file for file_sd_configs"};
  for (const std::string_view name : foreign_discoveries()) {
    if (name == key) return &kDiscovery;
  }
  for (const NotFollowed& one : kNotFollowed) {
    if (one.key == key) return &one;
  }
  return nullptr;
}

bool asks_for_something(const std::string& key, const Node& value) {
  if (value.is_list()) return !value.items.empty();
  if (value.is_map()) return !value.entries.empty();
  if (!value.is_scalar() || value.text.empty()) return false;
  if (key == "metric_name_validation_scheme") return value.text == "legacy";
  if (key == "metric_name_escaping_scheme") return value.text != "allow-utf-8";
  if (value.text == "0") return false;
  // enable_http2 is true by default: false is what happens here anyway.
  return read_yaml_flag(value.text).value_or(true);
}

void say_not_followed(const Node& map, const std::string& whose, Findings& findings) {
  for (const Entry& entry : map.entries) {
    const NotFollowed* known = not_followed(entry.key);
    if (known == nullptr || !asks_for_something(entry.key, entry.value)) continue;
    findings.at_key(entry.value, "'" + entry.key + "'" + whose + " is not followed: " + std::string(known->happens),
                    std::string(known->fix));
  }
  for (const Node& protocol : map["scrape_protocols"].items) {
    const NotFollowed* known = not_followed(protocol.text);
    if (known == nullptr) continue;
    findings.at(protocol, "'" + protocol.text + "'" + whose + " is not followed: " + std::string(known->happens),
                std::string(known->fix));
  }
}

void check_not_followed(const Document& document, Findings& findings) {
  say_not_followed(document.root, "", findings);
  say_not_followed(document.root["global"], " of global", findings);
  for (const Node& job : document.root["scrape_configs"].items) {
    const std::string whose = " of the job '" + job["job_name"].text + "'";
    say_not_followed(job, whose, findings);
  }
}

void check_times(const Node& node, Nanos interval_default, std::string_view what, Findings& findings) {
  const Node& own = node["scrape_interval"];
  Nanos interval = interval_default;
  if (own.is_scalar()) interval = parse_duration(own.text).value_or(interval);
  if (interval <= Nanos{0}) {
    findings.at(own.exists() ? own : node, "the scrape_interval" + std::string(what) + " is 0", "use 15s");
    return;
  }
  const Node& timeout_node = node["scrape_timeout"];
  if (!timeout_node.is_scalar()) return;
  const auto timeout = parse_duration(timeout_node.text);
  if (timeout && *timeout > interval) {
    findings.at(timeout_node,
                "scrape_timeout " + shown(*timeout) + " is longer than scrape_interval " + shown(interval),
                "make it at most " + shown(interval));
  } else if (timeout && *timeout <= Nanos{0}) {
    findings.at(timeout_node, "the scrape_timeout is 0", "use 10s");
  }
}

void check_timing(const Document& document, Findings& findings) {
  const Node& global = document.root["global"];
  if (global.is_map()) check_times(global, std::chrono::minutes{1}, " of global", findings);
  Nanos interval_default = std::chrono::minutes{1};
  if (global["scrape_interval"].is_scalar()) {
    interval_default = parse_duration(global["scrape_interval"].text).value_or(interval_default);
  }
  if (const Node& every = global["evaluation_interval"]; every.is_scalar()) {
    const auto duration = parse_duration(every.text);
    if (duration && *duration <= Nanos{0}) findings.at(every, "the evaluation_interval is 0", "use 1m");
  }
  std::set<std::string> names;
  for (const Node& job : document.root["scrape_configs"].items) {
    const Node& name = job["job_name"];
    if (name.is_scalar() && !names.insert(name.text).second) {
      findings.at(name, "two jobs are called '" + name.text + "'", "give each its own job_name");
    }
    const Node& path = job["metrics_path"];
    if (path.is_scalar() && !path.text.starts_with('/')) {
      findings.at(path, "metrics_path '" + path.text.substr(0, 60) + "' is no path", "begin it with '/'");
    }
    check_times(job, interval_default, "", findings);
  }
}

/// At most one of `keys` may be set in `map`.
void at_most_one(const Node& map, std::initializer_list<const char*> keys, Findings& findings) {
  const char* first = nullptr;
  for (const char* key : keys) {
    const Node& node = map[key];
    if (!node.exists() || node.kind == Kind::Null || (node.is_scalar() && node.text.empty())) continue;
    if (first != nullptr) {
      findings.at_key(node, std::string("'") + key + "' stands beside '" + first + "'", "keep one of them");
      return;
    }
    first = key;
  }
}

void check_tls(const Node& tls, Findings& findings) {
  at_most_one(tls, {"ca", "ca_file"}, findings);
  at_most_one(tls, {"cert", "cert_file"}, findings);
  at_most_one(tls, {"key", "key_file"}, findings);
  const auto set = [&](const char* text, const char* file) {
    return (tls[text].is_scalar() && !tls[text].text.empty()) || (tls[file].is_scalar() && !tls[file].text.empty());
  };
  const bool has_cert = set("cert", "cert_file"), has_key = set("key", "key_file");
  if (has_cert != has_key) {
    findings.at(tls, has_cert ? "a client certificate without its key" : "a client key without its certificate",
                "give both cert_file and key_file");
  }
  if (tls["min_version"].is_scalar() && tls["max_version"].is_scalar() &&
      tls["min_version"].text > tls["max_version"].text) {
    findings.at(tls["min_version"], "min_version is above max_version", "exchange them");
  }
}

void check_proxy(const Node& proxy, Findings& findings) {
  if (!proxy.is_scalar() || proxy.text.empty() || proxy.text.starts_with("http://")) return;
  findings.at(proxy, "the proxy_url does not begin with http://", "name an http proxy: http://HOST:PORT");
}

void check_access(const Document& document, Findings& findings) {
  for (const Node& job : document.root["scrape_configs"].items) {
    at_most_one(job, {"basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"}, findings);
    const Node& basic = job["basic_auth"];
    at_most_one(basic, {"username", "username_file"}, findings);
    at_most_one(basic, {"password", "password_file"}, findings);
    const Node& authorization = job["authorization"];
    at_most_one(authorization, {"credentials", "credentials_file"}, findings);
    if (equals_ignore_case(trim(authorization["type"].text), "basic")) {
      findings.at(authorization["type"], "authorization.type cannot be basic", "use basic_auth");
    }
    check_tls(job["tls_config"], findings);
    check_proxy(job["proxy_url"], findings);
    for (const Entry& header : job["http_headers"].entries) {
      for (const char* reserved : {"Accept", "Accept-Encoding", "Authorization", "Host", "Content-Length", "User-Agent",
                                   "X-Prometheus-Scrape-Timeout-Seconds", "Connection", "Transfer-Encoding"}) {
        if (!equals_ignore_case(header.key, reserved)) continue;
        findings.at_key(header.value, "the header " + header.key + " is set by mamori itself", "remove it");
      }
    }
  }
}

void check_static_targets(const Node& job, Findings& findings) {
  // With relabel_configs a target may be anything, such as the URL that a prober is to ask.
  if (!job["relabel_configs"].items.empty()) return;
  for (const Node& group : job["static_configs"].items) {
    for (const Node& target : group["targets"].items) {
      if (!target.is_scalar()) continue;
      const std::string& text = target.text;
      if (text.empty() || text.find('/') != std::string::npos) {
        findings.at(target, "'" + text.substr(0, 60) + "' is no host:port",
                    "write it as 127.0.0.1:9100; scheme and path have keys of their own");
        continue;
      }
      const auto colon = text.rfind(':');
      if (colon == std::string::npos || text.ends_with(']') || text.find(':') != colon) continue;
      const auto port = read_integer(text.substr(colon + 1));
      if (!port || *port < 1 || *port > 65535) {
        findings.at(target, "'" + text.substr(0, 60) + "' has no port from 1 to 65535", "write it as 127.0.0.1:9100");
      }
    }
  }
}

void check_file_discovery(const Node& config, Findings& findings) {
  if (config["files"].items.empty()) findings.at(config, "file_sd_configs without files", "name at least one");
  for (const Node& file : config["files"].items) {
    const std::string& text = file.text;
    const auto name = text.substr(text.rfind('/') + 1);
    const bool star_in_folder = text.substr(0, text.size() - name.size()).find('*') != std::string::npos;
    const bool ending = name.ends_with(".json") || name.ends_with(".yml") || name.ends_with(".yaml") ||
                        name.ends_with(".JSON") || name.ends_with(".YML") || name.ends_with(".YAML");
    if (ending && !star_in_folder && name.find('*') == name.rfind('*')) continue;
    findings.at(file, "'" + text.substr(0, 60) + "' cannot be watched",
                "end it with .json, .yml or .yaml; one '*' may stand in the file's name");
  }
}

void check_dns_discovery(const Node& config, Findings& findings) {
  if (config["names"].items.empty()) findings.at(config, "dns_sd_configs without names", "name at least one");
  const bool srv = !config["type"].is_scalar() || equals_ignore_case(config["type"].text, "SRV");
  if (!srv && read_integer(config["port"].text).value_or(0) == 0) {
    findings.at(config, "dns_sd_configs of type " + config["type"].text + " without a port",
                "add the port: only SRV records bring their own");
  }
}

void check_discovery(const Document& document, Findings& findings) {
  for (const Node& job : document.root["scrape_configs"].items) {
    check_static_targets(job, findings);
    for (const Node& config : job["file_sd_configs"].items) check_file_discovery(config, findings);
    for (const Node& config : job["dns_sd_configs"].items) check_dns_discovery(config, findings);
    for (const char* kind : {"file_sd_configs", "dns_sd_configs"}) {
      for (const Node& config : job[kind].items) {
        const Node& every = config["refresh_interval"];
        const auto duration = parse_duration(every.text);
        if (every.is_scalar() && duration && *duration <= Nanos{0}) {
          findings.at(every, "the refresh_interval is 0", "use 30s");
        }
      }
    }
  }
}

}  // namespace

std::span<const Rule> scrape_rules() {
  static constexpr std::array kRules{
      Rule{"scrape.not-followed", Severity::Warning, 0, "A key that only Prometheus follows",
           "The key is Prometheus' own and is read, so that a prometheus.yml can be given as it is. Mamori does "
           "something else instead, which the finding names.",
           check_not_followed},
      Rule{"scrape.timing", Severity::Error, 0, "Scrape jobs that cannot work",
           "As in Prometheus: job names are unique, paths begin with a slash, an interval is above 0, and a scrape "
           "must time out before the next begins. Source: prometheus.io/docs, configuration, scrape_config.",
           check_timing},
      Rule{"scrape.access", Severity::Error, 0, "Contradicting access to targets",
           "As in Prometheus: a request carries one kind of authorization, a secret is given once, a client "
           "certificate has its key. Source: prometheus.io/docs, configuration, scrape_config and tls_config.",
           check_access},
      Rule{"scrape.discovery", Severity::Error, 0, "Targets that cannot be found",
           "As in Prometheus: a target is host:port, a file_sd glob ends in .json, .yml or .yaml with '*' in its last "
           "part only, and DNS names need a port unless they are SRV records. Source: prometheus.io/docs, "
           "configuration, file_sd_config and dns_sd_config.",
           check_discovery},
      Rule{"scrape.relabeling", Severity::Error, 0, "A relabelling step that cannot work",
           "As in Prometheus: regular expressions are RE2, hashmod needs a modulus, an action that writes needs a "
           "target_label, and keepequal, dropequal, labelkeep and labeldrop take none of the other keys. Source: "
           "prometheus.io/docs, configuration, relabel_config.",
           check_relabeling},
  };
  return kRules;
}

}  // namespace mamori::spec
