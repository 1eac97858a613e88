#include <unistd.h>

#include <iostream>

#include "app/data_dir.h"
#include "app/options.h"
#include "app/transfer.h"
#include "base/time.h"
#include "ingest/prometheus_block.h"
#include "metrics/store.h"

namespace mamori::app {
namespace {

constexpr Option kOptions[] = {
    {"--data", "DIR", "", "mamori's data folder; made if missing. No server may be using it"},
    {"--quiet", "", "", "say nothing but errors and the last line"},
};

constexpr std::size_t kBatchSamples = 20'000;  // what becomes durable together

int fail(int code, const std::string& message) {
  std::cerr << "mamori import: " << message << "\n";
  return code;
}

struct Counts {
  std::uint64_t samples = 0, written = 0, known = 0, refused = 0;
  std::string first_refused;
};

/// Copies blocks into a store, in batches.
class Importer {
 public:
  Importer(metrics::Store& store, bool quiet) : store_(store), quiet_(quiet), terminal_(::isatty(2) != 0) {}

  Result<void> import(const ingest::PrometheusBlock& block) {
    total_ = block.info().samples;
    const auto before = counts_.samples;
    name_ = block.info().ulid;
    MAMORI_TRY_VOID(block.each_series([&](const metrics::SeriesData& data) -> Result<void> {
      MAMORI_TRY_VOID(take(data));
      if (!quiet_ && terminal_) progress(counts_.samples - before, false);
      return {};
    }));
    MAMORI_TRY_VOID(flush());
    if (!quiet_) progress(counts_.samples - before, true);
    return {};
  }

  const Counts& counts() const { return counts_; }

 private:
  Result<void> take(const metrics::SeriesData& data) {
    const auto series = store_.find_or_create(data.labels);
    if (!series) {
      counts_.refused += data.samples.size() + data.histograms.size();
      if (counts_.first_refused.empty()) counts_.first_refused = series.error().message;
      return {};
    }
    for (const auto& [time_ms, value] : data.samples) {
      batch_.samples.push_back({*series, time_ms, value});
      if (batch_.samples.size() >= kBatchSamples) MAMORI_TRY_VOID(flush());
    }
    for (const auto& [time_ms, value] : data.histograms) {
      batch_.histograms.push_back({*series, time_ms, value});
      if (batch_.histograms.size() >= kBatchSamples) MAMORI_TRY_VOID(flush());
    }
    counts_.samples += data.samples.size() + data.histograms.size();
    return {};
  }

  Result<void> flush() {
    if (batch_.samples.empty() && batch_.histograms.empty()) return {};
    MAMORI_TRY(const auto outcome, store_.write(batch_));
    counts_.written += outcome.written;
    counts_.known += outcome.duplicate;
    counts_.refused += outcome.refused();
    if (counts_.first_refused.empty()) counts_.first_refused = outcome.first_refused;
    batch_.samples.clear();
    batch_.histograms.clear();
    return {};
  }

  void progress(std::uint64_t done, bool last) {
    const auto percent = total_ == 0 ? 100 : std::min<std::uint64_t>(100, done * 100 / total_);
    if (!last && percent == shown_) return;
    shown_ = last ? 101 : percent;
    std::cerr << (terminal_ ? "\r" : "") << name_ << ": " << done << " samples";
    if (!last) std::cerr << " (" << percent << " %)";
    std::cerr << (last ? "          \n" : "") << std::flush;
  }

  metrics::Store& store_;
  const bool quiet_, terminal_;
  metrics::WriteBatch batch_;
  Counts counts_;
  std::string name_;
  std::uint64_t total_ = 0, shown_ = 101;
};

Result<void> import_all(const std::string& source, const std::string& data, bool quiet) {
  MAMORI_TRY(const auto dirs, ingest::find_prometheus_blocks(source));
  MAMORI_TRY(const auto data_dir, DataDir::open(data));
  const SystemClock clock;
  std::vector<std::string> warnings;
  metrics::StoreOptions options;
  // The server's, not this program's, to decide; and what is imported is older than what is there.
  options.retention = options.out_of_order_window = std::chrono::days{36'500};
  options.ahead_max = Nanos{0};
  options.new_series_per_minute_max = 0;
  MAMORI_TRY(auto store, metrics::Store::open(data_dir.path() + "/metrics", options, clock, warnings));
  for (const auto& warning : warnings) std::cerr << "warning: " << warning << "\n";
  Importer importer(*store, quiet);
  std::int64_t oldest_ms = std::numeric_limits<std::int64_t>::max();
  for (const auto& dir : dirs) {
    MAMORI_TRY(const auto block, ingest::PrometheusBlock::open(dir));
    oldest_ms = std::min(oldest_ms, block->info().start_ms);
    MAMORI_TRY_VOID(importer.import(*block));
  }
  MAMORI_TRY_VOID(store->sync());
  const auto& counts = importer.counts();
  std::cout << "imported " << counts.written << " samples from " << dirs.size()
            << (dirs.size() == 1 ? " block" : " blocks");
  if (counts.known > 0) std::cout << ", " << counts.known << " were there already";
  std::cout << "\n";
  if (counts.refused > 0) {
    std::cerr << "mamori import: " << counts.refused << " samples were refused; the first: " << counts.first_refused
              << "\n";
  }
  const auto days = (to_millis(clock.now()) - oldest_ms) / 86'400'000 + 1;
  if (days > 15) {
    std::cerr << "the oldest samples are " << days << " days old: start with 'mamori serve --retention-metrics " << days
              << "d' or longer, or its retention deletes them\n";
  }
  return {};
}

}  // namespace

std::string import_help() {
  return "usage: mamori import prometheus DIR --data DIR\n\n"
         "Copies Prometheus' storage (the blocks in its data folder, or one block or snapshot) into mamori's data\n"
         "folder. Prometheus may go on meanwhile; what it still holds in memory is in no block, so make a snapshot\n"
         "first (POST /api/v1/admin/tsdb/snapshot) to have everything. Deleted samples stay deleted; native "
         "histograms\n"
         "come along. Running it again does no harm: what is there already is left as it is.\n\n"
         "example: mamori import prometheus /var/lib/prometheus/metrics2 --data /var/lib/mamori\n\n"
         "options:\n" +
         options_help(kOptions) + "\nexit codes: 0 done, 1 a block is damaged or the disk failed, 2 usage\n";
}

int run_import(std::span<const std::string_view> args) {
  const auto parsed = parse_options(kOptions, args);
  if (!parsed) return fail(2, parsed.error().message + "; see 'mamori help import'");
  const auto& positional = parsed->positional();
  if (positional.size() != 2 || positional[0] != "prometheus")
    return fail(2, "write: mamori import prometheus DIR --data DIR");
  if (parsed->get("--data").empty()) return fail(2, "--data DIR is missing: where shall the samples go?");
  const auto done = import_all(positional[1], parsed->get("--data"), parsed->given("--quiet"));
  if (done) return 0;
  const bool usage = done.error().code == Code::NotFound || done.error().code == Code::InvalidArgument;
  return fail(usage ? 2 : 1, done.error().message);
}

}  // namespace mamori::app
