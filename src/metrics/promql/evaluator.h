// metrics/promql/evaluator.h: walks the tree. Every node is evaluated once for all steps of its grid, so a selector's
// samples are read once per query, however many steps there are.
#pragma once
#include <chrono>
#include <functional>
#include <set>
#include <span>

#include "metrics/promql/engine.h"
#include "metrics/promql/query_budget.h"
#include "metrics/promql/signatures.h"
#include "metrics/promql/value.h"

namespace mamori::metrics::promql {

/// What all nodes of one query share.
struct QueryContext {
  const Store& store;
  const EngineOptions& options;
  std::string_view query;
  std::int64_t start_ms = 0, end_ms = 0, step_ms = 0;  // of the query as asked; step 0: instant
  std::int64_t lookback_ms = 0;
  QueryBudget& budget;
  QueryStats stats;
  int subqueries = 0;  // that are being evaluated, one in the other
  std::set<std::string> warnings, infos;

  void warn(Span span, const std::string& text);
  void info(Span span, const std::string& text);
  /// A series of `labels` cannot be read: the answer goes without it, and says so.
  void left_out(const Labels& labels, const Error& error);
  /// Counts values of rows towards the budget. Errors: QueryBudget::hold's.
  Result<void> hold(std::uint64_t values) { return budget.hold(values, values * sizeof(double)); }
  Result<void> check_deadline() { return budget.check(); }
  /// `per_step`: how many samples each step of the query looked at. Those of a subquery's steps do not count.
  void count_samples(std::span<const std::uint64_t> per_step);
};

/// A range selector's or subquery's samples with the windows that each step sees.
struct RangeData {
  std::vector<RangeSeries> series;
  std::vector<std::int64_t> window_ends;  // one per step; ascending
  std::int64_t length_ms = 0;
  std::int64_t lookback_ms = 0;
  bool anchored = false, smoothed = false;
};

struct Window {
  std::span<const Sample> samples;  // in (start, end]
  std::span<const HistogramPoint> histograms;
  std::int64_t start_ms = 0, end_ms = 0;
  std::int64_t step_ms = 0;     // the evaluation's own moment
  std::span<const Sample> all;  // the series' samples; the window starts at all[first]
  std::size_t first = 0;
  std::span<const HistogramPoint> all_histograms;
  std::size_t first_histogram = 0;
  std::int64_t lookback_ms = 0;  // how far beyond its borders anchored and smoothed may look
};

struct RowSource;

class Evaluator {
 public:
  Evaluator(QueryContext& context, Grid grid) : context_(context), grid_(grid) {}

  Result<Value> evaluate(const Expr& expr);
  /// REQUIRES: the type fits, as the parser checked.
  Result<Rows> vector(const Expr& expr);
  Result<std::vector<double>> scalar(const Expr& expr);
  Result<RangeData> range(const Expr& expr);
  std::string text(const Expr& expr) const;

 private:
  friend struct Functions;

  /// Whether histograms that selectors read below here need their buckets.
  enum class Buckets {
    Kept,
    Dropped,  // only counts and sums are asked for
    Needed,   // by a function above, whatever those below ask for
  };

  Result<Value> evaluate_node(const Expr& expr);
  Result<Rows> selector(const SelectorExpr& expr, bool timestamps);
  Result<RangeData> range_selector(const RangeExpr& expr);
  Result<RangeData> subquery(const SubqueryExpr& expr);
  Result<Value> unary(const UnaryExpr& expr);
  Result<Value> evaluate_with(Buckets buckets, const Expr& expr);
  std::unique_ptr<Selection> open_selection(std::span<const Matcher> matchers, std::int64_t start_ms,
                                            std::int64_t end_ms);
  Result<std::vector<std::int64_t>> moments(const Modifiers& modifiers);
  Result<std::int64_t> length_ms(const Length& length, bool positive);
  Result<double> length_seconds(const Expr& expr);

  // binary.cc
  Result<Value> binary(const BinaryExpr& expr);
  Result<Rows> vector_scalar(const BinaryExpr& expr, Rows rows, const std::vector<double>& other, bool scalar_left);
  Result<Rows> vector_vector(const BinaryExpr& expr, Rows left, Rows right);
  Result<Rows> set_operation(const BinaryExpr& expr, Rows left, Rows right);

  // aggregations.cc
  Result<Rows> aggregate(const AggregateExpr& expr);
  // fused_aggregate.cc
  Result<std::optional<Rows>> fused_aggregate(const AggregateExpr& expr);

  // streaming.cc: null when the general path is to be taken
  Result<std::optional<RowSource>> row_source(const Expr& expr);
  Result<std::optional<RowSource>> selector_source(const SelectorExpr& expr, bool timestamps);
  Result<std::optional<RowSource>> range_function_source(const CallExpr& expr);
  Result<std::optional<Rows>> streamed_rows(const RowSource& source);
  /// All samples of the series that match, sorted by labels, for the general path; held by the budget.
  Result<std::vector<SeriesData>> read_series(std::span<const Matcher> matchers, std::int64_t start_ms,
                                              std::int64_t end_ms);

  // call.cc
  Result<Value> call(const CallExpr& expr);
  // range_functions.cc
  Result<Rows> range_function(const CallExpr& expr);
  /// Warnings and errors of parameters, once there is a series that they are used on.
  Result<void> check_range_params(const CallExpr& expr, const std::vector<std::vector<double>>& params);
  Result<Rows> absent(const CallExpr& expr);
  // vector_functions.cc
  Result<Rows> vector_function(const CallExpr& expr);
  Result<Rows> label_function(const CallExpr& expr);
  Result<Rows> sort_function(const CallExpr& expr);
  // info.cc
  Result<Rows> info_function(const CallExpr& expr);
  // binomial.cc
  Result<Rows> binomial_tail_function(const CallExpr& expr);
  // histogram_functions.cc
  Result<Rows> histogram_function(const CallExpr& expr);
  Result<Rows> simple_histogram_function(const CallExpr& expr);

  void drop_name(Series& series) const;
  /// Series that have become equal are joined; an error if they overlap at a step.
  Result<void> join_equal(Rows& rows) const;

  QueryContext& context_;
  Grid grid_;
  Buckets buckets_ = Buckets::Kept;
};

/// A function of one window; `params`: those that are numbers, at the window's step.
using RangeApply = std::optional<double> (*)(const Window& window, std::span<const double> params);

struct RangeFunctionTraits {
  RangeApply apply = nullptr;
  bool keeps_name = false;
  bool is_counter = false;  // told of when the metric's name does not look like a counter's
};

/// None if `name` is not evaluated by Evaluator::range_function.
std::optional<RangeFunctionTraits> range_function_traits(std::string_view name);
inline bool is_range_function(std::string_view name) { return range_function_traits(name).has_value(); }
bool is_vector_function(std::string_view name);

/// Series without any value are taken out.
void drop_empty(Rows& rows);

/// Delayed removal of names, at the end of a query.
Result<void> remove_dropped_names(Rows& rows);

inline Error evaluation_error(std::string message) { return {Code::InvalidArgument, std::move(message)}; }
inline constexpr std::string_view kSameLabelset = "vector cannot contain metrics with the same labelset";

}  // namespace mamori::metrics::promql
