// metrics/promql/engine.h: answers PromQL over a Store, at one moment or at every step of a range.
// Always holds: a query ends at its deadline or its sample budget with an error that names it; others go on.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  std::uint64_t samples_max = 50'000'000;  // held at once by one query
  Nanos subquery_step = std::chrono::minutes{1};
  Features features;
  bool delayed_name_removal = false;  // feature promql-delayed-name-removal
  bool general_path_only = false;     // nothing is streamed or fused: what tests compare with
};

struct QueryOptions {
  std::optional<Nanos> timeout;   // the smaller of this and the engine's
  std::optional<Nanos> lookback;  // instead of the engine's
};

struct QueryStats {
  std::uint64_t samples_read = 0;
  std::uint64_t samples_total = 0;  // that steps looked at, as Prometheus counts them
  std::uint64_t samples_peak = 0;
  double seconds = 0;
};

struct QueryResult {
  ValueType type = ValueType::Vector;
  Sample scalar;                     // Scalar
  std::string text;                  // String
  std::vector<SeriesSample> vector;  // Vector: in the order that sort() and topk() give
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
  /// Errors: InvalidArgument (series that cannot be matched, ...), TooLarge (samples), DeadlineExceeded.
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
