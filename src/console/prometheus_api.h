// console/prometheus_api.h: Prometheus 3's HTTP API under /api/v1/ and its /federate, so that its tools and dashboards
// work with mamori. Source: Prometheus documentation, "HTTP API"; shapes, number formats and error texts as there.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "ingest/exposition.h"
#include "ingest/scrape.h"
#include "metrics/exemplars.h"
#include "metrics/store.h"
#include "net/router.h"

namespace mamori::console {

enum class QueryFailure { None, BadData, Execution, Timeout, Unavailable, Internal };

/// What a query has cost.
struct QueryCost {
  std::uint64_t samples_total = 0, samples_peak = 0, bytes_peak = 0;
  std::vector<std::pair<std::int64_t, std::uint64_t>> samples_per_step;  // time_ms, samples
  // In seconds; `total` is all of them and what lies between.
  double queue = 0, prepare = 0, evaluate = 0, sort = 0, total = 0;
};

struct QueryAnswer {
  enum class Type { Scalar, String, Vector, Matrix };
  Type type = Type::Vector;
  std::vector<metrics::SeriesData> series;  // Scalar: one, without labels; Vector: one sample each
  std::string text;                         // String
  std::int64_t time_ms = 0;                 // String: the evaluation's
  std::vector<std::string> warnings, infos;
  QueryFailure failure = QueryFailure::None;
  std::string error;  // of the failure
  QueryCost cost;
  std::shared_ptr<void> place;  // among the queries that run; given back when the answer is written
};

struct QueryBounds {
  Millis timeout;
  Millis lookback{0};                                   // 0: the engine's
  std::optional<std::uint64_t> samples_max, bytes_max;  // when less than the engine's
  std::string client;                                   // for whom it waits in line
  std::function<bool()> client_is_gone;                 // may be empty
};

/// How the API evaluates PromQL; given by the app, so that shapes can be tested without an engine. Thread-safe.
struct QueryEngine {
  std::function<QueryAnswer(std::string_view query, std::int64_t time_ms, const QueryBounds&)> instant;
  std::function<QueryAnswer(std::string_view query, std::int64_t start_ms, std::int64_t end_ms, std::int64_t step_ms,
                            const QueryBounds&)>
      range;
  /// match[]'s reader. Errors: InvalidArgument.
  std::function<Result<std::vector<metrics::Matcher>>(std::string_view selector)> selector;
  /// A query, formatted. Errors: InvalidArgument.
  std::function<Result<std::string>(std::string_view query)> format;
  /// A query's tree as JSON. Errors: InvalidArgument.
  std::function<Result<std::string>(std::string_view query)> tree;
  /// The matchers of each selector in a query. Errors: InvalidArgument.
  std::function<Result<std::vector<std::vector<metrics::Matcher>>>(std::string_view query)> selectors;
};

struct PrometheusApiOptions {
  std::string version;
  Timestamp started;
  std::string retention = "15d";
  Millis timeout_max{120'000};     // Prometheus' --query.timeout; ?timeout= can only shorten it
  Millis lookback{300'000};        // of /federate
  std::string cors_origin = ".*";  // a regular expression, anchored: pages of which origins may read the API
  bool enable_admin = false;       // else the routes below admin/ refuse
};

/// What a target said of its metrics last.
struct TargetMetadata {
  metrics::Labels target;
  std::map<std::string, ingest::MetricMetadata> families;
};

/// What changes the store; asked for only if the options enable it.
struct PrometheusAdmin {
  std::function<Result<void>(std::span<const metrics::Matcher> matchers, std::int64_t start_ms, std::int64_t end_ms)>
      delete_series;
  std::function<Result<void>()> clean_tombstones;
  std::function<Result<std::string>(bool skip_head)> snapshot;  // the new folder's path
};

/// What the API shows of other rooms; each is called per request, from any thread.
struct PrometheusApiSources {
  std::function<std::vector<ingest::TargetStatus>()> targets;
  std::function<ingest::DroppedTargets()> dropped_targets;
  std::function<std::vector<std::string>()> scrape_pools;
  std::function<std::vector<TargetMetadata>()> target_metadata;
  std::function<std::map<std::string, ingest::MetricMetadata>()> metadata;  // of senders that are no targets, too
  std::function<std::vector<metrics::SeriesExemplars>(std::span<const std::vector<metrics::Matcher>> any_of,
                                                      std::int64_t start_ms, std::int64_t end_ms)>
      exemplars;
  std::function<Result<std::string>(const net::Params& params)> rules;                // JSON: {"groups":[…]}
  std::function<std::string()> alerts;                                                // JSON: {"alerts":[…]}
  std::function<std::vector<std::pair<std::string, std::string>>()> external_labels;  // ascending names
  std::function<std::string()> config;                                                // the spec's text
  std::function<bool()> last_reload_succeeded;
  std::function<std::optional<Timestamp>()> last_reload;  // that succeeded; none: the start
  std::function<std::map<std::string, std::string>()> flags;
  PrometheusAdmin admin;
};

/// `store` and `clock` must outlive the router.
void add_prometheus_routes(net::Router& router, const metrics::Store& store, const Clock& clock, QueryEngine engine,
                           PrometheusApiSources sources, PrometheusApiOptions options);

}  // namespace mamori::console
