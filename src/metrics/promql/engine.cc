#include "metrics/promql/engine.h"

#include <algorithm>

#include "metrics/promql/evaluator.h"

namespace mamori::metrics::promql {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

QueryLimits limits_of(const EngineOptions& options, const QueryOptions& asked) {
  const auto smaller = [](std::uint64_t ours, const std::optional<std::uint64_t>& theirs, std::string_view option,
                          std::string_view header) {
    return theirs && *theirs < ours ? Bound{*theirs, header} : Bound{ours, option};
  };
  const bool sooner = asked.timeout && *asked.timeout < options.timeout;
  const auto timeout = sooner ? *asked.timeout : options.timeout;
  return {.samples = smaller(options.samples_max, asked.samples_max, "--query-max-samples", "X-Mamori-Max-Samples"),
          .bytes = smaller(options.bytes_max, asked.bytes_max, "--query-max-memory", "X-Mamori-Max-Memory"),
          .timeout = timeout,
          .timeout_option = sooner ? "the request's timeout" : "--query-timeout",
          .deadline = std::chrono::steady_clock::now() + timeout - asked.waited,
          .memory = options.memory,
          .client_is_gone = asked.client_is_gone};
}

QueryContext make_context(const Store& store, const EngineOptions& options, const QueryOptions& asked,
                          std::string_view query, QueryBudget& budget) {
  return {.store = store,
          .options = options,
          .query = query,
          .lookback_ms = std::chrono::duration_cast<Millis>(asked.lookback.value_or(options.lookback)).count(),
          .budget = budget};
}

void finish(QueryContext& context, std::chrono::steady_clock::time_point begin, QueryResult& result) {
  result.warnings.assign(context.warnings.begin(), context.warnings.end());
  result.infos.assign(context.infos.begin(), context.infos.end());
  result.stats = context.stats;
  result.stats.samples_peak = context.budget.samples_peak();
  result.stats.bytes_peak = context.budget.bytes_peak();
  result.stats.total = seconds_since(begin);
}

void sort_by_labels(std::vector<SeriesData>& matrix) { std::ranges::sort(matrix, {}, &SeriesData::labels); }

/// How many floats take as much room as what a row holds, when it is written out: of a histogram, a bucket is a list of
/// four numbers.
std::uint64_t answer_samples(const Series& row, std::size_t floats) {
  constexpr std::uint64_t kWritten = 3;  // times what it takes in memory
  std::uint64_t samples = floats;
  for (const auto& histogram : row.histograms) samples += histogram ? kWritten * sample_count(*histogram) : 0;
  return samples;
}

/// A range selector or subquery asked for on its own: the samples of its one window.
Result<std::vector<SeriesData>> raw_samples(QueryContext& context, Evaluator& evaluator, const Expr& expr) {
  MAMORI_TRY(auto data, evaluator.range(expr));
  std::vector<SeriesData> matrix;
  std::uint64_t samples = 0;
  for (auto& series : data.series) {
    const auto end = data.window_ends.front(), start = end - data.length_ms;
    std::erase_if(series.samples, [&](const Sample& s) { return s.time_ms <= start || s.time_ms > end; });
    std::erase_if(series.histograms, [&](const auto& h) { return h.time_ms <= start || h.time_ms > end; });
    if (series.samples.empty() && series.histograms.empty()) continue;
    samples += series.samples.size() + sample_count(series.histograms);
    auto labels = series.drop_name ? series.labels.without(kMetricName) : std::move(series.labels);
    matrix.push_back({.labels = std::move(labels),
                      .samples = std::move(series.samples),
                      .histograms = std::move(series.histograms)});
  }
  context.count_samples({&samples, 1});
  sort_by_labels(matrix);
  return matrix;
}

}  // namespace

Result<QueryResult> Engine::instant(std::string_view query, const Expr& expr, std::int64_t time_ms,
                                    const QueryOptions& options) const {
  const auto begin = std::chrono::steady_clock::now();
  QueryBudget budget(limits_of(options_, options));
  auto context = make_context(store_, options_, options, query, budget);
  context.start_ms = context.end_ms = time_ms;
  Evaluator evaluator(context, Grid{.start_ms = time_ms});
  QueryResult result{.type = type_of(expr)};
  if (result.type == ValueType::Matrix) {
    MAMORI_TRY(result.matrix, raw_samples(context, evaluator, expr));
  } else {
    MAMORI_TRY(auto value, evaluator.evaluate(expr));
    if (result.type == ValueType::String) result.text = std::move(value.text);
    if (result.type == ValueType::Scalar) result.scalar = {time_ms, value.scalar[0]};
    MAMORI_TRY_VOID(remove_dropped_names(value.rows));
    for (auto& row : value.rows) {
      if (!row.has(0)) continue;
      result.vector.push_back({std::move(row.labels), {time_ms, row.values[0]}});
      if (row.histogram(0)) result.vector.back().histogram = std::move(row.histograms[0]);
    }
  }
  finish(context, begin, result);
  return result;
}

Result<QueryResult> Engine::range(std::string_view query, const Expr& expr, std::int64_t start_ms, std::int64_t end_ms,
                                  std::int64_t step_ms, const QueryOptions& options) const {
  const auto begin = std::chrono::steady_clock::now();
  const auto type = type_of(expr);
  if (type != ValueType::Scalar && type != ValueType::Vector) {
    return invalid_argument("invalid expression type " + quote(documented_name(type)) +
                            " for range query, must be Scalar or instant Vector");
  }
  QueryBudget budget(limits_of(options_, options));
  auto context = make_context(store_, options_, options, query, budget);
  context.start_ms = start_ms;
  context.end_ms = end_ms;
  context.step_ms = step_ms;
  const auto steps = static_cast<std::size_t>((end_ms - start_ms) / step_ms) + 1;
  const Grid grid{.start_ms = start_ms, .step_ms = step_ms, .steps = steps};
  MAMORI_TRY_VOID(context.hold(steps));
  Evaluator evaluator(context, grid);
  MAMORI_TRY(auto value, evaluator.evaluate(expr));
  if (type == ValueType::Scalar) value.rows.push_back({.values = std::move(value.scalar)});
  MAMORI_TRY_VOID(remove_dropped_names(value.rows));
  QueryResult result{.type = ValueType::Matrix};
  for (auto& row : value.rows) {
    const auto present = steps - static_cast<std::size_t>(std::ranges::count_if(row.values, is_none));
    if (present == 0 && !row.has_any()) continue;
    const auto bytes = present * sizeof(Sample) + row.histograms.size() * sizeof(HistogramPoint);
    const auto answer_bytes = answer_samples(row, present) * options.answer_bytes_per_sample;
    MAMORI_TRY_VOID(budget.hold(0, sizeof(SeriesData) + bytes + answer_bytes));
    SeriesData series{.labels = std::move(row.labels)};
    series.samples.reserve(present);
    for (std::size_t i = 0; i < steps; ++i) {
      if (!is_none(row.values[i])) series.samples.push_back({grid.time(i), row.values[i]});
    }
    for (std::size_t i = 0; i < row.histograms.size(); ++i) {
      if (row.histograms[i]) series.histograms.push_back({grid.time(i), std::move(row.histograms[i])});
    }
    result.matrix.push_back(std::move(series));
    row.values = {};
    budget.release(0, steps * sizeof(double));
  }
  const auto sort_begin = std::chrono::steady_clock::now();
  sort_by_labels(result.matrix);
  context.stats.sort = seconds_since(sort_begin);
  finish(context, begin, result);
  return result;
}

Result<QueryResult> Engine::instant(std::string_view query, std::int64_t time_ms, const QueryOptions& options) const {
  MAMORI_TRY(const auto expr, parse(query));
  return instant(query, *expr, time_ms, options);
}

Result<QueryResult> Engine::range(std::string_view query, std::int64_t start_ms, std::int64_t end_ms,
                                  std::int64_t step_ms, const QueryOptions& options) const {
  MAMORI_TRY(const auto expr, parse(query));
  return range(query, *expr, start_ms, end_ms, step_ms, options);
}

}  // namespace mamori::metrics::promql
