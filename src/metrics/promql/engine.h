// metrics/promql/engine.h: answers PromQL over a Store, at one moment or at every step of a range.
// Always holds: a query ends at its deadline or its sample budget with an error that names it; others go on.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory_gauge.h"
#include "base/result.h"
#include "base/time.h"
#include "metrics/promql/ast.h"
#include "metrics/promql/parser.h"
#include "metrics/store.h"

namespace mamori::metrics::promql {

/// Defaults are a stock Prometheus 3's.
struct EngineOptions {
  Nanos lookback = std::chrono::minutes{5};  // a selector takes the newest sample not older than this
  Nanos timeout = std::chrono::minutes{2};
  std::uint64_t samples_max = 50'000'000;            // held at once by one query
  std::uint64_t bytes_max = std::uint64_t{1} << 30;  // of memory that one query takes
  Nanos subquery_step = std::chrono::minutes{1};
  Features features;
  bool delayed_name_removal = false;  // feature promql-delayed-name-removal
  MemoryGauge* memory = nullptr;      // the process'; queries are refused when nearly all is used
  bool general_path_only = false;     // nothing is streamed or fused: what tests compare with
};

struct QueryOptions {
  // The smaller of these and the engine's.
  std::optional<Nanos> timeout;
  std::optional<std::uint64_t> samples_max, bytes_max;
  Nanos waited{};                        // of the timeout, before the evaluation
  std::optional<Nanos> lookback;         // instead of the engine's
  std::function<bool()> client_is_gone;  // then the query ends; may be empty
  // What the caller makes of each sample of a range's result, in bytes; counts as the query's memory.
  std::uint64_t answer_bytes_per_sample = 0;
};

struct QueryStats {
  std::uint64_t samples_read = 0;               // from the store
  std::uint64_t samples_total = 0;              // that steps looked at, as Prometheus counts them
  std::uint64_t samples_peak = 0;               // held at once
  std::uint64_t bytes_peak = 0;                 // of memory, as the budget counts it
  std::vector<std::uint64_t> samples_per_step;  // samples_total by step; a function over a subquery counts its result
  // In seconds.
  double prepare = 0;  // finding series
  double sort = 0;     // the result
  double total = 0;
};

/// A series' value of an instant query.
struct VectorSample {
  Labels labels;
  Sample sample;
  HistogramPtr histogram;  // instead of the sample's value
};

struct QueryResult {
  ValueType type = ValueType::Vector;
  Sample scalar;                     // Scalar
  std::string text;                  // String
  std::vector<VectorSample> vector;  // Vector: in the order that sort() and topk() give
  std::vector<SeriesData> matrix;    // Matrix: sorted by labels
  std::vector<std::string> warnings, infos;
  QueryStats stats;
};

/// Thread-safe: a query holds all its state. The store outlives the engine.
class Engine {
 public:
  explicit Engine(const Store& store, EngineOptions options = {}) : store_(store), options_(options) {}

  /// Errors: InvalidArgument with Prometheus' text and place.
  Result<ExprPtr> parse(std::string_view query) const { return promql::parse(query, options_.features); }

  /// `query` is the text that `expr` was parsed from: annotations give places in it.
  /// Errors: InvalidArgument (series that cannot be matched, ...), TooLarge (samples, memory), DeadlineExceeded,
  /// Unavailable (the process has no memory for it; the client is gone).
  Result<QueryResult> instant(std::string_view query, const Expr& expr, std::int64_t time_ms,
                              const QueryOptions& options = {}) const;
  /// REQUIRES: step_ms > 0, start_ms <= end_ms.
  Result<QueryResult> range(std::string_view query, const Expr& expr, std::int64_t start_ms, std::int64_t end_ms,
                            std::int64_t step_ms, const QueryOptions& options = {}) const;

  // parse and evaluate in one
  Result<QueryResult> instant(std::string_view query, std::int64_t time_ms, const QueryOptions& options = {}) const;
  Result<QueryResult> range(std::string_view query, std::int64_t start_ms, std::int64_t end_ms, std::int64_t step_ms,
                            const QueryOptions& options = {}) const;

  const EngineOptions& options() const { return options_; }

 private:
  const Store& store_;
  EngineOptions options_;
};

}  // namespace mamori::metrics::promql
