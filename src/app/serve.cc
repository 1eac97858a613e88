#include "app/serve.h"

#include <csignal>
#include <iostream>

#include "app/data_dir.h"
#include "app/options.h"
#include "app/rule_files.h"
#include "app/runtime.h"
#include "base/log.h"
#include "base/memory_gauge.h"
#include "base/size.h"
#include "base/text.h"
#include "metrics/store.h"
#include "net/http_server.h"

namespace mamori::app {
namespace {

constexpr int kExitUsage = 2;
constexpr int kExitSpec = 3;

constexpr Option kOptions[] = {
    {"--config", "FILE", "", "the spec; may be given several times, the files are merged. Read again on SIGHUP", true},
    {"--rules", "FILE", "",
     "a file of recording and alerting rules, or a glob in quotes, besides the rule_files of a prometheus.yml; may be "
     "given several times. Read again on SIGHUP",
     true},
    {"--rules-concurrency", "NUMBER", "4", "groups of rules that are evaluated at once; 1 to 64"},
    {"--data", "DIR", "", "where everything that must survive is kept; made if missing, one process at a time"},
    {"--listen", "ADDRESS:PORT", "127.0.0.1:9650", "a loopback address; port 0 takes a free one"},
    {"--fsync", "WHEN", "interval",
     "always: each write waits for the disk; interval: once a second, a power cut may cost that much; never: the "
     "kernel decides"},
    {"--memory-limit", "SIZE", "60%",
     "what the process may use: 512MiB, 4GiB, or a share of the machine's memory or its control group's; 0: no limit. "
     "Near it heavy queries are refused"},
    {"--query-timeout", "DURATION", "2m", "longest time of a PromQL query, waiting included; 1s to 1h"},
    {"--query-max-samples", "NUMBER", "50000000", "samples that one query may hold at once; from 1000"},
    {"--query-max-memory", "SIZE", "25%", "memory of one query: a size, or a share of --memory-limit; from 1MiB"},
    {"--query-concurrency", "NUMBER", "8", "queries that run at once; 1 to 100"},
    {"--query-queue", "NUMBER", "40", "queries that wait for a place, half of them of one client at most; to 1000"},
    {"--retention-metrics", "DURATION", "15d", "how long samples are kept; log lines are kept as the spec says"},
    {"--retention-size", "SIZE", "0",
     "what the parts may take on the disk, without the log: the oldest go first; 0: no bound"},
    {"--out-of-order-window", "DURATION", "0s",
     "samples that come late are taken when they are older than the newest of all by at most this; to 3650d"},
    {"--ahead-max", "DURATION", "10m", "samples further in the future than this are refused; 0s: none"},
    {"--series-max", "NUMBER", "5000000", "series in the store, about 500 bytes of memory each; 0: no bound"},
    {"--new-series-per-minute-max", "NUMBER", "1000000",
     "what a label with a request's number in it makes; 0: no bound"},
    {"--labels-per-series-max", "NUMBER", "128", "0: no bound"},
    {"--label-name-bytes-max", "BYTES", "1024", "0: no bound"},
    {"--label-value-bytes-max", "BYTES", "16384", "0: no bound"},
    {"--body-bytes-max", "BYTES", "67108864", "largest request body, unpacked; 1024 to 1073741824"},
    {"--otlp-bytes-max", "BYTES", "16777216", "largest OTLP request, unpacked; 1024 to 1073741824"},
    {"--exemplars-max", "NUMBER", "10000", "exemplars kept in memory, the newest; 0: none; to 10000000"},
    {"--remote-write-bytes-max", "BYTES", "33554432", "largest remote-write message after snappy; 1024 to 1073741824"},
    {"--remote-write-cache-max", "SERIES", "2000000",
     "series that remote write recognises without reading their labels, 16 to 51 bytes of memory each; at least twice "
     "the active ones; 1000 to 100000000"},
    {"--cors-origin", "REGEX", ".*",
     "pages of which origins may read Prometheus' API: the whole origin must match, as in "
     "'https?://grafana\\.example'"},
    {"--enable-admin-api", "", "", "lets POST /api/v1/admin/tsdb/... delete series and make snapshots"},
    {"--enable-feature", "NAMES", "",
     "as in Prometheus: promql-experimental-functions, promql-duration-expr, promql-extended-range-selectors, "
     "promql-binop-fill-modifiers, promql-delayed-name-removal; commas between them, may be repeated",
     true},
    {"--log-level", "LEVEL", "info", "debug, info, warn or error"},
};

int fail(int code, const std::string& message) {
  std::cerr << "mamori serve: " << message << "\n";
  return code;
}

Result<std::size_t> read_number(const ParsedOptions& parsed, std::string_view name, std::size_t min, std::size_t max) {
  const auto text = parsed.get(name);
  if (text.empty() || text.size() > 10 || text.find_first_not_of("0123456789") != std::string::npos) {
    return invalid_argument(std::string(name) + " " + text + " is not a whole number");
  }
  const auto number = std::stoul(text);
  if (number < min || number > max) {
    return invalid_argument(std::string(name) + " must be from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return number;
}

/// A size, or "60%" of `whole`.
Result<std::uint64_t> read_share(const ParsedOptions& parsed, std::string_view name, std::uint64_t whole) {
  const auto text = parsed.get(name);
  if (!text.ends_with('%')) {
    const auto size = parse_size(text);
    if (!size) return invalid_argument(std::string(name) + ": " + size.error().message);
    return *size;
  }
  const auto percent = text.substr(0, text.size() - 1);
  if (percent.empty() || percent.size() > 3 || percent.find_first_not_of("0123456789") != std::string::npos ||
      std::stoul(percent) < 1 || std::stoul(percent) > 100) {
    return invalid_argument(std::string(name) + " " + text + ": a share is from 1% to 100%");
  }
  constexpr std::uint64_t kMiB = 1 << 20;
  return std::max(kMiB, whole / 100 * std::stoul(percent) / kMiB * kMiB);
}

Result<void> read_query_options(const ParsedOptions& parsed, RuntimeOptions& options) {
  constexpr std::uint64_t kMiB = 1 << 20;
  const auto machine = MemoryGauge::machine_bytes();
  MAMORI_TRY(options.memory_limit, read_share(parsed, "--memory-limit", machine));
  if (options.memory_limit != 0 && options.memory_limit < 64 * kMiB) {
    return invalid_argument("--memory-limit must be at least 64MiB, or 0 for none");
  }
  const auto whole = options.memory_limit == 0 ? machine : options.memory_limit;
  MAMORI_TRY(options.query.bytes_max, read_share(parsed, "--query-max-memory", whole));
  if (options.query.bytes_max < kMiB) return invalid_argument("--query-max-memory must be at least 1MiB");
  const auto timeout = parse_duration(parsed.get("--query-timeout"));
  if (!timeout) return invalid_argument("--query-timeout: " + timeout.error().message);
  if (*timeout < Seconds{1} || *timeout > std::chrono::hours{1}) {
    return invalid_argument("--query-timeout must be from 1s to 1h");
  }
  options.query.timeout = *timeout;
  MAMORI_TRY(options.query.samples_max, read_number(parsed, "--query-max-samples", 1000, 9'999'999'999));
  MAMORI_TRY(options.query.concurrency, read_number(parsed, "--query-concurrency", 1, 100));
  MAMORI_TRY(options.query.waiting_max, read_number(parsed, "--query-queue", 0, 1000));
  return {};
}

Result<Nanos> read_duration(const ParsedOptions& parsed, std::string_view name, Nanos min, Nanos max) {
  const auto text = parsed.get(name);
  const auto duration = text == "0" ? Result<Nanos>(Nanos{0}) : parse_duration(text);
  if (!duration) return invalid_argument(std::string(name) + ": " + duration.error().message);
  if (*duration < min || *duration > max) {
    return invalid_argument(std::string(name) + " must be from " + format_duration(min) + " to " +
                            format_duration(max));
  }
  return *duration;
}

Result<void> read_store_options(const ParsedOptions& parsed, metrics::StoreOptions& options) {
  constexpr Nanos kLongest = std::chrono::days{36'500};
  constexpr std::size_t kMost = 4'000'000'000;  // series are numbered with 32 bits
  MAMORI_TRY(options.retention, read_duration(parsed, "--retention-metrics", Seconds{60}, kLongest));
  MAMORI_TRY(options.out_of_order_window,
             read_duration(parsed, "--out-of-order-window", Nanos{0}, std::chrono::days{3'650}));
  MAMORI_TRY(options.ahead_max, read_duration(parsed, "--ahead-max", Nanos{0}, kLongest));
  const auto size = parse_size(parsed.get("--retention-size"));
  if (!size) return invalid_argument("--retention-size: " + size.error().message);
  options.retention_bytes = *size;
  if (*size != 0 && *size < 1 << 20)
    return invalid_argument("--retention-size must be at least 1MiB, or 0 for no bound");
  MAMORI_TRY(options.series_max, read_number(parsed, "--series-max", 0, kMost));
  MAMORI_TRY(options.new_series_per_minute_max, read_number(parsed, "--new-series-per-minute-max", 0, kMost));
  MAMORI_TRY(options.labels_per_series_max, read_number(parsed, "--labels-per-series-max", 0, kMost));
  MAMORI_TRY(options.label_name_bytes_max, read_number(parsed, "--label-name-bytes-max", 0, kMost));
  MAMORI_TRY(options.label_value_bytes_max, read_number(parsed, "--label-value-bytes-max", 0, kMost));
  return {};
}

Result<void> read_features(const ParsedOptions& parsed, RuntimeOptions& options) {
  for (const auto& given : parsed.all("--enable-feature")) {
    for (const auto name : split(given, ',')) {
      auto& features = options.features;
      bool* feature = name == "promql-experimental-functions"     ? &features.experimental_functions
                      : name == "promql-duration-expr"            ? &features.duration_expressions
                      : name == "promql-extended-range-selectors" ? &features.extended_ranges
                      : name == "promql-binop-fill-modifiers"     ? &features.fill_modifiers
                      : name == "promql-delayed-name-removal"     ? &options.delayed_name_removal
                                                                  : nullptr;
      if (feature == nullptr) {
        return invalid_argument("--enable-feature " + std::string(name) + " is none; 'mamori help serve' lists them");
      }
      *feature = true;
    }
  }
  return {};
}

Result<RuntimeOptions> read_options(const ParsedOptions& parsed) {
  RuntimeOptions options;
  if (!parsed.positional().empty()) {
    return invalid_argument("unexpected argument \"" + parsed.positional()[0] +
                            "\"; the spec is given with --config FILE");
  }
  options.config_files = parsed.all("--config");
  options.rule_files = parsed.all("--rules");
  MAMORI_TRY(options.rules_concurrency, read_number(parsed, "--rules-concurrency", 1, 64));
  options.data_dir = parsed.get("--data");
  if (options.data_dir.empty()) return invalid_argument("--data DIR is missing: where shall logs and metrics be kept?");
  options.listen = parsed.get("--listen");

  const auto fsync = parsed.get("--fsync");
  if (fsync == "always") {
    options.fsync = Fsync::Always;
  } else if (fsync == "never") {
    options.fsync = Fsync::Never;
  } else if (fsync != "interval") {
    return invalid_argument("--fsync " + fsync + ": write always, interval or never");
  }

  MAMORI_TRY_VOID(read_store_options(parsed, options.metrics));
  MAMORI_TRY_VOID(read_query_options(parsed, options));
  MAMORI_TRY(options.body_bytes_max, read_number(parsed, "--body-bytes-max", 1024, 1073741824));
  MAMORI_TRY(options.otlp.body_bytes_max, read_number(parsed, "--otlp-bytes-max", 1024, 1073741824));
  MAMORI_TRY(options.exemplars_max, read_number(parsed, "--exemplars-max", 0, 10000000));
  MAMORI_TRY(options.remote_write.decoded_bytes_max, read_number(parsed, "--remote-write-bytes-max", 1024, 1073741824));
  MAMORI_TRY(options.remote_write.cache_entries_max, read_number(parsed, "--remote-write-cache-max", 1000, 100000000));

  options.cors_origin = parsed.get("--cors-origin");
  if (const auto regex = metrics::Matcher::make("origin", metrics::MatchOp::Regex, options.cors_origin); !regex)
    return invalid_argument("--cors-origin: " + regex.error().message);
  options.enable_admin_api = parsed.given("--enable-admin-api");
  MAMORI_TRY_VOID(read_features(parsed, options));

  const auto level = parsed.get("--log-level");
  if (level == "debug") {
    set_log_level(LogLevel::Debug);
  } else if (level == "warn") {
    set_log_level(LogLevel::Warn);
  } else if (level == "error") {
    set_log_level(LogLevel::Error);
  } else if (level != "info") {
    return invalid_argument("--log-level " + level + ": write debug, info, warn or error");
  }
  return options;
}

/// The signals that this program answers to; blocked before any thread starts, so that only wait_for_signals sees them.
sigset_t handled_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

void wait_for_signals(Runtime& runtime, const sigset_t& signals) {
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) {
      log_info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      return;
    }
    // A failed reload is logged by reload() itself; the old spec goes on.
    [[maybe_unused]] const auto outcome = runtime.reload();
  }
}

}  // namespace

std::string serve_help() {
  return "usage: mamori serve [--config FILE]... --data DIR [options]\n\n"
         "Takes in logs (Elasticsearch _bulk) and metrics (Prometheus scrape and remote write, OTLP), judges them by "
         "the\n"
         "spec, notifies, and shows the page at http://ADDRESS:PORT/ui/. Without --config it accepts every stream, "
         "scrapes\n"
         "itself, and judges nothing.\n\n"
         "example: mamori serve --config config/payment-platform.yaml --data /var/lib/mamori\n\n"
         "options:\n" +
         options_help(kOptions) +
         "\nsignals: SIGHUP reads the spec again (so does POST /-/reload); SIGTERM and SIGINT end cleanly\n"
         "exit codes: 0 ended cleanly, 1 failed while running, 2 usage or environment, 3 the spec cannot be worked "
         "by\n";
}

int run_serve(std::span<const std::string_view> args) {
  const auto parsed = parse_options(kOptions, args);
  if (!parsed) return fail(kExitUsage, parsed.error().message + "; see 'mamori help serve'");
  const auto options = read_options(*parsed);
  if (!options) return fail(kExitUsage, options.error().message);
  if (!net::is_loopback(options->listen)) {
    return fail(kExitUsage, "--listen " + options->listen +
                                " is refused: there is no authentication yet, so only loopback addresses are served; "
                                "use 127.0.0.1:PORT, with a proxy that authenticates in front");
  }

  spec::Loaded loaded;
  if (!options->config_files.empty()) {
    auto read = spec::load(options->config_files);
    if (!read) return fail(kExitUsage, read.error().message);
    loaded = *std::move(read);
    for (const auto& diagnostic : loaded.diagnostics) {
      if (diagnostic.severity != spec::Severity::Info) std::cerr << spec::to_string(diagnostic) << "\n";
    }
    if (loaded.has_blocking_errors())
      return fail(kExitSpec,
                  "the watcher cannot work by this spec; 'mamori check' shows its findings, '--explain ID' tells more");
  }

  const auto& config = loaded.spec.prometheus;
  const auto rules = load_rules({.globs = config.rule_files, .files = options->rule_files}, {});
  if (!rules) return fail(kExitUsage, rules.error().message);
  if (rules->has_errors()) {
    std::cerr << rules->errors() << "\n";
    return fail(kExitSpec, "the rules cannot be worked by; 'mamori check rules' shows what is wrong");
  }

  const auto signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const auto data_dir = DataDir::open(options->data_dir);
  if (!data_dir) return fail(kExitUsage, data_dir.error().message);
  auto runtime = Runtime::start(*options, loaded);
  if (!runtime) return fail(kExitUsage, runtime.error().message);
  log_info("listening", {{"address", (*runtime)->address()}, {"page", "http://" + (*runtime)->address() + "/ui/"}});
  wait_for_signals(**runtime, signals);
  (*runtime)->stop();
  log_info("stopped");
  return 0;
}

}  // namespace mamori::app
