// ingest/scrape_client.h: how the targets of one job are asked: which formats, with which credentials, over which TLS.
// What always holds: files with secrets and certificates are read at each scrape, so a new one counts at once; a secret
// is in no error message.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ingest/exposition.h"
#include "net/http_client.h"
#include "spec/prometheus_config.h"

namespace mamori::ingest {

/// Thread-safe.
class ScrapeClient {
 public:
  explicit ScrapeClient(const spec::ScrapeConfig& job);

  /// Errors: Io, NotFound for a file that cannot be read; InvalidArgument for a certificate that is none.
  Result<net::ClientRequest> request(const std::string& url, Nanos timeout) const;

  /// By a page's Content-Type; what that does not say, fallback_scrape_protocol says.
  ExpositionFormat format_of(std::string_view content_type) const;

 private:
  Result<std::string> authorization() const;
  Result<std::shared_ptr<const net::TlsClient>> tls() const;

  const spec::HttpClientConfig http_;
  const std::string accept_;
  const std::string fallback_;
  const bool gzip_;
  const std::size_t body_bytes_max_;
  mutable std::mutex mutex_;  // guards what follows
  mutable net::TlsSettings tls_settings_;
  mutable std::shared_ptr<const net::TlsClient> tls_;  // made of tls_settings_
};

}  // namespace mamori::ingest
