#include "ingest/scrape_client.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/file.h"
#include "base/text.h"
#include "ingest/otlp.h"

namespace mamori::ingest {
namespace {

constexpr std::size_t kPageBytesMax = 64u << 20;  // without a body_size_limit
constexpr int kRedirectsMax = 10;                 // as Go's client, so as Prometheus

std::string_view media_type(std::string_view protocol) {
  if (protocol == "OpenMetricsText1.0.0") return "application/openmetrics-text;version=1.0.0";
  if (protocol == "OpenMetricsText0.0.1") return "application/openmetrics-text;version=0.0.1";
  if (protocol == "PrometheusText1.0.0") return "text/plain;version=1.0.0";
  if (protocol == "PrometheusText0.0.4") return "text/plain;version=0.0.4";
  return "";  // the protobuf format
}

/// The protocols in their order, with falling weights, as Prometheus writes them.
std::string accept_header(std::vector<std::string> protocols) {
  if (protocols.empty()) {
    protocols = {"OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText1.0.0", "PrometheusText0.0.4"};
  }
  std::string header;
  auto weight = protocols.size() + 1;
  for (const auto& protocol : protocols) {
    const auto type = media_type(protocol);
    if (!type.empty()) header += std::string(type) + ";q=0." + std::to_string(weight) + ",";
    --weight;
  }
  return header + "*/*;q=0." + std::to_string(weight);
}

/// Seconds as Go prints them: "10", "0.5".
std::string seconds_text(Nanos time) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::chrono::duration<double>(time).count());
  return {text.data(), end.ptr};
}

Result<std::string> read_file(const std::string& path) {
  MAMORI_TRY(auto text, read_if_there(path));
  if (!text) return Error{Code::NotFound, "there is no file " + path};
  return *std::move(text);
}

/// The text, or the file's when a file is named.
Result<std::string> text_or_file(const std::string& text, const std::string& file) {
  return file.empty() ? Result<std::string>(text) : read_file(file);
}
/// A secret in a file ends where its last line does.
Result<std::string> secret(const std::string& text, const std::string& file) {
  if (file.empty()) return text;
  MAMORI_TRY(const auto read, read_file(file));
  return std::string(trim(read));
}

bool same(const net::TlsSettings& a, const net::TlsSettings& b) {
  return a.ca == b.ca && a.cert == b.cert && a.key == b.key;
}

/// "http://user:password@proxy:3128" into URL and header.
net::Proxy to_proxy(std::string url) {
  net::Proxy proxy;
  const auto begin = url.find("://");
  const auto at = url.rfind('@');
  if (begin != std::string::npos && at != std::string::npos) {
    const auto user = net::percent_decode(url.substr(begin + 3, at - begin - 3), /*plus_is_space=*/false);
    proxy.authorization = "Basic " + base64(user);
    url.erase(begin + 3, at - begin - 2);
  }
  proxy.url = std::move(url);
  return proxy;
}

}  // namespace

ScrapeClient::ScrapeClient(const spec::ScrapeConfig& job)
    : http_(job.http),
      accept_(accept_header(job.scrape_protocols)),
      fallback_(job.fallback_scrape_protocol),
      gzip_(job.enable_compression),
      body_bytes_max_(job.limits.body_bytes > 0 ? job.limits.body_bytes : kPageBytesMax) {}

Result<net::ClientRequest> ScrapeClient::request(const std::string& url, Nanos timeout) const {
  net::ClientRequest request{.url = url, .response_bytes_max = body_bytes_max_, .accept_gzip = gzip_};
  request.headers.set("Accept", accept_);
  request.headers.set("X-Prometheus-Scrape-Timeout-Seconds", seconds_text(timeout));
  for (const auto& [name, value] : http_.headers) request.headers.add(name, value);
  for (const auto& [name, file] : http_.header_files) {
    MAMORI_TRY(const auto value, secret("", file));
    request.headers.add(name, value);
  }
  MAMORI_TRY(const auto who, authorization());
  if (!who.empty()) request.headers.set("Authorization", who);
  MAMORI_TRY(request.tls, tls());
  request.redirects_max = http_.follow_redirects ? kRedirectsMax : 0;
  if (!http_.proxy_url.empty()) request.proxy = to_proxy(http_.proxy_url);
  return request;
}

Result<std::string> ScrapeClient::authorization() const {
  if (const auto& basic = http_.basic_auth) {
    MAMORI_TRY(const auto user, secret(basic->username, basic->username_file));
    MAMORI_TRY(const auto password, secret(basic->password, basic->password_file));
    return "Basic " + base64(user + ":" + password);
  }
  if (const auto& token = http_.authorization) {
    MAMORI_TRY(const auto credentials, secret(token->credentials, token->credentials_file));
    return token->type + " " + credentials;
  }
  return std::string();
}

Result<std::shared_ptr<const net::TlsClient>> ScrapeClient::tls() const {
  const auto& config = http_.tls;
  if (config == spec::TlsConfig{}) return nullptr;  // the client's own, which all share
  net::TlsSettings now{.server_name = config.server_name,
                       .insecure_skip_verify = config.insecure_skip_verify,
                       .min_version = config.min_version,
                       .max_version = config.max_version};
  MAMORI_TRY(now.ca, text_or_file(config.ca, config.ca_file));
  MAMORI_TRY(now.cert, text_or_file(config.cert, config.cert_file));
  MAMORI_TRY(now.key, text_or_file(config.key, config.key_file));
  const std::lock_guard guard(mutex_);
  if (tls_ == nullptr || !same(tls_settings_, now)) {
    auto made = net::make_tls_client(now);
    if (!made) return Error{made.error().code, "tls_config: " + made.error().message};
    tls_ = *std::move(made);
    tls_settings_ = std::move(now);
  }
  return tls_;
}

ExpositionFormat ScrapeClient::format_of(std::string_view content_type) const {
  const auto type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
  if (type == "application/openmetrics-text" || type == "text/plain" || fallback_.empty()) {
    return exposition_format(content_type);
  }
  return fallback_.starts_with("OpenMetrics") ? ExpositionFormat::OpenMetrics : ExpositionFormat::PrometheusText;
}

}  // namespace mamori::ingest
