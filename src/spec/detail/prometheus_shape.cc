// Every key of a prometheus.yml, those of other mechanisms too: a misspelt key is an error, one that only Prometheus
// follows a warning (rules_scrape.cc says what happens instead).
// Source: prometheus.io/docs/prometheus/latest/configuration/configuration.
#include "spec/detail/prometheus_shape.h"

#include <array>

#include "spec/detail/shapes.h"

namespace mamori::spec {

namespace {

constexpr double kLimitMax = 9e15;  // whole numbers beyond are no doubles any more

Shape words() { return of(Type::AnyText); }
Shape yes_no() { return of(Type::YamlFlag); }
Shape time() { return of(Type::PrometheusDuration); }
Shape limit() { return integer(0, kLimitMax); }
Shape any() { return of(Type::Any); }
/// Label names are UTF-8 text since Prometheus 3.
Shape labels() { return keyed(words(), R"((?s).+)", "label names, not empty"); }

/// "key:" with nothing behind it means the default everywhere in a prometheus.yml.
Shape allow_null(Shape shape) {
  shape.may_be_null = true;
  for (Field& field : shape.fields) field.shape = allow_null(std::move(field.shape));
  for (Shape& part : shape.parts) {
    part = allow_null(std::move(part));
    if (shape.type == Type::List) part.may_be_null = false;
  }
  return shape;
}

void append(std::vector<Field>& fields, std::vector<Field> more) {
  for (Field& field : more) fields.push_back(std::move(field));
}

Shape tls_config() {
  const Shape version = choice({"TLS10", "TLS11", "TLS12", "TLS13"});
  return map({
      key("ca", words(), "PEM"),
      key("ca_file", words()),
      key("cert", words(), "PEM"),
      key("cert_file", words()),
      key("key", words(), "PEM"),
      key("key_file", words()),
      key("server_name", words(), "the name that the certificate must carry, and SNI"),
      key("insecure_skip_verify", yes_no()),
      key("min_version", version, "default `TLS12`"),
      key("max_version", version),
  });
}

std::vector<Field> http_client_fields() {
  const Shape header = map({key("values", list(words())), key("secrets", list(words())),
                            key("files", list(words()), "read at each scrape")});
  return {
      key("basic_auth", map({key("username", words()), key("username_file", words()), key("password", words()),
                             key("password_file", words(), "read at each scrape")})),
      key("authorization", map({key("type", words(), "default `Bearer`"), key("credentials", words()),
                                key("credentials_file", words(), "read at each scrape")})),
      key("bearer_token", words(), "as `authorization.credentials`"),
      key("bearer_token_file", words(), "as `authorization.credentials_file`"),
      later("oauth2", any()),
      key("tls_config", tls_config()),
      key("follow_redirects", yes_no(), "default true"),
      later("enable_http2", yes_no()),
      key("proxy_url", words(), "an http proxy; https targets are reached through CONNECT"),
      later("no_proxy", words()),
      later("proxy_from_environment", yes_no()),
      later("proxy_connect_header", any()),
      key("http_headers", keyed(header, "[!-9;-~]{1,256}", "names of HTTP headers")),
  };
}

Shape relabel_configs() {
  Shape action = choice({"replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop",
                         "labelkeep", "lowercase", "uppercase"});
  action.any_case = true;
  return list(map({
      key("source_labels", list(words())),
      key("separator", words(), "default `;`"),
      key("target_label", words()),
      key("regex", words(), "RE2, anchored at both ends; default `(.*)`"),
      key("modulus", limit()),
      key("replacement", words(), "default `$1`"),
      key("action", action, "default `replace`"),
  }));
}

std::vector<Field> limit_fields() {
  return {
      key("body_size_limit", of(Type::Bytes), "unpacked; above it the scrape fails"),
      key("sample_limit", limit(), "after metric_relabel_configs; above it the scrape fails"),
      key("target_limit", limit(), "after relabel_configs; above it no target of the job is scraped"),
      key("label_limit", limit()),
      key("label_name_length_limit", limit(), "bytes"),
      key("label_value_length_limit", limit(), "bytes"),
      key("keep_dropped_targets", limit(), "how many dropped targets are shown"),
  };
}

/// What may stand in global and in a job.
std::vector<Field> common_fields() {
  const Shape protocol = choice({"PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0",
                                 "PrometheusText0.0.4", "PrometheusText1.0.0"});
  std::vector<Field> fields = {
      key("scrape_interval", time(), "default `1m`"),
      key("scrape_timeout", time(), "default `10s`, or the interval when that is shorter"),
      key("scrape_protocols", list(protocol), "asked for in this order"),
      later("scrape_native_histograms", yes_no()),
      later("convert_classic_histograms_to_nhcb", yes_no()),
      later("always_scrape_classic_histograms", yes_no()),
      later("scrape_failure_log_file", words()),
      later("metric_name_validation_scheme", choice({"", "legacy", "utf8"})),
      later("metric_name_escaping_scheme", choice({"allow-utf-8", "underscores", "dots", "values"})),
      key("extra_scrape_metrics", yes_no(),
          "also store `scrape_timeout_seconds`, `scrape_sample_limit`, `scrape_body_size_bytes`"),
  };
  append(fields, limit_fields());
  return fields;
}

Shape global() {
  std::vector<Field> fields = common_fields();
  append(fields, {
                     key("evaluation_interval", time(), "default `1m`"),
                     key("rule_query_offset", time(), "default `0s`"),
                     later("external_labels", labels(), "`$NAME` and `${NAME}` are taken from the environment"),
                     later("query_log_file", words()),
                 });
  return map(std::move(fields));
}

Shape scrape_configs() {
  const Shape protocol = choice({"", "PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0",
                                 "PrometheusText0.0.4", "PrometheusText1.0.0"});
  std::vector<Field> fields = {
      required("job_name", text()),
      key("metrics_path", words(), "default `/metrics`"),
      key("scheme", choice({"http", "https"}), "default `http`"),
      key("honor_labels", yes_no(), "the page's own labels win over the target's"),
      key("honor_timestamps", yes_no(), "default true"),
      key("track_timestamps_staleness", yes_no(), "staleness markers for samples with times of their own, too"),
      key("enable_compression", yes_no(), "default true"),
      key("fallback_scrape_protocol", protocol, "how a page without a known Content-Type is read"),
      key("params", keyed(list(words()), R"((?s).+)", "names of URL parameters")),
      key("static_configs", list(map({key("targets", list(words()), "host:port"), key("labels", labels())}))),
      key("file_sd_configs", list(map({key("files", list(words()), "globs ending in .json, .yml or .yaml"),
                                       key("refresh_interval", time(), "default `5m`; a change is seen at once")}))),
      key("dns_sd_configs", list(map({key("names", list(words())),
                                      [] {
                                        Shape type = choice({"SRV", "A", "AAAA", "MX", "NS"});
                                        type.any_case = true;
                                        return key("type", std::move(type), "default `SRV`");
                                      }(),
                                      key("port", integer(0, 65535), "needed by all types but SRV"),
                                      key("refresh_interval", time(), "default `30s`")}))),
      key("relabel_configs", relabel_configs(), "of targets, before they are scraped"),
      key("metric_relabel_configs", relabel_configs(), "of samples, before they are stored"),
      later("scrape_classic_histograms", yes_no()),
      later("native_histogram_bucket_limit", limit()),
      later("native_histogram_min_bucket_factor", number(0, 1e9)),
  };
  append(fields, common_fields());
  append(fields, http_client_fields());
  for (const std::string_view name : foreign_discoveries()) fields.push_back(later(std::string(name), any()));
  return list(map(std::move(fields)));
}

}  // namespace

std::span<const std::string_view> foreign_discoveries() {
  static constexpr std::array<std::string_view, 29> kNames{
      "aws_sd_configs",        "azure_sd_configs",       "consul_sd_configs",    "digitalocean_sd_configs",
      "docker_sd_configs",     "dockerswarm_sd_configs", "ec2_sd_configs",       "eureka_sd_configs",
      "gce_sd_configs",        "hetzner_sd_configs",     "http_sd_configs",      "ionos_sd_configs",
      "kubernetes_sd_configs", "kuma_sd_configs",        "lightsail_sd_configs", "linode_sd_configs",
      "marathon_sd_configs",   "nerve_sd_configs",       "nomad_sd_configs",     "openstack_sd_configs",
      "outscale_sd_configs",   "ovhcloud_sd_configs",    "puppetdb_sd_configs",  "scaleway_sd_configs",
      "serverset_sd_configs",  "stackit_sd_configs",     "triton_sd_configs",    "uyuni_sd_configs",
      "vultr_sd_configs"};
  return kNames;
}

std::vector<Field> prometheus_sections() {
  std::vector<Field> sections = {
      key("global", global(), "as in a prometheus.yml"),
      key("scrape_configs", scrape_configs(), "as in a prometheus.yml"),
      key("scrape_config_files", list(words()), "globs of files with more `scrape_configs`"),
      key("rule_files", list(words()), "globs of files with recording and alerting rules"),
      later("alerting", any()),
      later("remote_write", any()),
      later("remote_read", any()),
      later("otlp", any()),
      later("storage", any()),
      later("tracing", any()),
      later("runtime", any()),
  };
  for (Field& section : sections) section.shape = allow_null(std::move(section.shape));
  return sections;
}

}  // namespace mamori::spec
