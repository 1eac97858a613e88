#include <snappy.h>

#include <filesystem>
#include <iostream>
#include <limits>
#include <map>
#include <optional>

#include "app/data_dir.h"
#include "app/options.h"
#include "app/transfer.h"
#include "base/time.h"
#include "ingest/sample_writer.h"
#include "metrics/promql/parser.h"
#include "metrics/store.h"
#include "net/http_client.h"

namespace mamori::app {
namespace {

constexpr Option kOptions[] = {
    {"--data", "DIR", "", "mamori's data folder, or one of its snapshots; no server may be using it"},
    {"--match", "SELECTOR", "", "series to export, such as 'up{job=\"shop\"}'; may be repeated, default all", true},
    {"--start", "TIME", "", "RFC 3339 or epoch seconds; default: the oldest sample"},
    {"--end", "TIME", "", "RFC 3339 or epoch seconds; default: the newest sample"},
    {"--format", "FORMAT", "openmetrics", "openmetrics: text on standard output; remote-write: sent to --to"},
    {"--to", "URL", "", "with remote-write: where to, such as http://127.0.0.1:9090/api/v1/write"},
};

constexpr std::size_t kMessageSamples = 10'000;  // of one remote write request
constexpr Millis kSendTimeout{30'000};

int fail(int code, const std::string& message) {
  std::cerr << "mamori export: " << message << "\n";
  return code;
}

struct Request {
  std::string data, to;
  std::vector<std::vector<metrics::Matcher>> selectors;
  std::int64_t start_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t end_ms = std::numeric_limits<std::int64_t>::max();
  bool remote_write = false;
};

Result<Request> read_request(const ParsedOptions& parsed) {
  Request request{.data = parsed.get("--data"), .to = parsed.get("--to")};
  if (!parsed.positional().empty()) return invalid_argument("unexpected argument \"" + parsed.positional()[0] + "\"");
  if (request.data.empty()) return invalid_argument("--data DIR is missing");
  for (const auto& text : parsed.all("--match")) {
    auto selector = metrics::promql::parse_selector(text);
    if (!selector) return invalid_argument("--match " + text + ": " + selector.error().message);
    request.selectors.push_back(*std::move(selector));
  }
  if (request.selectors.empty()) request.selectors.emplace_back();
  for (const auto& [option, to] : {std::pair{"--start", &request.start_ms}, std::pair{"--end", &request.end_ms}}) {
    if (!parsed.given(option)) continue;
    const auto time = parse_time(parsed.get(option));
    if (!time) return invalid_argument(std::string(option) + ": " + time.error().message);
    *to = to_millis(*time);
  }
  if (request.start_ms > request.end_ms) return invalid_argument("--start lies after --end");
  const auto format = parsed.get("--format");
  if (format != "openmetrics" && format != "remote-write")
    return invalid_argument("--format " + format + ": write openmetrics or remote-write");
  request.remote_write = format == "remote-write";
  if (request.remote_write == request.to.empty())
    return invalid_argument(request.remote_write ? "--format remote-write needs --to URL"
                                                 : "--to URL goes with --format remote-write");
  return request;
}

/// Where samples go. A metric's series come together.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<void> metric(const std::string& name, std::vector<metrics::SeriesData> series) = 0;
  virtual Result<void> finish() = 0;
};

class OpenMetricsSink final : public Sink {
 public:
  Result<void> metric(const std::string& name, std::vector<metrics::SeriesData> series) override {
    std::string text;
    bool has_head = false;
    for (const auto& one : series) {
      if (!has_head && !one.samples.empty()) ingest::write_openmetrics_head(name, text);
      has_head |= !one.samples.empty();
      histograms_ += ingest::write_openmetrics(one, text);
      std::cout << text;
      text.clear();
      if (!std::cout) return Error{Code::Io, "cannot write to standard output"};
    }
    return {};
  }
  Result<void> finish() override {
    std::cout << "# EOF\n" << std::flush;
    if (!std::cout) return Error{Code::Io, "cannot write to standard output"};
    if (histograms_ > 0) {
      std::cerr << "mamori export: " << histograms_
                << " native histograms were left out, which the text cannot say; use --format remote-write\n";
    }
    return {};
  }

 private:
  std::size_t histograms_ = 0;
};

class RemoteWriteSink final : public Sink {
 public:
  explicit RemoteWriteSink(std::string url) : url_(std::move(url)) {}

  Result<void> metric(const std::string&, std::vector<metrics::SeriesData> series) override {
    for (auto& one : series) {
      // Long series go in pieces, in order.
      for (std::size_t at = 0; at < one.samples.size(); at += kMessageSamples) {
        const auto end = std::min(one.samples.size(), at + kMessageSamples);
        metrics::SeriesData piece{.labels = one.labels, .samples = {}, .histograms = {}};
        piece.samples.assign(one.samples.begin() + static_cast<std::ptrdiff_t>(at),
                             one.samples.begin() + static_cast<std::ptrdiff_t>(end));
        MAMORI_TRY_VOID(add(std::move(piece)));
      }
      if (!one.histograms.empty())
        MAMORI_TRY_VOID(add({.labels = one.labels, .samples = {}, .histograms = std::move(one.histograms)}));
    }
    return {};
  }

  Result<void> finish() override {
    MAMORI_TRY_VOID(send());
    std::cerr << "sent " << sent_ << " samples\n";
    return {};
  }

 private:
  Result<void> add(metrics::SeriesData piece) {
    held_ += piece.samples.size() + piece.histograms.size();
    batch_.push_back(std::move(piece));
    return held_ >= kMessageSamples ? send() : Result<void>{};
  }

  Result<void> send() {
    if (batch_.empty()) return {};
    const auto message = ingest::remote_write_message(batch_);
    net::ClientRequest request{.method = "POST", .url = url_, .headers = {}, .body = {}};
    snappy::Compress(message.data(), message.size(), &request.body);
    request.headers.set("Content-Type", "application/x-protobuf");
    request.headers.set("Content-Encoding", "snappy");
    request.headers.set("X-Prometheus-Remote-Write-Version", "0.1.0");
    MAMORI_TRY(const auto response, net::send(request, kSendTimeout));
    if (response.status / 100 != 2) {
      return Error{Code::Unavailable, "the receiver answered " + std::to_string(response.status) + ": " +
                                          response.body.substr(0, 300) + " (after " + std::to_string(sent_) +
                                          " samples were taken)"};
    }
    sent_ += held_;
    held_ = 0;
    batch_.clear();
    return {};
  }

  const std::string url_;
  std::vector<metrics::SeriesData> batch_;
  std::size_t held_ = 0;
  std::uint64_t sent_ = 0;
};

/// A snapshot is a store's folder itself; no server is at it.
bool is_store(const std::string& path) { return std::filesystem::exists(path + "/LAYOUT"); }

Result<void> export_all(const Request& request) {
  std::optional<DataDir> lock;
  if (!is_store(request.data)) {
    if (!is_store(request.data + "/metrics"))
      return invalid_argument("there are no metrics in " + request.data +
                              ": give the --data of mamori serve, or a snapshot");
    MAMORI_TRY(auto data_dir, DataDir::open(request.data));
    lock.emplace(std::move(data_dir));
  }
  const SystemClock clock;
  std::vector<std::string> warnings;
  metrics::StoreOptions options;
  options.retention = std::chrono::days{36'500};
  options.background = false;  // nothing is written or merged
  MAMORI_TRY(const auto store,
             metrics::Store::open(lock ? request.data + "/metrics" : request.data, options, clock, warnings));
  for (const auto& warning : warnings) std::cerr << "warning: " << warning << "\n";
  std::unique_ptr<Sink> sink;
  if (request.remote_write) {
    sink = std::make_unique<RemoteWriteSink>(request.to);
  } else {
    sink = std::make_unique<OpenMetricsSink>();
  }
  // A metric at a time: only its samples are in memory, and OpenMetrics wants them together.
  std::map<std::string, bool> names;
  for (const auto& selector : request.selectors) {
    for (const auto& labels : store->series(selector, request.start_ms, request.end_ms))
      names[std::string(labels.get(metrics::kMetricName))] = true;
  }
  for (const auto& [name, present] : names) {
    std::map<metrics::Labels, metrics::SeriesData> series;
    for (auto selector : request.selectors) {
      MAMORI_TRY(auto of_name,
                 metrics::Matcher::make(std::string(metrics::kMetricName), metrics::MatchOp::Equal, name));
      selector.push_back(std::move(of_name));
      for (auto& data : store->select(selector, request.start_ms, request.end_ms))
        series.insert_or_assign(data.labels, std::move(data));
    }
    std::vector<metrics::SeriesData> sorted;
    for (auto& [labels, data] : series) sorted.push_back(std::move(data));
    MAMORI_TRY_VOID(sink->metric(name, std::move(sorted)));
  }
  return sink->finish();
}

}  // namespace

std::string export_help() {
  return "usage: mamori export --data DIR [options]\n\n"
         "Writes stored samples as OpenMetrics text to standard output, or sends them by remote write.\n\n"
         "examples:\n"
         "  mamori export --data /var/lib/mamori --match payments_total > payments.om\n"
         "  promtool tsdb create-blocks-from openmetrics payments.om blocks/\n"
         "  mamori export --data /var/lib/mamori --format remote-write --to http://127.0.0.1:9090/api/v1/write\n\n"
         "options:\n" +
         options_help(kOptions) + "\nexit codes: 0 done, 1 failed (disk, receiver), 2 usage\n";
}

int run_export(std::span<const std::string_view> args) {
  const auto parsed = parse_options(kOptions, args);
  if (!parsed) return fail(2, parsed.error().message + "; see 'mamori help export'");
  const auto request = read_request(*parsed);
  if (!request) return fail(2, request.error().message);
  const auto done = export_all(*request);
  return done ? 0 : fail(1, done.error().message);
}

}  // namespace mamori::app
